//! Events as the worker handles them: routed, failed, replayed, redacted.

use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{EventId, SyncEventId, WorkspaceId};
use uuid::Uuid;

use crate::jobs::{Ended, Lease};
use crate::{Db, StoreError, Tx};

/// What routing an event needs to know of it.
#[derive(Debug, Clone)]
pub struct Routable {
    pub id: EventId,
    pub event_type: String,
    /// The workspace whose own source took it.
    pub workspace: Option<WorkspaceId>,
    pub delivery_id: Option<String>,
    pub content_type: Option<String>,
    /// None when it was redacted or its time is over.
    pub body: Option<Vec<u8>>,
}

/// Ends the jobs of freshly recorded pushes, whose syncs the ingress queued already, and says whom they concern.
///
/// One statement for a batch of any events; returns the subjects that it ended. The rest are other events, or
/// somebody else's by now.
pub async fn finish_new_pushes(db: &impl Db, leases: &[Lease]) -> Result<Vec<Uuid>, StoreError> {
    const SQL: &str = "-- events::finish_new_pushes
        with finished as (
            delete from job using unnest($1::uuid[], $2::int8[]) as held(id, epoch)
             where job.id = any($1) and job.id = held.id and job.lease_epoch = held.epoch
               and job.lease_owner is not null and not job.again
               and (select type from event where event.id = job.subject_id) = 'github.push'
         returning job.subject_id
        ), owners as (
            insert into event_workspace (workspace_id, event_id)
            select distinct sync_event.workspace_id, sync_event.event_id
              from finished join sync_event on sync_event.event_id = finished.subject_id
                on conflict do nothing
        )
        select subject_id from finished";
    let (jobs, epochs): (Vec<Uuid>, Vec<i64>) =
        leases.iter().map(|it| (it.job.0, it.epoch)).unzip();
    let rows = db.rows(SQL, &[/* jobs */ &jobs, /* epochs */ &epochs]).await?;
    Ok(rows.iter().map(|row| row.get("subject_id")).collect())
}

/// An event with its body, to be routed from what it says.
pub async fn routable(db: &impl Db, event: EventId) -> Result<Option<Routable>, StoreError> {
    const SQL: &str = "-- events::routable
        select type, workspace_id, provider_delivery_id, content_type, body from event where id = $1";
    let row = db.row_opt(SQL, &[/* id */ &event.0]).await?;
    Ok(row.map(|row| Routable {
        id: event,
        event_type: row.get("type"),
        workspace: row.get::<_, Option<Uuid>>("workspace_id").map(WorkspaceId),
        delivery_id: row.get("provider_delivery_id"),
        content_type: row.get("content_type"),
        body: row.get("body"),
    }))
}

/// Writes how an event ended; no outcome is plain success.
pub async fn set_outcome(
    tx: &Tx<'_>,
    event: EventId,
    outcome: Option<EventOutcome>,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "-- events::set_outcome
        update event set outcome = $2, reason = $3
         where id = $1 and (outcome is distinct from $2 or reason is distinct from $3)";
    let outcome = outcome.map(EventOutcome::as_str);
    tx.execute(SQL, &[/* id */ &event.0, /* outcome */ &outcome, /* reason */ &reason]).await?;
    Ok(())
}

/// Settles an event's open dead letter: its work was done after all.
pub async fn settle_dead_letter(tx: &Tx<'_>, event: EventId) -> Result<(), StoreError> {
    const SQL: &str = "-- events::settle_dead_letter
        update dead_letter set settled_at = now(), settled_how = 'replayed'
         where subject_id = $1 and kind = 'event' and settled_at is null";
    tx.execute(SQL, &[/* id */ &event.0]).await?;
    Ok(())
}

/// Records which workspaces an event of a shared URL concerns.
pub async fn set_workspaces(
    tx: &Tx<'_>,
    event: EventId,
    workspaces: &[WorkspaceId],
) -> Result<(), StoreError> {
    const SQL: &str = "-- events::set_workspaces
        insert into event_workspace (workspace_id, event_id) select unnest($2::uuid[]), $1 on conflict do nothing";
    let ids: Vec<Uuid> = workspaces.iter().map(|it| it.0).collect();
    tx.execute(SQL, &[/* id */ &event.0, /* workspaces */ &ids]).await?;
    Ok(())
}

/// What became of the wish to process an event once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// It has a job now.
    Queued,
    /// It had one already.
    AlreadyQueued,
    /// Its body is gone: there is nothing to process.
    Expired,
    NotFound,
}

/// Queues an event to be processed from the start, whatever became of it before.
pub async fn replay(db: &impl Db, event: EventId) -> Result<Replay, StoreError> {
    const SQL: &str = "-- events::replay
        with found as (
            select id, workspace_id, body is not null as processable from event where id = $1
        ), queued as (
            insert into job (subject_id, workspace_id, kind, state, due_at, again)
            select id, workspace_id, 'event', 'scheduled', now(), true from found where processable
                on conflict (subject_id, kind) do nothing
         returning subject_id
        )
        select processable, queued.subject_id is not null as queued
          from found left join queued on queued.subject_id = found.id";
    Ok(match db.row_opt(SQL, &[/* id */ &event.0]).await? {
        None => Replay::NotFound,
        Some(row) if !row.get::<_, bool>("processable") => Replay::Expired,
        Some(row) if row.get("queued") => Replay::Queued,
        Some(_) => Replay::AlreadyQueued,
    })
}

/// Removes the stored body and headers of an event at once; false when there is no such event.
pub async fn redact(db: &impl Db, event: EventId) -> Result<bool, StoreError> {
    const SQL: &str = "-- events::redact
        update event set body = null, headers = null, redacted_at = coalesce(redacted_at, now()) where id = $1";
    Ok(db.execute(SQL, &[/* id */ &event.0]).await? > 0)
}

/// Ends an event's work for good without success: outcome, dead letter, end of the job.
pub async fn bury(
    tx: &Tx<'_>,
    lease: &Lease,
    reason: &str,
    error: Option<&str>,
) -> Result<Ended, StoreError> {
    const SQL: &str = "-- events::bury
        insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
        select uuid_v7(now()), workspace_id, id, 'event', $2, $3 from event where id = $1
            on conflict (subject_id, kind) where settled_at is null
            do update set reason = excluded.reason, error = excluded.error";
    let ended = crate::jobs::finish(tx, lease).await?;
    if ended == Ended::Held {
        set_outcome(tx, EventId(lease.subject), Some(EventOutcome::Failed), Some(reason)).await?;
        tx.execute(SQL, &[/* id */ &lease.subject, /* reason */ &reason, /* error */ &error])
            .await?;
    }
    Ok(ended)
}

/// The sync events that an event led to.
pub async fn syncs(db: &impl Db, event: EventId) -> Result<Vec<SyncEventId>, StoreError> {
    const SQL: &str = "-- events::syncs
        select id from sync_event where event_id = $1 order by id";
    let rows = db.rows(SQL, &[/* id */ &event.0]).await?;
    Ok(rows.iter().map(|row| SyncEventId(row.get("id"))).collect())
}
