//! GitHub, asked on behalf of whoever sets up what is tracked.

mod heads;

use hookyard_domain::target::RepositoryFullName;
use hookyard_github::{
    AppKey, BranchHead, Clock, GitHub, GitHubError, ObjectId, Session, Settings, SetupError,
};
use hookyard_store::{Store, github_app};
use hookyard_vault::{KeyRing, Label};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use super::OperationError;

pub(super) use heads::{Branch, Head, cut_off};

/// Asks GitHub as the deployment's App. The installations' tokens live in its client, so it is made once and kept.
pub struct GitHubAccess {
    store: Store,
    ring: KeyRing,
    settings: Settings,
    clock: Clock,
    made: Mutex<Option<(Timestamp, GitHub)>>,
    trees: heads::Trees,
}

impl std::fmt::Debug for GitHubAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GitHubAccess")
    }
}

impl GitHubAccess {
    /// `ring` opens the App's key.
    pub fn new(store: Store, ring: KeyRing, settings: Settings, clock: Clock) -> Self {
        Self {
            store,
            ring,
            settings,
            clock,
            made: Mutex::default(),
            trees: heads::Trees::default(),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// A piece of work for one installation.
    pub(super) async fn session(&self, installation_id: i64) -> Result<Session, OperationError> {
        Ok(self.client().await?.session(installation_id))
    }

    /// The client for the App as it is set up now.
    pub(super) async fn client(&self) -> Result<GitHub, OperationError> {
        let app = {
            let conn = self.store.conn().await?;
            github_app::current(&conn).await?
        };
        let app = app.ok_or_else(|| {
            unusable("no GitHub App is set up; run `hookyard-admin github app set`".to_owned())
        })?;
        let mut made = self.made.lock().await;
        if let Some((_, client)) = made.as_ref().filter(|(from, _)| *from == app.updated_at) {
            return Ok(client.clone());
        }
        let label = Label { table: github_app::TABLE, row: app.id, column: github_app::COLUMN };
        let opened = self.ring.open(&label, &app.private_key_sealed).map_err(|_| {
            unusable("the GitHub App's key cannot be opened; check HOOKYARD_VAULT_KEYS".to_owned())
        })?;
        let pem = std::str::from_utf8(opened.expose_secret())
            .map_err(|_| unusable("the GitHub App's key is not text".to_owned()))?;
        let key = AppKey { app_id: app.app_id.to_string(), private_key: SecretString::from(pem) };
        let client =
            GitHub::new(&self.settings, &key, self.clock.clone()).map_err(|error| match error {
                // Its cause may quote the key.
                SetupError::PrivateKey(_) | SetupError::ApiUrl | SetupError::HttpClient(_) => {
                    unusable(format!("the GitHub App cannot be used: {error}"))
                }
            })?;
        *made = Some((app.updated_at, client.clone()));
        Ok(client)
    }
}

fn unusable(message: String) -> OperationError {
    OperationError::GitHub { code: "github_app_not_usable", message }
}

/// Where a branch points; an error if it is not there.
pub(super) async fn head(
    session: &Session,
    repository: &RepositoryFullName,
    branch: &str,
) -> Result<ObjectId, OperationError> {
    match session.branch_head(repository, branch, None).await.map_err(|error| refusal(&error))? {
        BranchHead::At { sha, .. } => Ok(sha),
        BranchHead::Absent => Err(absent(repository, branch)),
        // Nobody asked conditionally.
        BranchHead::Unchanged => Err(failed("GitHub did not answer as it should".to_owned())),
    }
}

fn absent(repository: &RepositoryFullName, branch: &str) -> OperationError {
    OperationError::GitHub {
        code: "github_branch_not_found",
        message: format!("{repository} has no branch {branch:?}"),
    }
}

/// What a failed call means to whoever asked.
pub(super) fn refusal(error: &GitHubError) -> OperationError {
    match error {
        GitHubError::RepositoryGone => OperationError::GitHub {
            code: "github_repository_not_accessible",
            message: "the installation cannot see the repository; check its name, and on GitHub which repositories \
                      the App was given"
                .to_owned(),
        },
        GitHubError::Suspended | GitHubError::InstallationGone => OperationError::GitHub {
            code: "github_installation_not_accessible",
            message: error.to_string(),
        },
        GitHubError::Transient(cause) => failed(format!("{error}: {cause}")),
        GitHubError::RateLimited { .. }
        | GitHubError::BlobGone(_)
        | GitHubError::TreeGone(_)
        | GitHubError::NotPermitted { .. }
        | GitHubError::TooLarge { .. }
        | GitHubError::Unexpected { .. } => failed(error.to_string()),
    }
}

fn failed(message: String) -> OperationError {
    OperationError::GitHub { code: "github_connector_request_failed", message }
}
