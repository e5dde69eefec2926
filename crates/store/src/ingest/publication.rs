//! What is recorded of a call of an application, whoever takes it.

use bytes::Bytes;
use hookyard_domain::event::Origin;
use hookyard_domain::event_type::EventType;
use hookyard_domain::ids::{EventId, SourceId, WorkspaceId};
use hookyard_domain::system_event::NO_SUBSCRIBER;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Arrival, DedupeKey, Wish, dedupe_key, event_of_call};

/// A call that was checked.
#[derive(Debug, Clone, Copy)]
pub struct PublishedCall<'a> {
    pub workspace: WorkspaceId,
    pub idempotency_key: Option<&'a str>,
    /// As it came: what an `Idempotency-Key` stands for.
    pub body: &'a [u8],
    /// The id of the first event, and of none other.
    pub first: EventId,
}

/// One event of it.
#[derive(Debug, Clone)]
pub struct PublishedEvent {
    pub event_type: EventType,
    /// A JSON object.
    pub data: Bytes,
    /// When it happened, as the application says.
    pub occurred_at: Option<Timestamp>,
}

impl PublishedCall<'_> {
    /// What is recorded, all of it or nothing.
    pub fn arrivals(&self, events: impl IntoIterator<Item = PublishedEvent>) -> Vec<Arrival> {
        let body_hash: [u8; 32] = Sha256::digest(self.body).into();
        let first = event_of_call(self.first, 0);
        let arrival = |(n, event): (usize, PublishedEvent)| Arrival {
            event: event_of_call(first, n),
            origin: Origin::Api,
            source: SourceId(self.workspace.0),
            workspace: Some(self.workspace),
            replay_window_s: 0,
            event_type: event.event_type.into(),
            delivery_id: None,
            hook_id: None,
            id_key: (n == 0).then(|| self.key(first)),
            part_of: (n > 0).then_some(first),
            body_key: None,
            body_hash: (n == 0).then_some(body_hash),
            headers: match event.occurred_at {
                Some(time) => json!({ "occurredAt": time }).to_string(),
                None => "{}".to_owned(),
            },
            content_type: Some("application/json".to_owned()),
            body: event.data,
            installation_id: None,
            wish: Wish::Ignore(NO_SUBSCRIBER),
        };
        events.into_iter().enumerate().map(arrival).collect()
    }

    /// What the call is recognised by: when its sender repeats it, or when it is recorded again because a connection
    /// broke and nobody knows whether it was.
    fn key(&self, first: EventId) -> DedupeKey {
        match self.idempotency_key {
            Some(chosen) => dedupe_key([b"chosen", chosen.as_bytes()]),
            None => dedupe_key([b"own", first.0.as_bytes()]),
        }
    }
}
