//! What every job meets: the database, the broker, GitHub, and the limits.

use std::sync::Arc;
use std::time::Duration;

use hookyard_process::{Gate, Readiness, SettingError, Stop, Tasks};
use hookyard_queue::{Broker, BrokerSettings, Consumer, Feed, Publisher};
use hookyard_store::{Store, StoreSettings};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::clock;
use crate::events::Filters;
use crate::github_app::GitHubApp;
use crate::quarantine::Quarantine;
use crate::settings::{Checked, Deliveries, Keep, Settings, Sync, Work};
use crate::sweep;

/// Batches of unconfirmed pointers that may wait to be marked; more are left to the sweep.
const UNCONFIRMED_MAX: usize = 64;

/// The worker's parts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) publisher: Publisher,
    pub(crate) broker: Arc<Broker>,
    pub(crate) github: Arc<GitHubApp>,
    /// The filters of subscriptions, parsed.
    pub(crate) filters: Filters,
    /// Each queue's own: a long sync keeps no event waiting.
    pub(crate) events_apart: Arc<Quarantine>,
    pub(crate) syncs_apart: Arc<Quarantine>,
    /// Who holds the leases of this process.
    pub(crate) owner: Uuid,
    pub(crate) stop: Stop,
    /// The intakes and the jobs under way; stopping waits for them first.
    pub(crate) work: Tasks,
    /// Wakes the sweep before its time.
    pub(crate) due: Arc<Notify>,
    pub(crate) database_ready: Gate,
    pub(crate) settings: Arc<Configured>,
    tasks: Tasks,
    broker_settings: BrokerSettings,
}

/// The settings that jobs go by.
pub(crate) struct Configured {
    pub(crate) work: Work,
    pub(crate) sync: Sync,
    pub(crate) deliveries: Deliveries,
    pub(crate) keep: Keep,
    /// How long work in flight may take after the signal to stop.
    pub(crate) drain: Duration,
}

impl Context {
    pub(crate) fn start(
        settings: &Settings,
        checked: Checked,
        readiness: &Readiness,
        tasks: &Tasks,
        stop: &Stop,
        afterwards: Stop,
    ) -> Result<Self, SettingError> {
        let store_settings = StoreSettings {
            connections_max: usize::from(settings.work.database_connections),
            by_index_only: true,
            ..StoreSettings::new(settings.database.database_url.clone(), "hookyard-worker")
        };
        let store = Store::new(&store_settings)
            .map_err(|error| SettingError::new("HOOKYARD_DATABASE_URL", error))?;
        let (unconfirmed, returned) = mpsc::channel(UNCONFIRMED_MAX);
        tasks.spawn(
            "unconfirmed",
            sweep::mark_returned(store.clone(), returned, afterwards.clone()),
        );
        Ok(Self {
            publisher: Publisher::start(checked.broker.clone(), unconfirmed, tasks, afterwards),
            broker: Arc::new(Broker::new(checked.broker.clone())),
            github: Arc::new(GitHubApp::new(store.clone(), checked.vault_keys, checked.github)),
            filters: Filters::default(),
            events_apart: Arc::new(Quarantine::default()),
            syncs_apart: Arc::new(Quarantine::default()),
            owner: clock::new_id(),
            stop: stop.clone(),
            work: Tasks::new(stop.clone()),
            due: Arc::new(Notify::new()),
            database_ready: readiness.gate("database"),
            settings: Arc::new(Configured {
                work: settings.work.clone(),
                sync: settings.sync.clone(),
                deliveries: settings.deliveries.clone(),
                keep: settings.keep.clone(),
                drain: settings.drain.deadline(),
            }),
            tasks: tasks.clone(),
            broker_settings: checked.broker,
            store,
        })
    }

    /// Starts to consume a queue.
    pub(crate) fn consume(&self, feed: impl Into<Feed>, prefetch: u16) -> Consumer {
        Consumer::start(
            self.broker_settings.clone(),
            feed,
            prefetch,
            &self.tasks,
            self.stop.clone(),
        )
    }
}
