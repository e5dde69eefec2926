//! Events as the worker handles them: routed, failed, replayed, redacted.

use std::collections::{BTreeSet, HashSet};

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
    /// The installation of the GitHub App that it came through.
    pub installation_id: Option<i64>,
    pub content_type: Option<String>,
    pub body: Option<Vec<u8>>,
}

/// As many of some events as may be held at once.
#[derive(Debug, Default)]
pub struct Portion {
    pub events: Vec<Routable>,
    /// Those whose bodies did not fit.
    pub left: HashSet<Uuid>,
}

/// Reads events with their bodies, in the order of arrival, up to `body_bytes_max` but for a single larger one.
///
/// What is in neither list is not there any more.
pub async fn routables(
    db: &impl Db,
    events: &[Uuid],
    body_bytes_max: i64,
) -> Result<Portion, StoreError> {
    const SQL: &str = "-- events::routables
        select id, type, workspace_id, installation_id, content_type, before < $2 as fits, case when before < $2 then body end as body
          from (select id, type, workspace_id, installation_id, content_type, body,
                       sum(body_bytes) over (order by id) - body_bytes as before
                  from event where id = any($1)) found
         order by id";
    let rows = db.rows(SQL, &[/* ids */ &events, /* bytes */ &body_bytes_max]).await?;
    let mut portion = Portion::default();
    for row in &rows {
        if !row.get::<_, bool>("fits") {
            portion.left.insert(row.get("id"));
            continue;
        }
        portion.events.push(Routable {
            id: EventId(row.get("id")),
            event_type: row.get("type"),
            workspace: row.get::<_, Option<Uuid>>("workspace_id").map(WorkspaceId),
            installation_id: row.get("installation_id"),
            content_type: row.get("content_type"),
            body: row.get("body"),
        });
    }
    Ok(portion)
}

/// Ends the jobs of leases that still hold; returns their subjects. The others are somebody else's by now.
///
/// The rows stay locked until the transaction ends: nobody else can come by these leases meanwhile.
pub async fn finish_jobs(tx: &Tx<'_>, leases: &[Lease]) -> Result<HashSet<Uuid>, StoreError> {
    const SQL: &str = "-- events::finish_jobs
        delete from job using unnest($1::uuid[], $2::int8[]) as held(id, epoch)
         where job.id = any($1) and job.id = held.id and job.lease_epoch = held.epoch and job.lease_owner is not null
     returning job.subject_id";
    let (jobs, epochs): (Vec<Uuid>, Vec<i64>) =
        leases.iter().map(|it| (it.job.0, it.epoch)).unzip();
    let rows = tx.rows(SQL, &[/* jobs */ &jobs, /* epochs */ &epochs]).await?;
    Ok(rows.iter().map(|row| row.get("subject_id")).collect())
}

/// How an event ended; no outcome is plain success.
#[derive(Debug, Clone)]
pub struct Ending {
    pub event: EventId,
    pub outcome: Option<EventOutcome>,
    pub reason: Option<&'static str>,
    /// Whom an event of a shared URL concerns.
    pub workspaces: BTreeSet<WorkspaceId>,
}

/// Writes whom events of a shared URL concern.
pub async fn record_concerned(tx: &Tx<'_>, endings: &[Ending]) -> Result<(), StoreError> {
    const SQL: &str = "-- events::record_concerned
        insert into event_workspace (workspace_id, event_id)
        select * from unnest($1::uuid[], $2::uuid[]) as concerned(workspace_id, event_id)
         order by workspace_id, event_id
            on conflict do nothing";
    let concerned = endings
        .iter()
        .flat_map(|it| it.workspaces.iter().map(|workspace| (workspace.0, it.event.0)));
    let (workspaces, events): (Vec<Uuid>, Vec<Uuid>) = concerned.unzip();
    tx.execute(SQL, &[/* workspaces */ &workspaces, /* events */ &events]).await.map(drop)
}

/// Writes how events ended, and settles their dead letters: their work was done after all.
pub async fn record_endings(tx: &Tx<'_>, endings: &[Ending]) -> Result<(), StoreError> {
    const OUTCOMES: &str = "-- events::record_endings (outcomes)
        update event set outcome = ending.outcome, reason = ending.reason
          from unnest($1::uuid[], $2::text[], $3::text[]) as ending(id, outcome, reason)
         where event.id = any($1) and event.id = ending.id
           and (event.outcome is distinct from ending.outcome or event.reason is distinct from ending.reason)";
    const SETTLE: &str = "-- events::record_endings (dead letters)
        update dead_letter set settled_at = now(), settled_how = 'replayed'
         where subject_id = any($1) and kind = 'event' and settled_at is null";
    let events: Vec<Uuid> = endings.iter().map(|it| it.event.0).collect();
    let outcomes: Vec<Option<&str>> =
        endings.iter().map(|it| it.outcome.map(EventOutcome::as_str)).collect();
    let reasons: Vec<Option<&str>> = endings.iter().map(|it| it.reason).collect();
    tx.execute(OUTCOMES, &[/* events */ &events, /* outcomes */ &outcomes, /* reasons */ &reasons])
        .await?;
    tx.execute(SETTLE, &[/* events */ &events]).await?;
    Ok(())
}

/// Which of these deliveries of GitHub's to the deployment are on record, by `X-GitHub-Delivery`.
pub async fn recorded_github_deliveries(
    db: &impl Db,
    delivery_ids: &[&str],
) -> Result<HashSet<String>, StoreError> {
    const SQL: &str = "-- events::recorded_github_deliveries
        select distinct provider_delivery_id from event
         where provider_delivery_id = any($1)
           and source_id = any(array(select id from source where provider = 'github' and workspace_id is null))";
    let rows = db.rows(SQL, &[/* deliveries */ &delivery_ids]).await?;
    Ok(rows.iter().map(|row| row.get("provider_delivery_id")).collect())
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
    const OUTCOME: &str = "-- events::bury (outcome)
        update event set outcome = 'failed', reason = $2 where id = $1";
    const SQL: &str = "-- events::bury
        insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
        select uuid_v7(now()), workspace_id, id, 'event', $2, $3 from event where id = $1
            on conflict (subject_id, kind) where settled_at is null
            do update set reason = excluded.reason, error = excluded.error";
    let ended = crate::jobs::finish(tx, lease).await?;
    if ended == Ended::Held {
        tx.execute(OUTCOME, &[/* id */ &lease.subject, /* reason */ &reason]).await?;
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
