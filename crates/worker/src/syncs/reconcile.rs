//! The reconciliation: from the branch's head to what is to be applied. Holds no transaction.

use hookyard_domain::ids::ConfigObjectId;
use hookyard_domain::reconcile::{EntryKind, LeftAlone, Plan, TreeEntry, guarded, plan};
use hookyard_domain::sync_event::{Counts, FileOutcome, FileReason, SyncReason};
use hookyard_domain::target::{RepositoryFullName, TargetStatus};
use hookyard_github::{FileMode, GitHubError, ObjectId, Session, Tree};
use hookyard_store::config_objects::{Changes, Created, Updated};
use hookyard_store::jobs::Lease;
use hookyard_store::sync_events::{Applied, End, FileResult, Looked, SyncWork};
use hookyard_store::{StoreError, bindings};

use super::contents::{self, Read};
use super::head::{Head, Look, look, recheck_ms};
use super::parse::PARSER_VERSION;
use super::plugins;
use crate::clock;
use crate::context::Context;
use crate::github_app::AppError;

/// Why a reconciliation came to no end of its own.
#[derive(Debug, thiserror::Error)]
pub(super) enum Halt {
    /// The announced push is not visible yet.
    #[error("the push is not visible yet")]
    LookAgain,
    #[error(transparent)]
    GitHub(GitHubError),
    #[error(transparent)]
    NoApp(AppError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds out how the sync ends.
pub(super) async fn reconcile(
    context: &Context,
    lease: &Lease,
    work: &mut SyncWork,
    session: &Session,
) -> Result<End, Halt> {
    let Ok(repo) = work.repository.parse::<RepositoryFullName>() else {
        let error = format!("{:?} is no repository name", work.repository);
        return Ok(End::Failed { reason: SyncReason::RepositoryGone, error, target: None });
    };
    let Look { head, doubtful } = look(context, session, &repo, work).await?;
    let later_ms = recheck_ms(context.settings.sync.look_again_ms);
    let recheck_ms = doubtful.then_some(later_ms);
    let (sha, etag) = match head {
        Head::Absent => {
            let target = Some(TargetStatus::BranchDeleted);
            return Ok(End::Ignored { reason: SyncReason::BranchDeleted, target, recheck_ms });
        }
        Head::Applied { sha, etag } => {
            let unchanged = unchanged(context, work, sha, etag).await?;
            return Ok(End::Applied(Box::new(Applied { recheck_ms, ..unchanged })));
        }
        Head::At { sha, etag } => (sha, etag),
    };
    let mut tree = session.tree(&repo, &sha).await.map_err(Halt::GitHub)?;
    plugins::import(context, lease, work, session, (&repo, &sha), &mut tree.entries).await?;
    let work = &*work;
    let bound = {
        let conn = context.store.conn().await?;
        bindings::of_target(&conn, work.target).await?
    };
    let bound_count = bound.len();
    let tree_entries = count(tree.entries.len());
    let limits = context.settings.sync.limits();
    let mappings = work.mappings.clone();
    let planned = tokio::task::block_in_place(|| {
        plan(&entries(tree), &mappings, bound, PARSER_VERSION, &limits)
    });
    let plan = match planned {
        Ok(plan) => plan,
        Err(error) => return Ok(failed(SyncReason::TooManyFiles, error.to_string(), None)),
    };
    if !work.allow_deletions && guarded(plan.gone.len(), bound_count, &limits) {
        let error = format!(
            "{} of {bound_count} objects would be deleted; to let it happen run `hookyard-admin connector target resync {} --allow-deletions`",
            plan.gone.len(),
            work.target,
        );
        return Ok(failed(SyncReason::DeletionGuard, error, Some(TargetStatus::NeedsConfirmation)));
    }
    let looked = Some(looked(tree_entries, &plan));
    let read = contents::read(context, work, session, &repo, &plan.wanted).await?;
    let applied = applied(&sha, etag, plan, read);
    let missing = |file: &FileResult| file.reason == Some(FileReason::BlobMissing);
    let recheck_ms = recheck_ms.or_else(|| applied.files.iter().any(missing).then_some(later_ms));
    Ok(End::Applied(Box::new(Applied { recheck_ms, looked, ..applied })))
}

fn failed(reason: SyncReason, error: String, target: Option<TargetStatus>) -> End {
    End::Failed { reason, error, target }
}

/// The target equals this commit already: every bound file is skipped without a look at the tree.
async fn unchanged(
    context: &Context,
    work: &SyncWork,
    sha: String,
    etag: Option<String>,
) -> Result<Applied, Halt> {
    let conn = context.store.conn().await?;
    let skipped = bindings::count(&conn, work.target).await?;
    let counts = Counts { skipped, ..Counts::default() };
    Ok(Applied { sha, etag, parser_version: PARSER_VERSION, counts, ..Applied::default() })
}

fn entries(tree: Tree) -> Vec<TreeEntry> {
    let entry = |entry: hookyard_github::TreeEntry| TreeEntry {
        path: entry.path,
        kind: match entry.mode {
            FileMode::File | FileMode::Executable => EntryKind::File,
            FileMode::Symlink => EntryKind::Symlink,
            FileMode::Submodule => EntryKind::Submodule,
        },
        sha: entry.sha.to_string(),
        bytes: Some(entry.size),
    };
    tree.entries.into_iter().map(entry).collect()
}

fn looked(tree_entries: u32, plan: &Plan) -> Looked {
    let left_alone = plan.skipped.len() + plan.failed.len();
    Looked {
        tree_entries,
        matched: count(plan.unchanged + plan.wanted.len() + left_alone),
        differing: count(plan.wanted.len() + plan.gone.len()),
    }
}

/// Puts together what is applied and what is recorded of it.
fn applied(sha: &ObjectId, etag: Option<String>, plan: Plan, read: Vec<Read>) -> Applied {
    let mut it = Applied {
        sha: sha.to_string(),
        etag,
        parser_version: PARSER_VERSION,
        ..Applied::default()
    };
    it.changes = Changes { parser_version: PARSER_VERSION, ..Changes::default() };
    it.counts.skipped = count(plan.unchanged);
    for gone in plan.gone {
        it.files.push(file(gone.path, FileOutcome::Deleted, None, Some(gone.object)));
        it.changes.deleted.push(gone.object);
    }
    it.files.extend(plan.skipped.into_iter().map(|left| left_alone(left, FileOutcome::Skipped)));
    it.files.extend(plan.failed.into_iter().map(|left| left_alone(left, FileOutcome::Failed)));
    for Read { wanted, content } in read {
        let sha = Some(wanted.sha);
        match (content, wanted.object) {
            (Err(bad), object) => it.files.push(FileResult {
                reason: Some(bad.reason),
                error: Some(bad.error),
                ..file(wanted.path, FileOutcome::Failed, sha, object)
            }),
            (Ok(content), Some(object)) => {
                it.files.push(file(wanted.path, FileOutcome::Updated, sha, Some(object)));
                it.changes.updated.push(Updated { object, content });
            }
            (Ok(content), None) => {
                let object = ConfigObjectId(clock::new_id());
                it.files.push(file(wanted.path, FileOutcome::Created, sha, Some(object)));
                it.changes.created.push(Created {
                    object,
                    object_type: wanted.object_type,
                    content,
                });
            }
        }
    }
    for result in &it.files {
        let counts = &mut it.counts;
        *match result.outcome {
            FileOutcome::Created => &mut counts.created,
            FileOutcome::Updated => &mut counts.updated,
            FileOutcome::Deleted => &mut counts.deleted,
            FileOutcome::Skipped => &mut counts.skipped,
            FileOutcome::Failed => &mut counts.failed,
        } += 1;
    }
    it
}

fn left_alone(left: LeftAlone, outcome: FileOutcome) -> FileResult {
    FileResult { reason: Some(left.reason), ..file(left.path, outcome, Some(left.sha), None) }
}

fn file(
    path: String,
    outcome: FileOutcome,
    blob_sha: Option<String>,
    object: Option<ConfigObjectId>,
) -> FileResult {
    FileResult { path, outcome, reason: None, error: None, blob_sha, object }
}

fn count(files: usize) -> u32 {
    u32::try_from(files).unwrap_or(u32::MAX)
}
