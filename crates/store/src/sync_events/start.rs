//! Starting a sync: one short transaction in which the target's newest queued event becomes the running one.

use hookyard_domain::ids::{SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::reconcile::Mapping;
use hookyard_domain::sync_event::{SyncReason, SyncStatus, SyncTrigger};
use hookyard_domain::target::TargetStatus;
use uuid::Uuid;

use super::plugins::{KnownPlugins, known};
use super::tracked::{self, Tracked, target_of};
use crate::jobs::{self, Ended, Lease};
use crate::{Conn, Db, StoreError, Tx};

/// How long a sync waits whose target is just being changed.
const BUSY_PAUSE_MS: u64 = 1_000;

/// What a worker learns when it wants to start a sync.
#[derive(Debug)]
pub enum Start {
    /// It runs now.
    Run(Box<SyncWork>),
    /// Another sync of the target runs; the job waits for that one's end.
    Parked,
    /// It ended without running: superseded, or no longer applicable.
    Ended(SyncReason),
    /// The lease is no longer ours, or the work is done.
    Fenced,
}

/// Everything that a reconciliation works from, as of its start.
#[derive(Debug, Clone)]
pub struct SyncWork {
    pub sync_event: SyncEventId,
    pub workspace: WorkspaceId,
    pub target: TargetId,
    pub installation_id: i64,
    pub repository_id: i64,
    pub repository: String,
    pub git_ref: String,
    pub before_sha: Option<String>,
    pub announced_sha: Option<String>,
    /// Tries, this one included.
    pub attempts: u32,
    /// How often the announced head was looked for and not seen yet.
    pub looks: u32,
    pub allow_deletions: bool,
    pub mapping_revision: i64,
    pub mappings: Vec<Mapping>,
    /// What is known of the repository's plugins, if new ones are to be mapped.
    pub plugins: Option<KnownPlugins>,
    pub target_status: TargetStatus,
    /// The last applied commit, where mappings and parser are still the same.
    pub applied: Option<AppliedHead>,
}

/// The commit that the target equals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedHead {
    pub sha: String,
    pub etag: Option<String>,
}

struct Subject {
    status: SyncStatus,
    target: TargetId,
    allow_deletions: bool,
}

/// Starts the sync of a lease, unless another is due instead.
pub async fn start(
    conn: &mut Conn,
    lease: &Lease,
    parser_version: u32,
) -> Result<Start, StoreError> {
    let id = SyncEventId(lease.subject);
    let tx = conn.begin().await?;
    let Some(target) = target_of(&tx, id).await? else {
        // A sync event is never deleted before its job; whoever did that wanted no work.
        return close(tx, lease, Start::Fenced).await;
    };
    if !tracked::try_lock(&tx, target).await? {
        // Somebody applies a sync to it, which may take long: nothing waits for that but the job.
        return match jobs::park(&tx, lease, BUSY_PAUSE_MS).await? {
            Ended::Held => tx.commit().await.map(|()| Start::Parked),
            Ended::Fenced => Ok(Start::Fenced),
        };
    }
    if jobs::lock(&tx, lease).await? == Ended::Fenced {
        return Ok(Start::Fenced);
    }
    let tracked = tracked::read(&tx, target).await?;
    let subject = subject(&tx, id).await?;
    if subject.status.is_final() {
        return close(tx, lease, Start::Fenced).await;
    }
    if let Some(reason) = tracked.not_applicable() {
        ignore(&tx, &[id.0], reason).await?;
        return close(tx, lease, Start::Ended(reason)).await;
    }
    if park_behind_running(&tx, lease, &subject).await? {
        tx.commit().await?;
        return Ok(Start::Parked);
    }
    if subject.status == SyncStatus::Queued && !supersede(&tx, id, &subject).await? {
        return close(tx, lease, Start::Ended(SyncReason::Superseded)).await;
    }
    match run(&tx, lease, &tracked, parser_version).await {
        Err(StoreError::Selector(error)) => {
            fail(&tx, id, SyncReason::InvalidMapping, &error.to_string()).await?;
            close(tx, lease, Start::Ended(SyncReason::InvalidMapping)).await
        }
        work => {
            let work = Box::new(work?);
            tx.commit().await?;
            Ok(Start::Run(work))
        }
    }
}

async fn close(tx: Tx<'_>, lease: &Lease, start: Start) -> Result<Start, StoreError> {
    match jobs::finish(&tx, lease).await? {
        Ended::Held => tx.commit().await.map(|()| start),
        Ended::Fenced => Ok(Start::Fenced),
    }
}

async fn subject(tx: &Tx<'_>, id: SyncEventId) -> Result<Subject, StoreError> {
    const SQL: &str = "-- sync_events::subject
        select status, target_id, allow_deletions from sync_event where id = $1";
    let row = tx.row(SQL, &[/* id */ &id.0]).await?;
    Ok(Subject {
        status: row.get::<_, &str>("status").parse()?,
        target: TargetId(row.get("target_id")),
        allow_deletions: row.get("allow_deletions"),
    })
}

/// Parks the job until the lease of the target's running sync ends, if another one runs.
async fn park_behind_running(
    tx: &Tx<'_>,
    lease: &Lease,
    subject: &Subject,
) -> Result<bool, StoreError> {
    // A lease that ran out has not been handed on yet: look again after the sweep had its chance.
    const SQL: &str = "-- sync_events::park_behind_running
        update job
           set state = 'scheduled', lease_owner = null, runs = 0, republished = 0,
               due_at = greatest(other.due_at, now() + interval '2 seconds')
          from sync_event running join job other on other.subject_id = running.id and other.kind = 'sync'
         where job.id = $1 and running.target_id = $2 and running.status = 'running' and running.id <> job.subject_id";
    Ok(tx.execute(SQL, &[/* job */ &lease.job.0, /* target */ &subject.target.0]).await? > 0)
}

/// Ends every queued sync of the target but the newest; false when the newest is another one.
///
/// A waiver of the deletion guard passes on to the newest: an operator gave it for the target.
async fn supersede(tx: &Tx<'_>, id: SyncEventId, subject: &Subject) -> Result<bool, StoreError> {
    const QUEUED: &str = "-- sync_events::queued
        select id, allow_deletions from sync_event where target_id = $1 and status = 'queued' order by seq desc";
    const WAIVE: &str = "-- sync_events::waive
        update sync_event set allow_deletions = true where id = $1";
    const FORGET: &str = "-- sync_events::forget_jobs
        delete from job where kind = 'sync' and subject_id = any($1)";
    let queued = tx.rows(QUEUED, &[/* target */ &subject.target.0]).await?;
    let newest: Uuid = queued.first().map_or(id.0, |row| row.get("id"));
    let older: Vec<Uuid> = queued.iter().skip(1).map(|row| row.get("id")).collect();
    if older.is_empty() {
        return Ok(newest == id.0);
    }
    let waived =
        subject.allow_deletions || queued.iter().skip(1).any(|row| row.get("allow_deletions"));
    if waived {
        tx.execute(WAIVE, &[/* newest */ &newest]).await?;
    }
    ignore(tx, &older, SyncReason::Superseded).await?;
    let jobs: Vec<Uuid> = older.into_iter().filter(|older| *older != id.0).collect();
    tx.execute(FORGET, &[/* superseded */ &jobs]).await?;
    Ok(newest == id.0)
}

async fn ignore(tx: &Tx<'_>, ids: &[Uuid], reason: SyncReason) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::ignore
        update sync_event set status = 'ignored', reason = $2, completed_at = now()
         where id = any($1) and status in ('queued', 'running')";
    tx.execute(SQL, &[/* ids */ &ids, /* reason */ &reason.as_str()]).await?;
    Ok(())
}

async fn fail(
    tx: &Tx<'_>,
    id: SyncEventId,
    reason: SyncReason,
    error: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::fail
        update sync_event set status = 'failed', reason = $2, error = $3, completed_at = now()
         where id = $1 and status in ('queued', 'running')";
    tx.execute(SQL, &[/* id */ &id.0, /* reason */ &reason.as_str(), /* error */ &error]).await?;
    super::dead::dead_letter(tx, id, reason.as_str(), Some(error)).await
}

async fn run(
    tx: &Tx<'_>,
    lease: &Lease,
    tracked: &Tracked,
    parser_version: u32,
) -> Result<SyncWork, StoreError> {
    // An attempt that is still open is one of a worker that was not heard of any more.
    const SQL: &str = "-- sync_events::run
        with lost as (
            update sync_attempt set outcome = 'lost', ended_at = now()
             where sync_event_id = $1 and ended_at is null
        ), attempt as (
            insert into sync_attempt (sync_event_id, number, worker_id, lease_epoch)
            select $1, 1 + coalesce((select max(number) from sync_attempt where sync_event_id = $1), 0),
                   (select lease_owner from job where id = $3), $4
        )
        update sync_event
           set status = 'running', started_at = coalesce(started_at, now()), attempts = attempts + 1,
               mapping_revision = $2, reason = null, error = null
         where id = $1 and status in ('queued', 'running')
     returning trigger, before_sha, announced_sha, attempts, looks, allow_deletions";
    let id = SyncEventId(lease.subject);
    let target = &tracked.row;
    let mapping_revision: i64 = target.get("mapping_revision");
    let event = tx
        .row(
            SQL,
            &[
                /* id */ &id.0,
                /* mapping revision */ &mapping_revision,
                /* job */ &lease.job.0,
                /* epoch */ &lease.epoch,
            ],
        )
        .await?;
    let same_rules = target.get::<_, Option<i64>>("applied_mapping_revision")
        == Some(mapping_revision)
        && target.get::<_, Option<i32>>("applied_parser_version")
            == i32::try_from(parser_version).ok();
    // An operator who asks for a sync gets one, even where nothing seems to have changed.
    let asked_for = match event.get::<_, &str>("trigger").parse()? {
        SyncTrigger::ManualResync | SyncTrigger::Retry => true,
        SyncTrigger::Push
        | SyncTrigger::Connected
        | SyncTrigger::Recheck
        | SyncTrigger::Repository
        | SyncTrigger::InstallationRepositories => false,
    };
    let etag: Option<String> = target.get("applied_etag");
    // Without an entity tag some files of that commit had failed: they get another try.
    let applied = target
        .get::<_, Option<String>>("applied_sha")
        .filter(|_| same_rules && !asked_for && etag.is_some());
    let target_id = TargetId(target.get("id"));
    Ok(SyncWork {
        sync_event: id,
        workspace: WorkspaceId(target.get("workspace_id")),
        target: target_id,
        installation_id: target.get("installation_id"),
        repository_id: target.get("repository_id"),
        repository: target.get("repository"),
        git_ref: target.get("git_ref"),
        before_sha: event.get("before_sha"),
        announced_sha: event.get("announced_sha"),
        attempts: event.get::<_, i32>("attempts").unsigned_abs(),
        looks: event.get::<_, i32>("looks").unsigned_abs(),
        allow_deletions: event.get("allow_deletions"),
        mapping_revision,
        mappings: mappings(tx, target_id).await?,
        plugins: known(tx, target_id).await?,
        target_status: tracked.status,
        applied: applied.map(|sha| AppliedHead { sha, etag }),
    })
}

pub(super) async fn mappings(tx: &Tx<'_>, target: TargetId) -> Result<Vec<Mapping>, StoreError> {
    const SQL: &str = "-- sync_events::mappings
        select selector, object_type from connector_mapping where target_id = $1 order by created_at, id";
    let rows = tx.rows(SQL, &[/* target */ &target.0]).await?;
    rows.iter()
        .map(|row| {
            Ok(Mapping {
                selector: row.get::<_, &str>("selector").parse()?,
                object_type: row.get::<_, &str>("object_type").parse()?,
            })
        })
        .collect()
}
