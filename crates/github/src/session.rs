use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use hookyard_domain::target::RepositoryFullName;
use http::StatusCode;

use crate::{
    GitHub, GitHubError, Transient,
    transport::{Answer, Call, Caller},
};

/// The pauses that GitHub's own client makes while a new token spreads.
const REPLICATION_WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// Before the first repetition of a failed call; doubles with each.
const RETRY_WAIT: Duration = Duration::from_millis(250);

/// A piece of work for one installation, usually one sync. Its calls may run at once.
#[derive(Debug)]
pub struct Session {
    github: GitHub,
    installation_id: i64,
    requests: AtomicU32,
}

impl Session {
    pub(crate) fn new(github: GitHub, installation_id: i64) -> Self {
        Self { github, installation_id, requests: AtomicU32::new(0) }
    }

    pub fn installation_id(&self) -> i64 {
        self.installation_id
    }

    /// The requests that this session has made so far, those for tokens and repetitions included; a redirect that was
    /// followed counts with its request.
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// A GET in the installation's name, repeated a few times when the network or GitHub fails.
    pub(crate) async fn get(&self, call: &Call<'_>) -> Result<Answer, GitHubError> {
        let mut wait = RETRY_WAIT;
        for _ in 0..self.github.retries_max() {
            match self.get_once(call).await {
                Err(GitHubError::Transient(Transient::Network(_) | Transient::Status(_))) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                settled => return settled,
            }
        }
        self.get_once(call).await
    }

    /// A 401 means that the token was revoked, or that it is too new to be known everywhere.
    async fn get_once(&self, call: &Call<'_>) -> Result<Answer, GitHubError> {
        let mut waits = REPLICATION_WAITS.into_iter();
        loop {
            let token = self.github.token(self.installation_id, &self.requests).await?;
            let caller = Caller {
                bearer: &token.secret,
                budget: Some(self.installation_id),
                requests: &self.requests,
            };
            let answer = self.github.transport().send(call, &caller).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
            if !token.may_still_replicate() {
                self.github.forget_token(self.installation_id, &token).await;
            } else if let Some(wait) = waits.next() {
                tokio::time::sleep(wait).await;
            } else {
                self.github.forget_token(self.installation_id, &token).await;
                return Err(GitHubError::Transient(Transient::TokenRefused));
            }
        }
    }

    /// What a 404 below a repository means: GitHub answers the same for a missing part and a missing repository.
    pub(crate) async fn missing(
        &self,
        repo: &RepositoryFullName,
        part: GitHubError,
    ) -> GitHubError {
        match self.repository(repo).await {
            Ok(_) => part,
            Err(error) => error,
        }
    }
}
