//! The second statement, for the few: a redelivery gives a failed or ignored event another chance.

use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{EventId, SourceId};

use super::{Committer, DedupeKey};
use crate::StoreError;

/// An arrival whose delivery id was seen before.
#[derive(Debug, Clone, Copy)]
pub struct Duplicate {
    pub source: SourceId,
    pub id_key: DedupeKey,
}

/// What a duplicate led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rearmed {
    /// The event had failed or been ignored, and has an open job now.
    Queued(EventId),
    /// The event is in work, done, a replay, or its body is gone.
    LeftAlone(EventId),
    /// The event is not there any more.
    Unknown,
}

/// Looks at the events behind duplicates and queues those that a redelivery re-arms; answers in order.
///
/// At most one job of an event is open: a second redelivery meanwhile finds the first one's.
pub async fn rearm(
    committer: &Committer,
    duplicates: &[Duplicate],
    ready_grace_ms: u32,
) -> Result<Vec<Rearmed>, StoreError> {
    const SQL: &str = "-- ingest::rearm
        with input as (
            select * from unnest($1::uuid[], $2::bytea[]) with ordinality as t(source_id, key, n)
        ), found as (
            select n, event.id,
                   event.outcome = any($3::text[]) and event.body is not null as rearm
              from input
              join dedupe on dedupe.kind = 'd' and dedupe.source_id = input.source_id and dedupe.key = input.key
              join event on event.id = dedupe.event_id
        ), jobs as (
            insert into job (subject_id, kind, state, due_at, again)
            select distinct id, 'event', 'ready', now() + make_interval(secs => $4::float8), true from found where rearm
                on conflict (subject_id, kind) do nothing
        )
        select input.n, found.id, found.rearm from input left join found using (n) order by input.n";
    let rearmed: Vec<&str> = EventOutcome::ALL
        .iter()
        .filter(|it| it.rearmed_by_redelivery())
        .map(|it| it.as_str())
        .collect();
    let sources: Vec<_> = duplicates.iter().map(|it| it.source.0).collect();
    let keys: Vec<&[u8]> = duplicates.iter().map(|it| it.id_key.as_slice()).collect();
    let rows = committer
        .client()
        .query(
            SQL,
            &[
                /* source */ &sources,
                /* key */ &keys,
                /* rearmed */ &rearmed,
                /* grace */ &(f64::from(ready_grace_ms) / 1000.0),
            ],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| match (row.get::<_, Option<_>>("id"), row.get::<_, Option<bool>>("rearm")) {
            (Some(id), Some(true)) => Rearmed::Queued(EventId(id)),
            (Some(id), _) => Rearmed::LeftAlone(EventId(id)),
            (None, _) => Rearmed::Unknown,
        })
        .collect())
}
