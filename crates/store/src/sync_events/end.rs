//! The ends of a sync: put off, tried again later, or over. Each is guarded by the lease.

use hookyard_domain::ids::{ConfigObjectId, SyncEventId, TargetId};
use hookyard_domain::sync_attempt::{AttemptCause, AttemptOutcome};
use hookyard_domain::sync_event::{Counts, FileOutcome, FileReason, SyncReason, SyncStatus};
use hookyard_domain::target::TargetStatus;

use super::SyncWork;
use super::attempt_end::{AttemptEnd, end_attempt};
use super::record_applied::{record_applied, record_files};
use super::tell::tell;
use super::tracked::{self, target_of};
use crate::config_objects::{self, Changes};
use crate::jobs::{self, Ended, Lease};
use crate::{Conn, Db, StoreError, Tx};

/// How long the statements that apply a sync may take, in milliseconds.
const APPLY_STATEMENT_MS_MAX: u32 = 120_000;

/// What a sync did about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileResult {
    pub path: String,
    pub outcome: FileOutcome,
    pub reason: Option<FileReason>,
    pub error: Option<String>,
    pub blob_sha: Option<String>,
    pub object: Option<ConfigObjectId>,
}

/// How much a reconciliation looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Entries of the commit's tree.
    pub tree_entries: u32,
    /// Those that a mapping selects.
    pub matched: u32,
    /// Files unlike what is bound, those that are gone included.
    pub differing: u32,
}

/// A reconciliation that ran to its end.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// The commit that the target equals now.
    pub sha: String,
    pub etag: Option<String>,
    pub parser_version: u32,
    pub counts: Counts,
    pub files: Vec<FileResult>,
    pub changes: Changes,
    /// None: the branch was still where it was applied, and nothing was looked at.
    pub looked: Option<Looked>,
    /// When the branch must be looked at once more, because it may have shown an earlier state, or not all of its
    /// blobs; in milliseconds.
    pub recheck_ms: Option<u64>,
}

/// How a sync ends.
#[derive(Debug, Clone)]
pub enum End {
    /// The target equals the tree, but for files that failed.
    Applied(Box<Applied>),
    /// There was nothing to reconcile.
    Ignored { reason: SyncReason, target: Option<TargetStatus>, recheck_ms: Option<u64> },
    /// It cannot be done.
    Failed { reason: SyncReason, error: String, target: Option<TargetStatus> },
}

impl End {
    /// After how many milliseconds the branch is to be looked at once more, if at all.
    fn recheck_ms(&self) -> Option<u64> {
        match self {
            Self::Applied(applied) => applied.recheck_ms,
            Self::Ignored { recheck_ms, .. } => *recheck_ms,
            Self::Failed { .. } => None,
        }
    }

    /// Whether GitHub did not show a blob that its own tree lists: it may another time.
    fn misses_blobs(&self) -> bool {
        match self {
            Self::Applied(applied) => {
                applied.files.iter().any(|file| file.reason == Some(FileReason::BlobMissing))
            }
            Self::Ignored { .. } | Self::Failed { .. } => false,
        }
    }

    fn looked(&self) -> Option<Looked> {
        match self {
            Self::Applied(applied) => applied.looked,
            Self::Ignored { .. } | Self::Failed { .. } => None,
        }
    }
}

/// Ends a sync: its changes, its record and its job in one transaction.
///
/// A target that was disconnected, suspended or switched off meanwhile is not changed any more: the sync ends
/// with that reason instead.
pub async fn end(
    conn: &mut Conn,
    lease: &Lease,
    work: &SyncWork,
    end: &End,
    github_requests: u32,
) -> Result<Ended, StoreError> {
    let tx = conn.begin().await?;
    tx.statement_ms_max(APPLY_STATEMENT_MS_MAX).await?;
    tracked::lock(&tx, work.target).await?;
    if jobs::lock(&tx, lease).await? == Ended::Fenced {
        return Ok(Ended::Fenced);
    }
    let no_longer = no_longer_applicable(&tx, work).await?;
    match (no_longer, end) {
        (Some(reason), _) => close(&tx, work, SyncStatus::Ignored, Some(reason), None).await?,
        (None, End::Applied(applied)) => {
            config_objects::apply(&tx, work, &applied.sha, &applied.changes).await?;
            record_files(&tx, work.sync_event, &applied.files).await?;
            record_applied(&tx, work, applied).await?;
        }
        (None, End::Ignored { reason, target, recheck_ms: _ }) => {
            set_target(&tx, work.target, *target).await?;
            close(&tx, work, SyncStatus::Ignored, Some(*reason), None).await?;
        }
        (None, End::Failed { reason, error, target }) => {
            set_target(&tx, work.target, *target).await?;
            close(&tx, work, SyncStatus::Failed, Some(*reason), Some(error)).await?;
            dead_letter(&tx, work.sync_event, reason.as_str(), Some(error)).await?;
        }
    }
    let error = match end {
        End::Failed { error, .. } if no_longer.is_none() => Some(error.as_str()),
        End::Failed { .. } | End::Applied(_) | End::Ignored { .. } => None,
    };
    let looked = end.looked();
    let spent = Spent { github_requests, ..Spent::default() };
    let attempt =
        AttemptEnd { outcome: AttemptOutcome::Finished, spent, error, looked, delay_ms: None };
    end_attempt(&tx, work.sync_event, attempt).await?;
    tell(&tx, work.sync_event).await?;
    wake_parked(&tx, work.target).await?;
    // After those that waited were woken: it is to wait.
    if let Some(after_ms) = end.recheck_ms().filter(|_| no_longer.is_none()) {
        recheck(&tx, work, after_ms, end.misses_blobs()).await?;
    }
    commit_finished(tx, lease).await
}

/// Why the target may not be changed any more, if something happened to it while the sync ran.
async fn no_longer_applicable(
    tx: &Tx<'_>,
    work: &SyncWork,
) -> Result<Option<SyncReason>, StoreError> {
    let now = tracked::read(tx, work.target).await?;
    let deleted = now.status == TargetStatus::RepositoryGone
        && work.target_status != TargetStatus::RepositoryGone;
    Ok(now.not_applicable().or(deleted.then_some(SyncReason::RepositoryGone)))
}

/// What a try that came to no end has cost, and why it did not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    pub github_requests: u32,
    /// None: the worker's process ended.
    pub cause: Option<AttemptCause>,
    /// Whether it was a look for a push that was not visible yet.
    pub look: bool,
}

/// Puts a sync off without spending an attempt.
pub async fn park(
    conn: &mut Conn,
    lease: &Lease,
    work: &SyncWork,
    delay_ms: u64,
    spent: Spent,
) -> Result<Ended, StoreError> {
    const SQL: &str = "-- sync_events::park
        update sync_event set status = 'queued', attempts = attempts - 1, looks = looks + $2 where id = $1";
    let tx = conn.begin().await?;
    tracked::lock(&tx, work.target).await?;
    let ended = jobs::park(&tx, lease, delay_ms).await?;
    if ended == Ended::Held {
        tx.execute(SQL, &[/* id */ &work.sync_event.0, /* looks */ &i32::from(spent.look)]).await?;
        let outcome = spent.cause.map_or(AttemptOutcome::Stopped, |_cause| AttemptOutcome::PutOff);
        let delay_ms = Some(delay_ms);
        let attempt = AttemptEnd { outcome, spent, error: None, looked: None, delay_ms };
        end_attempt(&tx, work.sync_event, attempt).await?;
        wake_newer(&tx, work).await?;
        tx.commit().await?;
    }
    Ok(ended)
}

/// Records a failed attempt; the next one is due after `delay_ms`.
pub async fn retry(
    conn: &mut Conn,
    lease: &Lease,
    work: &SyncWork,
    delay_ms: u64,
    error: &str,
    spent: Spent,
) -> Result<Ended, StoreError> {
    const SQL: &str = "-- sync_events::retry
        update sync_event set status = 'queued', error = $2 where id = $1";
    let tx = conn.begin().await?;
    tracked::lock(&tx, work.target).await?;
    let ended = jobs::park(&tx, lease, delay_ms).await?;
    if ended == Ended::Held {
        tx.execute(SQL, &[/* id */ &work.sync_event.0, /* error */ &error]).await?;
        let (outcome, delay_ms) = (AttemptOutcome::Failed, Some(delay_ms));
        let attempt = AttemptEnd { outcome, spent, error: Some(error), looked: None, delay_ms };
        end_attempt(&tx, work.sync_event, attempt).await?;
        wake_newer(&tx, work).await?;
        tx.commit().await?;
    }
    Ok(ended)
}

/// Ends a sync whose workers died of it: recorded as failed, a dead letter, no job.
pub async fn bury(
    conn: &mut Conn,
    lease: &Lease,
    reason: SyncReason,
    error: &str,
) -> Result<Ended, StoreError> {
    const SQL: &str = "-- sync_events::bury
        with lost as (
            update sync_attempt set outcome = 'lost', ended_at = now()
             where sync_event_id = $1 and ended_at is null
        )
        update sync_event set status = 'failed', reason = $2, error = $3, completed_at = now()
         where id = $1 and status in ('queued', 'running') returning target_id";
    let tx = conn.begin().await?;
    if let Some(target) = target_of(&tx, SyncEventId(lease.subject)).await? {
        tracked::lock(&tx, target).await?;
    }
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [/* id */ &lease.subject, /* reason */ &reason.as_str(), /* error */ &error];
    if let Some(row) = tx.row_opt(SQL, &parameters).await? {
        dead_letter(&tx, SyncEventId(lease.subject), reason.as_str(), Some(error)).await?;
        tell(&tx, SyncEventId(lease.subject)).await?;
        wake_parked(&tx, TargetId(row.get("target_id"))).await?;
    }
    commit_finished(tx, lease).await
}

async fn commit_finished(tx: Tx<'_>, lease: &Lease) -> Result<Ended, StoreError> {
    let ended = jobs::finish(&tx, lease).await?;
    if ended == Ended::Held {
        tx.commit().await?;
    }
    Ok(ended)
}

async fn close(
    tx: &Tx<'_>,
    work: &SyncWork,
    status: SyncStatus,
    reason: Option<SyncReason>,
    error: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::close
        update sync_event set status = $2, reason = $3, error = $4, completed_at = now()
         where id = $1 and status = 'running'";
    tx.execute(
        SQL,
        &[
            /* id */ &work.sync_event.0,
            /* status */ &status.as_str(),
            /* reason */ &reason.map(SyncReason::as_str),
            /* error */ &error,
        ],
    )
    .await?;
    Ok(())
}

/// Queues a second look at the branch, unless another sync is queued and looks anyway.
///
/// One is enough to see what a branch shows. For missing blobs there is one after the other, each as late again as the
/// last one was, until one has waited for an hour.
async fn recheck(
    tx: &Tx<'_>,
    work: &SyncWork,
    after_ms: u64,
    for_blobs: bool,
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::recheck
        with before as (
            select now() - queued_at as waited from sync_event where id = $3 and trigger = 'recheck'
        ), queued as (
            insert into sync_event (id, workspace_id, target_id, trigger, status, repository, git_ref)
            select uuid_v7(now()), target.workspace_id, target.id, 'recheck', 'queued', target.repository, target.git_ref
              from connector_target target
             where target.id = $1
               and not exists (select 1 from sync_event where target_id = $1 and status = 'queued')
               and not exists (select 1 from before where not $4 or waited > interval '1 hour')
         returning id, workspace_id
        )
        insert into job (subject_id, workspace_id, kind, state, due_at)
        select id, workspace_id, 'sync', 'scheduled',
               now() + greatest(make_interval(secs => $2::float8), (select 2 * waited from before))
          from queued";
    #[expect(clippy::cast_precision_loss, reason = "minutes at most")]
    let seconds = after_ms as f64 / 1000.0;
    tx.execute(
        SQL,
        &[
            /* target */ &work.target.0,
            /* seconds */ &seconds,
            /* this one */ &work.sync_event.0,
            /* for blobs */ &for_blobs,
        ],
    )
    .await
    .map(drop)
}

async fn set_target(
    tx: &Tx<'_>,
    target: TargetId,
    status: Option<TargetStatus>,
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::set_target
        update connector_target set status = $2, updated_at = now() where id = $1 and status <> $2";
    if let Some(status) = status {
        tx.execute(SQL, &[/* id */ &target.0, /* status */ &status.as_str()]).await?;
    }
    Ok(())
}

/// Sets the jobs of the target's queued syncs due: they waited for this one's end.
async fn wake_parked(tx: &Tx<'_>, target: TargetId) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::wake_parked
        update job set due_at = now()
         where kind = 'sync' and state <> 'ready' and lease_owner is null
           and subject_id = any(array(select id from sync_event where target_id = $1 and status = 'queued'))";
    tx.execute(SQL, &[/* target */ &target.0]).await?;
    Ok(())
}

/// Sets the jobs of syncs that were queued after this one due: it waits now, and they supersede it.
async fn wake_newer(tx: &Tx<'_>, work: &SyncWork) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::wake_newer
        update job set due_at = now()
         where kind = 'sync' and state <> 'ready' and lease_owner is null and due_at > now()
           and subject_id = any(array(select newer.id from sync_event newer
                                       where newer.target_id = $1 and newer.status = 'queued'
                                         and newer.seq > (select seq from sync_event where id = $2)))";
    tx.execute(SQL, &[/* target */ &work.target.0, /* this one */ &work.sync_event.0]).await?;
    Ok(())
}

pub(super) async fn dead_letter(
    tx: &Tx<'_>,
    sync_event: SyncEventId,
    reason: &str,
    error: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::dead_letter
        insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
        select uuid_v7(now()), workspace_id, id, 'sync', $2, $3 from sync_event where id = $1
            on conflict (subject_id, kind) where settled_at is null
            do update set reason = excluded.reason, error = excluded.error";
    tx.execute(SQL, &[/* id */ &sync_event.0, /* reason */ &reason, /* error */ &error]).await?;
    Ok(())
}
