use hookyard_domain::target::RepositoryFullName;
use http::StatusCode;
use serde::Deserialize;

use crate::{
    GitHubError, Session,
    transport::{Answer, Call},
};

/// GitHub's largest page.
const PAGE_LEN: usize = 100;
/// Far above what an installation may select; a listing without an end stops here.
const PAGES_MAX: usize = 500;

/// What GitHub says of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repository {
    pub id: i64,
    /// The present name, also when the question used an earlier one.
    pub full_name: String,
    pub default_branch: String,
    #[serde(default)]
    pub archived: bool,
    pub private: bool,
}

impl Session {
    /// A repository by its present or an earlier name.
    pub async fn repository(&self, repo: &RepositoryFullName) -> Result<Repository, GitHubError> {
        described(&self.get(&Call::get("repo", format!("/repos/{repo}"))).await?)
    }

    /// A repository by its id, whatever its name is now.
    pub async fn repository_by_id(&self, id: i64) -> Result<Repository, GitHubError> {
        described(&self.get(&Call::get("repo", format!("/repositories/{id}"))).await?)
    }

    /// All repositories that the installation may read.
    pub async fn repositories(&self) -> Result<Vec<Repository>, GitHubError> {
        #[derive(Deserialize)]
        struct Page {
            repositories: Vec<Repository>,
        }
        let mut all = Vec::new();
        for number in 1..=PAGES_MAX {
            let path = format!("/installation/repositories?per_page={PAGE_LEN}&page={number}");
            let page: Page = self.get(&Call::get("repositories", path)).await?.json()?;
            let last = page.repositories.len() < PAGE_LEN;
            all.extend(page.repositories);
            if last {
                return Ok(all);
            }
        }
        Err(GitHubError::TooLarge {
            what: "the installation's repositories",
            max: (PAGE_LEN * PAGES_MAX) as u64,
        })
    }
}

fn described(answer: &Answer) -> Result<Repository, GitHubError> {
    if answer.status == StatusCode::NOT_FOUND {
        return Err(GitHubError::RepositoryGone);
    }
    answer.json()
}
