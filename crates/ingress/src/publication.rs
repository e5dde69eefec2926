//! From what an application publishes to what is recorded of it, and to the answer.

use bytes::Bytes;
use hookyard_domain::event::Origin;
use hookyard_domain::ids::{EventId, SourceId, WorkspaceId};
use hookyard_domain::system_event::NO_SUBSCRIBER;
use hookyard_sources::{Malformed, publications};
use hookyard_store::ingest::{Arrival, CALL_EVENTS_MAX, DedupeKey, Wish, event_of_call};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::arrival::key;

/// The largest body of a call.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// What an event of a call holds in memory beside its body, about: the budget counts it.
pub(crate) const EVENT_BYTES: usize = 512;

/// A call of an application that may publish.
pub(crate) struct Publication<'a> {
    pub(crate) workspace: WorkspaceId,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) body: &'a Bytes,
    /// The id of the first event, and of none other.
    pub(crate) first: EventId,
}

impl Publication<'_> {
    /// The events of the call.
    pub(crate) fn arrivals(&self) -> Result<Vec<Arrival>, Malformed> {
        let events = publications(self.body, CALL_EVENTS_MAX)?;
        let body_hash: [u8; 32] = Sha256::digest(self.body).into();
        let first = event_of_call(self.first, 0);
        Ok(events
            .into_iter()
            .enumerate()
            .map(|(n, event)| Arrival {
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
                body: self.body.slice_ref(event.data.as_bytes()),
                installation_id: None,
                wish: Wish::Ignore(NO_SUBSCRIBER),
            })
            .collect())
    }

    /// What the call is recognised by: when its sender repeats it, or when it is recorded again because a connection
    /// broke and nobody knows whether it was.
    fn key(&self, first: EventId) -> DedupeKey {
        match self.idempotency_key {
            Some(chosen) => key([b"chosen", chosen.as_bytes()]),
            None => key([b"own", first.0.as_bytes()]),
        }
    }
}
