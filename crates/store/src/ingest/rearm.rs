//! The second statement, for the few: a redelivery gives a failed or ignored event another chance.

use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{EventId, SourceId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Committer, DedupeKey, Recorded};
use crate::StoreError;

/// An arrival whose delivery id was seen before.
#[derive(Debug, Clone, Copy)]
pub struct Duplicate {
    /// The id that the arrival would have had.
    pub event: EventId,
    pub source: SourceId,
    pub id_key: DedupeKey,
}

/// What a duplicate led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rearmed {
    /// The event had failed or been ignored, and has an open job now.
    Queued(EventId),
    /// The event is in work, done, a replay, or its body is gone.
    LeftAlone(EventId),
    /// It is no duplicate: an earlier try to record this very arrival had succeeded, and this came of it.
    Own(Recorded),
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
            select * from unnest($1::uuid[], $2::bytea[], $3::uuid[]) with ordinality as t(source_id, key, own_id, n)
        ), found as (
            select n, event.id, event.id = own_id as own, event.outcome, event.reason,
                   event.id <> own_id and event.outcome = any($4::text[]) and event.redacted_at is null as rearm
              from input
              join dedupe on dedupe.kind = 'd' and dedupe.source_id = input.source_id and dedupe.key = input.key
              join event on event.id = dedupe.event_id
        ), jobs as (
            insert into job (subject_id, kind, state, due_at, again)
            select distinct id, 'event', 'ready', now() + make_interval(secs => $5::float8), true from found where rearm
             order by id
                on conflict (subject_id, kind) do nothing
        ), unpublished as (
            -- Whoever recorded these did not come to publish their syncs.
            update job set due_at = now()
              from found join sync_event on sync_event.event_id = found.id
             where found.own and job.kind = 'sync' and job.subject_id = sync_event.id and job.state = 'ready'
        )
        select found.id, found.own, found.outcome, found.reason, found.rearm
          from input left join found using (n) order by input.n";
    let rearmed: Vec<&str> = EventOutcome::ALL
        .iter()
        .filter(|it| it.rearmed_by_redelivery())
        .map(|it| it.as_str())
        .collect();
    let sources: Vec<Uuid> = duplicates.iter().map(|it| it.source.0).collect();
    let keys: Vec<&[u8]> = duplicates.iter().map(|it| it.id_key.as_slice()).collect();
    let events: Vec<Uuid> = duplicates.iter().map(|it| it.event.0).collect();
    let rows = committer
        .client()
        .query(
            SQL,
            &[
                /* source */ &sources,
                /* key */ &keys,
                /* own */ &events,
                /* rearmed */ &rearmed,
                /* grace */ &(f64::from(ready_grace_ms) / 1000.0),
            ],
        )
        .await?;
    Ok(rows.iter().map(rearmed_of).collect())
}

fn rearmed_of(row: &Row) -> Rearmed {
    let Some(id) = row.get::<_, Option<Uuid>>("id").map(EventId) else { return Rearmed::Unknown };
    if row.get("own") {
        // Its job, if it has one, waits for its message or for the sweep.
        return Rearmed::Own(super::statement::recorded_of(row, true));
    }
    match row.get::<_, Option<bool>>("rearm") {
        Some(true) => Rearmed::Queued(id),
        Some(false) | None => Rearmed::LeftAlone(id),
    }
}
