use hookyard_domain::target::RepositoryFullName;
use http::{StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::{GitHubError, ObjectId, Session, transport::Call};

/// A branch's slashes stand in the path as they are; all else that is not plainly harmless is encoded.
const BRANCH: AsciiSet =
    NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where a branch points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchHead {
    /// Where it pointed when GitHub gave out the entity tag; such an answer costs nothing of the primary limit.
    Unchanged,
    /// At this commit; the entity tag makes the next question cheap.
    At { sha: ObjectId, etag: Option<String> },
    /// The repository answers but does not have the branch, or has no commit at all.
    Absent,
}

#[derive(Deserialize)]
struct Reference {
    r#ref: String,
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: ObjectId,
}

impl Session {
    /// Where the branch points now. With the `etag` of an earlier answer GitHub says only what changed since.
    pub async fn branch_head(
        &self,
        repo: &RepositoryFullName,
        branch: &str,
        etag: Option<&str>,
    ) -> Result<BranchHead, GitHubError> {
        let encoded = utf8_percent_encode(branch, &BRANCH);
        let mut call = Call::get("ref", format!("/repos/{repo}/git/ref/heads/{encoded}"));
        call.if_none_match = etag;
        let answer = self.get(&call).await?;
        match answer.status {
            StatusCode::NOT_MODIFIED => return Ok(BranchHead::Unchanged),
            // GitHub's answer for a repository without any commit.
            StatusCode::CONFLICT => return Ok(BranchHead::Absent),
            StatusCode::NOT_FOUND => {
                return self.repository(repo).await.map(|_| BranchHead::Absent);
            }
            _ => {}
        }
        let reference: Reference = answer.json()?;
        if reference.r#ref.strip_prefix("refs/heads/") != Some(branch) {
            return Err(GitHubError::unexpected(
                answer.route,
                "the answer is about another branch",
            ));
        }
        let etag =
            answer.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        Ok(BranchHead::At { sha: reference.object.sha, etag })
    }
}
