//! From a verified call to what is recorded of it.

use bytes::Bytes;
use hookyard_domain::event::Origin;
use hookyard_domain::github_event::{self, Disposition, Ignored};
use hookyard_sources::{Envelope, Verified, stored_headers};
use hookyard_store::ingest::{ActiveSource, Arrival, Wish, dedupe_key};
use http::{HeaderMap, header};

use crate::clock::Clock;

/// What the answer says of the event, whatever becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// The provider's name of the event, e.g. `push`.
    pub(crate) event: String,
    pub(crate) delivery_id: Option<String>,
}

/// What is recorded of a verified call.
pub(crate) fn arrival(
    source: &ActiveSource,
    verified: Verified<'_>,
    headers: &HeaderMap,
    body: Bytes,
    clock: &Clock,
) -> (Named, Arrival) {
    let body_key = dedupe_key([b"".as_slice(), &body]);
    // Without an id the body stands for itself: the same body again is the same delivery.
    let id_key = match &verified.delivery_id {
        Some(id) => {
            dedupe_key([verified.hook_id.as_deref().unwrap_or_default().as_bytes(), id.as_bytes()])
        }
        None => body_key,
    };
    let (wish, installation_id) = wish(&verified);
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).map(str::to_owned);
    let named = Named { event: verified.provider_event, delivery_id: verified.delivery_id.clone() };
    let arrival = Arrival {
        event: clock.event_id(),
        origin: Origin::Webhook,
        source: source.id,
        workspace: source.workspace,
        replay_window_s: source.replay_window_s,
        event_type: verified.event_type,
        delivery_id: verified.delivery_id,
        hook_id: verified.hook_id,
        id_key: Some(id_key),
        part_of: None,
        body_hash: None,
        // No scheme here signs a time that would make a late copy fail.
        body_key: Some(body_key),
        headers: stored_headers(source.provider, headers).to_string(),
        content_type,
        body,
        installation_id,
        wish,
    };
    (named, arrival)
}

fn wish(verified: &Verified<'_>) -> (Wish, Option<i64>) {
    match &verified.envelope {
        Envelope::GitHub(envelope) => {
            let installation = envelope.installation.as_ref().map(|it| it.id);
            let wish = match github_event::disposition(&verified.provider_event, envelope) {
                Disposition::Push(push) => Wish::Push(push),
                Disposition::Lifecycle { .. } => Wish::Route,
                Disposition::Ignored(reason) => Wish::Ignore(reason.as_str()),
            };
            (wish, installation)
        }
        Envelope::Linear(_) => (Wish::Ignore(Ignored::NotHandled.as_str()), None),
    }
}
