//! Where the branch points: the one thing that a push only hints at.

use hookyard_domain::target::RepositoryFullName;
use hookyard_github::{BranchHead, GitHubError, ObjectId, Session, Transient};
use hookyard_store::StoreError;
use hookyard_store::sync_events::{Shown, SyncWork, shown};

use super::reconcile::Halt;
use crate::context::Context;

/// The length of a commit's name in most repositories; others have SHA-256.
const SHA1_CHARS: usize = 40;
/// How often a push is looked for that the branch does not show yet.
const LOOKS_MAX: u32 = 6;

/// What the branch shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    /// The commit that is applied already, under the same mappings.
    Applied {
        sha: String,
        etag: Option<String>,
    },
    At {
        sha: ObjectId,
        etag: Option<String>,
    },
    Absent,
}

/// What the branch shows, and whether it must be looked at once more because it may have shown an earlier state.
pub(super) struct Look {
    pub(super) head: Head,
    pub(super) doubtful: bool,
}

/// Asks GitHub where the branch points, with one conditional request.
///
/// GitHub may announce a push before its API shows it: then there is nothing to reconcile yet.
pub(super) async fn look(
    context: &Context,
    session: &Session,
    repo: &RepositoryFullName,
    work: &SyncWork,
) -> Result<Look, Halt> {
    let branch = work.git_ref.strip_prefix("refs/heads/").unwrap_or(&work.git_ref);
    let applied = work.applied.as_ref();
    let etag = applied.and_then(|applied| applied.etag.as_deref());
    let shown = session.branch_head(repo, branch, etag).await.map_err(Halt::GitHub)?;
    let head = match (shown, applied) {
        (BranchHead::Absent, _) => Head::Absent,
        (BranchHead::Unchanged, Some(applied)) => {
            Head::Applied { sha: applied.sha.clone(), etag: applied.etag.clone() }
        }
        (BranchHead::Unchanged, None) => {
            // Nobody asked conditionally.
            return Err(Halt::GitHub(GitHubError::Transient(Transient::Status(304))));
        }
        (BranchHead::At { sha, etag }, Some(applied)) if sha.to_string() == applied.sha => {
            Head::Applied { sha: applied.sha.clone(), etag }
        }
        (BranchHead::At { sha, etag }, _) => Head::At { sha, etag },
    };
    match judge(context, &head, work).await? {
        Shown::Past if work.looks < LOOKS_MAX => Err(Halt::LookAgain),
        Shown::Past | Shown::Doubtful => Ok(Look { head, doubtful: true }),
        Shown::Present => Ok(Look { head, doubtful: false }),
    }
}

async fn judge(context: &Context, head: &Head, work: &SyncWork) -> Result<Shown, StoreError> {
    let sha = match head {
        Head::Absent => {
            let announced = work.announced_sha.as_deref();
            "0".repeat(announced.map_or(SHA1_CHARS, str::len))
        }
        Head::At { sha, .. } => sha.to_string(),
        Head::Applied { sha, .. } => sha.clone(),
    };
    shown(&context.store.conn().await?, work.target, &sha).await
}

/// How long after a doubtful look the branch is looked at once more: longer than all looks together.
pub(super) fn recheck_ms(look_again_ms: u64) -> u64 {
    look_again_ms.saturating_mul(u64::from(LOOKS_MAX) + 1)
}
