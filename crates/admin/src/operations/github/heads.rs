//! Trees at the heads of branches. The last few are kept, so that whoever pages through one has it read once; where
//! the branch points is asked each time, which costs nothing of the limit while it stays.

use std::collections::VecDeque;
use std::sync::Arc;

use hookyard_domain::target::RepositoryFullName;
use hookyard_github::{BranchHead, ObjectId, Session, TreeEntry};
use hookyard_store::Db;
use hookyard_store::targets::Target;
use tokio::sync::Mutex;

use super::{GitHubAccess, absent, failed, refusal};
use crate::operations::{OperationError, accounts, instances};

/// The most trees that are kept.
const TREES_MAX: usize = 8;
/// The most files of all trees that are kept; a tree of more is read again each time.
const FILES_MAX: usize = 200_000;

/// A branch, and the installation that may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::operations) struct Branch {
    pub(in crate::operations) installation_id: i64,
    pub(in crate::operations) repository: RepositoryFullName,
    /// Without `refs/heads/`.
    pub(in crate::operations) name: String,
}

/// What a branch points at.
#[derive(Debug, Clone)]
pub(in crate::operations) struct Head {
    pub(in crate::operations) sha: ObjectId,
    /// All files, by path.
    pub(in crate::operations) files: Arc<[TreeEntry]>,
    /// The requests for trees that the files took.
    pub(in crate::operations) requests: u32,
}

/// The trees that were read last, the latest at the end.
#[derive(Default)]
pub(super) struct Trees(Mutex<VecDeque<(Branch, Option<String>, Head)>>);

impl Branch {
    /// A target's branch, if its account may be asked at present.
    pub(in crate::operations) async fn of(
        db: &impl Db,
        target: &Target,
    ) -> Result<Self, OperationError> {
        let instance = instances::require(db, target.instance_id).await?;
        let account = accounts::require_active(db, instance.account_id).await?;
        let repository = target.repository.parse().map_err(|_| {
            OperationError::conflict(format!("{:?} is no repository name", target.repository))
        })?;
        let name = target.git_ref.strip_prefix("refs/heads/").unwrap_or(&target.git_ref);
        Ok(Self { installation_id: account.installation_id, repository, name: name.to_owned() })
    }
}

impl Trees {
    async fn get(&self, branch: &Branch) -> Option<(Option<String>, Head)> {
        let kept = self.0.lock().await;
        kept.iter().find(|it| it.0 == *branch).map(|it| (it.1.clone(), it.2.clone()))
    }

    async fn put(&self, branch: &Branch, etag: Option<String>, head: &Head) {
        let mut kept = self.0.lock().await;
        kept.retain(|it| it.0 != *branch);
        if head.files.len() > FILES_MAX {
            return;
        }
        kept.push_back((branch.clone(), etag, head.clone()));
        let files = |kept: &VecDeque<_>| -> usize {
            kept.iter().map(|it: &(_, _, Head)| it.2.files.len()).sum()
        };
        while kept.len() > TREES_MAX || files(&kept) > FILES_MAX {
            kept.pop_front();
        }
    }
}

impl GitHubAccess {
    /// What a branch points at now, with all its files.
    pub(in crate::operations) async fn head(
        &self,
        session: &Session,
        branch: &Branch,
    ) -> Result<Head, OperationError> {
        let Branch { repository, name, .. } = branch;
        let kept = self.trees.get(branch).await;
        let etag = kept.as_ref().and_then(|(etag, _)| etag.as_deref());
        let asked = session.branch_head(repository, name, etag).await;
        let (sha, etag) = match (asked.map_err(|error| refusal(&error))?, &kept) {
            (BranchHead::At { sha, etag }, _) => (sha, etag),
            (BranchHead::Unchanged, Some((etag, head))) => (head.sha, etag.clone()),
            (BranchHead::Unchanged, None) => {
                return Err(failed("GitHub did not answer as it should".to_owned()));
            }
            (BranchHead::Absent, _) => return Err(absent(repository, name)),
        };
        let head = match kept {
            Some((_, head)) if head.sha == sha => head,
            Some(_) | None => read(session, repository, sha).await?,
        };
        self.trees.put(branch, etag, &head).await;
        Ok(head)
    }
}

async fn read(
    session: &Session,
    repository: &RepositoryFullName,
    sha: ObjectId,
) -> Result<Head, OperationError> {
    let tree = session.tree(repository, &sha).await.map_err(|error| refusal(&error))?;
    let (mut files, requests) = (tree.entries, tree.requests);
    // A tree may have a million paths, which would stall the other work of the thread.
    let sorted = tokio::task::spawn_blocking(move || {
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        files
    });
    let files = sorted.await.map_err(|_| cut_off())?;
    Ok(Head { sha, files: files.into(), requests })
}

/// Work on another thread did not come to its end.
pub(in crate::operations) fn cut_off() -> OperationError {
    OperationError::conflict("the work was cut off; try again".to_owned())
}
