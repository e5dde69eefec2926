//! From what an application publishes to what is recorded of it.

use bytes::Bytes;
use hookyard_sources::{Malformed, publications};
use hookyard_store::ingest::{Arrival, CALL_EVENTS_MAX, PublishedCall, PublishedEvent};

/// The largest body of a call.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// What an event of a call holds in memory beside its body, about: the budget counts it.
pub(crate) const EVENT_BYTES: usize = 512;

/// The events of a call whose body is `body`.
pub(crate) fn arrivals(call: &PublishedCall<'_>, body: &Bytes) -> Result<Vec<Arrival>, Malformed> {
    let events = publications(body, CALL_EVENTS_MAX)?;
    Ok(call.arrivals(events.into_iter().map(|event| PublishedEvent {
        event_type: event.event_type,
        data: body.slice_ref(event.data.as_bytes()),
        occurred_at: event.occurred_at,
    })))
}
