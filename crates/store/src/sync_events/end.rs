//! The end of a sync, guarded by the lease.

use hookyard_domain::ids::{ConfigObjectId, TargetId};
use hookyard_domain::sync_attempt::AttemptOutcome;
use hookyard_domain::sync_event::{Counts, FileOutcome, FileReason, SyncReason, SyncStatus};
use hookyard_domain::target::TargetStatus;

use super::SyncWork;
use super::attempt_end::{AttemptEnd, end_attempt};
use super::dead::{dead_letter, settle_overtaken};
use super::put_off::Spent;
use super::record_applied::{record_applied, record_files};
use super::tell::tell;
use super::tracked;
use super::wake::{recheck, wake_parked};
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
            settle_overtaken(&tx, work.target).await?;
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

pub(super) async fn commit_finished(tx: Tx<'_>, lease: &Lease) -> Result<Ended, StoreError> {
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
