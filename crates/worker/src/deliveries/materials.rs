//! What requests are made of: events with their bodies, opened credentials, parsed templates. Each is made once and
//! used for many deliveries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hookyard_destinations::{
    Event, EventHead, Receiver, Template, TemplateError, UnreadableCredentials, Workspace,
};
use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::ids::{EventId, WorkspaceId};
use hookyard_store::delivery_jobs::{self, Owner, ReceiverKind, Work};
use hookyard_store::fan_out::{DeliverableEvent, events_for_delivery};
use hookyard_store::{Store, StoreError, connections, oauth_clients};
use hookyard_vault::{KeyRing, Label, OpenError};
use moka::sync::Cache;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::events::payload;

/// Bytes of the bodies of events that are kept, about.
const EVENT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// What an event takes beside its body, about, and how often its body is held: as it came, parsed, and as payload.
const EVENT_BYTES: usize = 1024;
const COPIES: usize = 4;
const RECEIVERS_MAX: u64 = 10_000;
const TEMPLATES_MAX: u64 = 10_000;

/// What a delivery of this event holds in memory, about, in bytes.
pub(super) fn bytes_of(event: &Event) -> usize {
    EVENT_BYTES + COPIES * event.bytes()
}

/// Why nothing can be made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoEvent {
    /// Its body was redacted, or its time is over.
    Gone,
    /// It is too long to be read beside the others.
    Later,
    /// What was stored is not JSON.
    Unreadable(String),
}

/// Why a receiver's credentials cannot be used: our own fault, which only an operator can mend.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoCredentials {
    #[error("its credentials cannot be opened; check HOOKYARD_VAULT_KEYS")]
    Sealed(#[from] OpenError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableCredentials),
    #[error("it has no credentials")]
    None,
}

/// A receiver as it was opened, and what from.
type Opened = (Arc<[u8]>, Arc<Receiver>);
type EventKey = (EventId, WorkspaceId);

pub(super) struct Materials {
    store: Store,
    keys: KeyRing,
    events: Cache<EventKey, (usize, Arc<Event>)>,
    receivers: Cache<Uuid, Opened>,
    templates: Cache<(ConnectionKind, String), Result<Arc<Template>, TemplateError>>,
}

impl Materials {
    pub(super) fn new(store: Store, keys: KeyRing) -> Self {
        let weight = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        Self {
            store,
            keys,
            events: Cache::builder()
                .max_capacity(EVENT_BYTES_MAX)
                .weigher(move |_, (bytes, _): &(usize, _)| weight(EVENT_BYTES + COPIES * bytes))
                .build(),
            receivers: Cache::new(RECEIVERS_MAX),
            templates: Cache::new(TEMPLATES_MAX),
        }
    }

    /// The events of these deliveries; those that are not known yet are read with one
    /// statement, as far as they may be held at once.
    pub(super) async fn events(
        &self,
        work: &[Work],
    ) -> Result<HashMap<EventKey, Result<Arc<Event>, NoEvent>>, StoreError> {
        let mut events = HashMap::new();
        let mut missing: BTreeMap<EventId, Vec<&Owner>> = BTreeMap::new();
        for it in work {
            let owner = &it.receiver.owner;
            let key = (it.event, owner.id);
            if events.contains_key(&key) {
                continue;
            }
            if let Some((_, event)) = self.events.get(&key) {
                events.insert(key, Ok(event));
            } else {
                events.insert(key, Err(NoEvent::Gone));
                missing.entry(it.event).or_default().push(owner);
            }
        }
        if missing.is_empty() {
            return Ok(events);
        }
        let ids: Vec<EventId> = missing.keys().copied().collect();
        let read = events_for_delivery(&self.store.conn().await?, &ids).await?;
        for id in read.later {
            for owner in missing.remove(&id).unwrap_or_default() {
                events.insert((id, owner.id), Err(NoEvent::Later));
            }
        }
        for event in read.events {
            for owner in missing.remove(&event.id).unwrap_or_default() {
                let key = (event.id, owner.id);
                let made = make(&event, owner);
                if let Ok(made) = &made {
                    let bytes = event.body.as_ref().map_or(0, Vec::len);
                    self.events.insert(key, (bytes, Arc::clone(made)));
                }
                events.insert(key, made);
            }
        }
        Ok(events)
    }

    /// The receiver with its credentials opened.
    pub(super) fn receiver(
        &self,
        receiver: &delivery_jobs::Receiver,
    ) -> Result<Arc<Receiver>, NoCredentials> {
        let row = receiver.lane.receiver;
        let sealed = match &receiver.kind {
            ReceiverKind::Connection { sealed, .. } => sealed.as_deref(),
            ReceiverKind::OauthClient { sealed, .. } => Some(sealed.as_slice()),
        };
        let sealed = sealed.ok_or(NoCredentials::None)?;
        if let Some((from, opened)) = self.receivers.get(&row)
            && *from == *sealed
        {
            return Ok(opened);
        }
        let opened = Arc::new(match &receiver.kind {
            ReceiverKind::Connection { kind, .. } => {
                let label = Label { table: connections::TABLE, row, column: connections::COLUMN };
                let opened = self.keys.open(&label, sealed)?;
                Receiver::saved_connection(*kind, opened.expose_secret())?
            }
            ReceiverKind::OauthClient { .. } => {
                let (table, column) = (oauth_clients::TABLE, oauth_clients::COLUMN);
                let label = Label { table, row, column };
                let opened = self.keys.open(&label, sealed)?;
                Receiver::saved_oauth_client(opened.expose_secret())?
            }
        });
        self.receivers.insert(row, (Arc::from(sealed), Arc::clone(&opened)));
        Ok(opened)
    }

    /// The parsed template of a connection of this kind.
    pub(super) fn template(
        &self,
        kind: ConnectionKind,
        text: &str,
    ) -> Result<Arc<Template>, TemplateError> {
        self.templates
            .get_with((kind, text.to_owned()), || Template::parse(kind, text).map(Arc::new))
    }
}

fn make(event: &DeliverableEvent, owner: &Owner) -> Result<Arc<Event>, NoEvent> {
    let body = event.body.as_deref().ok_or(NoEvent::Gone)?;
    let unreadable = |error: &dyn std::error::Error| NoEvent::Unreadable(error.to_string());
    let data = payload(&event.event_type, event.content_type.as_deref(), body)
        .map_err(|error| unreadable(&error))?;
    let head = EventHead {
        id: event.id,
        event_type: event.event_type.clone(),
        workspace: Workspace { id: owner.id, slug: owner.slug.clone(), name: owner.name.clone() },
        occurred_at: event.occurred_at,
    };
    Event::new(head, &data).map(Arc::new).map_err(|error| unreadable(&error))
}
