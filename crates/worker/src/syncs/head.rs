//! Where the branch points: the one thing that a push only hints at.

use hookyard_domain::target::RepositoryFullName;
use hookyard_github::{BranchHead, ObjectId, Session};
use hookyard_store::StoreError;
use hookyard_store::sync_events::{SyncWork, shows_the_past};

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

/// Asks GitHub where the branch points, with one conditional request.
///
/// GitHub may announce a push before its API shows it: then there is nothing to reconcile yet.
pub(super) async fn head(
    context: &Context,
    session: &Session,
    repo: &RepositoryFullName,
    work: &SyncWork,
) -> Result<Head, Halt> {
    let branch = work.git_ref.strip_prefix("refs/heads/").unwrap_or(&work.git_ref);
    let applied = work.applied.as_ref();
    let etag = applied.and_then(|applied| applied.etag.as_deref());
    let head = match (session.branch_head(repo, branch, etag).await.map_err(Halt::GitHub)?, applied)
    {
        (BranchHead::Absent, _) => Head::Absent,
        (BranchHead::Unchanged, Some(applied)) => {
            Head::Applied { sha: applied.sha.clone(), etag: applied.etag.clone() }
        }
        (BranchHead::Unchanged, None) => return Err(Halt::LookAgain), // Nobody asked conditionally.
        (BranchHead::At { sha, etag }, Some(applied)) if sha.to_string() == applied.sha => {
            Head::Applied { sha: applied.sha.clone(), etag }
        }
        (BranchHead::At { sha, etag }, _) => Head::At { sha, etag },
    };
    if work.looks < LOOKS_MAX && lags(context, &head, work).await? {
        return Err(Halt::LookAgain);
    }
    Ok(head)
}

/// Whether the branch still shows what it was before a push that was announced: this one, or one that this
/// one superseded.
async fn lags(context: &Context, head: &Head, work: &SyncWork) -> Result<bool, StoreError> {
    let announced = work.announced_sha.as_deref();
    let shown = match head {
        Head::Absent => "0".repeat(announced.map_or(SHA1_CHARS, str::len)),
        Head::At { sha, .. } => sha.to_string(),
        Head::Applied { sha, .. } => sha.clone(),
    };
    if announced == Some(shown.as_str()) {
        return Ok(false);
    }
    let conn = context.store.conn().await?;
    shows_the_past(&conn, work.target, work.sync_event, &shown).await
}
