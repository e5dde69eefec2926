use bytes::Bytes;
use hookyard_domain::target::RepositoryFullName;
use http::StatusCode;

use crate::{GitHubError, ObjectId, Session, Transient, transport::Call};

impl Session {
    /// A blob's bytes, at most `bytes_max` of them ([`GitHubError::TooLarge`]), proven to be the ones that its name
    /// stands for.
    pub async fn blob(
        &self,
        repo: &RepositoryFullName,
        sha: &ObjectId,
        bytes_max: usize,
    ) -> Result<Bytes, GitHubError> {
        let mut call = Call::get("blob", format!("/repos/{repo}/git/blobs/{sha}"));
        call.raw = true;
        call.bytes_max = bytes_max;
        let answer = self.get(&call).await?;
        // 409 is GitHub's answer for a repository without any commit.
        if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::CONFLICT) {
            return Err(self.missing(repo, GitHubError::BlobGone(*sha)).await);
        }
        answer.success()?;
        if !sha.names_blob(&answer.body) {
            return Err(GitHubError::Transient(Transient::Corrupt(*sha)));
        }
        Ok(answer.body)
    }
}
