//! The second statement for publications: what an `Idempotency-Key` stood for when it came first.

use std::collections::{HashMap, HashSet};

use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{EventId, WorkspaceId};
use uuid::Uuid;

use super::{Arrival, Committer, DedupeKey, event_of_call};
use crate::StoreError;

/// A publication whose key was there already.
#[derive(Debug, Clone)]
pub struct Repetition {
    pub workspace: WorkspaceId,
    pub key: DedupeKey,
    pub body_hash: [u8; 32],
    /// The id that its first event would have had.
    pub first: EventId,
    pub events: usize,
}

impl Repetition {
    /// Of a call of these events; none unless an application published them.
    pub fn of(call: &[Arrival]) -> Option<Self> {
        let arrival = call.first()?;
        Some(Self {
            workspace: arrival.workspace?,
            key: arrival.id_key?,
            body_hash: arrival.body_hash?,
            first: arrival.event,
            events: call.len(),
        })
    }
}

/// What became of the first publication under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// It was this body. For each event its id, and whether somebody wanted it.
    Same {
        events: Vec<(EventId, bool)>,
        /// It was this very call: an earlier try to record it had succeeded after all.
        own: bool,
    },
    /// It was another body.
    Other,
    /// The key was forgotten just now.
    Forgotten,
}

/// Looks up what was published under the keys of these calls; answers in order.
pub async fn earlier(
    committer: &Committer,
    repetitions: &[Repetition],
) -> Result<Vec<Earlier>, StoreError> {
    let found = first_events(committer, repetitions).await?;
    let calls: Vec<Option<Vec<EventId>>> = repetitions
        .iter()
        .zip(&found)
        .map(|(call, found)| {
            let (first, _) = found.as_ref().filter(|(_, same_body)| *same_body)?;
            Some((0..call.events).map(|n| event_of_call(*first, n)).collect())
        })
        .collect();
    let unwanted = unwanted(committer, calls.iter().flatten().flatten()).await?;
    Ok(repetitions
        .iter()
        .zip(found)
        .zip(calls)
        .map(|((call, found), events)| match (found, events) {
            (None, _) => Earlier::Forgotten,
            (Some(_), None) => Earlier::Other,
            (Some((first, _)), Some(events)) => Earlier::Same {
                events: events.into_iter().map(|id| (id, !unwanted.contains(&id))).collect(),
                own: first == call.first,
            },
        })
        .collect())
}

/// The first event under each key, and whether the body was the same.
async fn first_events(
    committer: &Committer,
    repetitions: &[Repetition],
) -> Result<Vec<Option<(EventId, bool)>>, StoreError> {
    const SQL: &str = "-- ingest::earlier
        select n, dedupe.event_id, dedupe.body_hash is not distinct from input.body_hash as same_body
          from unnest($1::uuid[], $2::bytea[], $3::bytea[]) with ordinality as input(workspace_id, key, body_hash, n)
          join dedupe on dedupe.kind = 'i' and dedupe.source_id = input.workspace_id and dedupe.key = input.key";
    let workspaces: Vec<Uuid> = repetitions.iter().map(|it| it.workspace.0).collect();
    let keys: Vec<&[u8]> = repetitions.iter().map(|it| it.key.as_slice()).collect();
    let hashes: Vec<&[u8]> = repetitions.iter().map(|it| it.body_hash.as_slice()).collect();
    let rows = committer
        .client()
        .query(SQL, &[/* workspaces */ &workspaces, /* keys */ &keys, /* hashes */ &hashes])
        .await?;
    let mut found: HashMap<i64, (EventId, bool)> = rows
        .iter()
        .map(|row| (row.get("n"), (EventId(row.get("event_id")), row.get("same_body"))))
        .collect();
    Ok((1..).zip(repetitions).map(|(n, _)| found.remove(&n)).collect())
}

/// Those of these events that nobody wanted.
async fn unwanted(
    committer: &Committer,
    events: impl Iterator<Item = &EventId>,
) -> Result<HashSet<EventId>, StoreError> {
    const SQL: &str = "-- ingest::unwanted
        select id from event where id = any($1) and outcome = $2";
    let events: Vec<Uuid> = events.map(|it| it.0).collect();
    if events.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = committer
        .client()
        .query(SQL, &[/* events */ &events, /* outcome */ &EventOutcome::Ignored.as_str()])
        .await?;
    Ok(rows.iter().map(|row| EventId(row.get("id"))).collect())
}
