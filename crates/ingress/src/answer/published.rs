//! The answer to an application that published events.

use hookyard_domain::ids::EventId;
use hookyard_store::ingest::{Earlier, Recorded};
use http::StatusCode;
use serde::Serialize;

use super::{Answer, Refused, json};
use crate::recorder::{Known, Outcome};

#[derive(Serialize)]
struct Published {
    ok: bool,
    accepted: bool,
    events: Vec<Event>,
}

/// One event, as it was recorded.
#[derive(Serialize)]
struct Event {
    id: EventId,
    #[serde(rename = "type")]
    kind: String,
    /// Whether somebody wanted it.
    queued: bool,
}

/// The answer to a publication of these events. When it came before, the ids are those of that time, and the answer is
/// the same.
pub(crate) fn published(
    events: Vec<(EventId, String)>,
    outcome: &Outcome,
) -> Result<Answer, Refused> {
    let verdicts: Vec<(EventId, bool)> = match &outcome.known {
        Some(Known::Publication(Earlier::Same { events, .. })) => events.clone(),
        Some(Known::Publication(Earlier::Other)) => return Err(Refused::KeyReused),
        Some(Known::Publication(Earlier::Forgotten) | Known::Delivery(_)) => {
            return Err(Refused::Unavailable);
        }
        None if outcome.recorded.contains(&Recorded::Refused) => return Err(Refused::Unstorable),
        None => {
            let queued = outcome.recorded.iter().map(|it| matches!(it, Recorded::Accepted { .. }));
            events.iter().map(|(id, _)| *id).zip(queued).collect()
        }
    };
    let events = events
        .into_iter()
        .zip(verdicts)
        .map(|((_, kind), (id, queued))| Event { id, kind, queued })
        .collect();
    Ok(json(StatusCode::ACCEPTED, &Published { ok: true, accepted: true, events }))
}
