//! What every request works with.

use std::ops::Deref;
use std::sync::Arc;

use hookyard_destinations::Sender;
use hookyard_process::Stop;
use hookyard_queue::BrokerSettings;
use hookyard_store::{Store, StoreSettings};
use hookyard_vault::KeyRing;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use url::Url;

use crate::access::Attempts;
use crate::operations::doctor::Examination;
use crate::operations::github::GitHubAccess;

/// The parts of the admin process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

/// What [`App`] holds.
#[derive(Debug)]
pub struct Parts {
    pub store: Store,
    /// They lead to the same database as `store`.
    pub store_settings: StoreSettings,
    /// Seals the sources' secrets; none: this process was not given it.
    pub source_ring: Option<KeyRing>,
    /// Seals everything else; none: this process was not given it.
    pub vault_ring: Option<KeyRing>,
    /// Asks GitHub as the deployment's App; none: this process was not given the ring that opens the App's key.
    pub github: Option<GitHubAccess>,
    /// Calls other systems, as the workers do it.
    pub sender: Sender,
    /// None: the broker is not looked at.
    pub broker: Option<BrokerSettings>,
    /// How many days events are kept.
    pub event_days: i32,
    /// Where people reach the console; none: where it listens, on loopback.
    pub url: Option<Url>,
    /// Reads this machine's clock.
    pub clock: fn() -> Timestamp,
    /// The same in milliseconds since the epoch.
    pub clock_ms: fn() -> i64,
    /// Tells streams to end.
    pub stop: Stop,
    /// Places for pages that keep themselves up to date: each reads its list every second.
    pub live: Arc<Semaphore>,
    /// Failed attempts to show a token.
    pub attempts: Attempts,
}

impl App {
    /// The parts, shared.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// What this machine's clock says.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// What the doctor looks at.
    pub fn examination(&self) -> Examination<'_> {
        Examination {
            store: &self.store,
            broker: self.broker.clone(),
            source_ring: self.source_ring.as_ref(),
            vault_ring: self.vault_ring.as_ref(),
            retention_days: self.event_days,
            now: self.now(),
        }
    }

    /// Whether people reach the console over TLS: cookies are then sent over nothing else.
    pub fn is_secure(&self) -> bool {
        self.url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
