//! Connector accounts: GitHub App installations.

use hookyard_domain::ids::AccountId;
use hookyard_domain::target::{AccountStatus, RepositoryFullName};
use hookyard_domain::workspace::Slug;
use hookyard_github::Repository;
use hookyard_store::accounts::{self, Account, Disconnected, NewAccount};
use hookyard_store::{Db, Store};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::github::{self, GitHubAccess, refusal};
use super::{Actor, OperationError, Remedy, workspaces};

/// GitHub's longest login, in characters, with room to spare.
const LOGIN_CHARS_MAX: usize = 100;

/// Adds an installation to a workspace, or brings a disconnected one back.
///
/// Installation ids are small numbers that anybody can guess, and whoever has the installation reads its private
/// repositories. So one that another workspace has, or had, is added by an operator only.
pub async fn add(
    store: &Store,
    actor: &Actor,
    workspace: &Slug,
    installation_id: i64,
    login: &str,
) -> Result<Account, OperationError> {
    if installation_id <= 0 {
        return Err(OperationError::Invalid("an installation id is a positive number".to_owned()));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if login.is_empty() || login.len() > LOGIN_CHARS_MAX || !login.chars().all(allowed) {
        return Err(OperationError::Invalid(
            "a login is the GitHub name of a user or an organization: letters, digits, '-'"
                .to_owned(),
        ));
    }
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let workspace = workspaces::require(&tx, workspace).await?;
    if !actor.is_operator && accounts::is_held_elsewhere(&tx, installation_id, workspace.id).await?
    {
        let why = format!(
            "the installation {installation_id} belongs to another workspace of this deployment"
        );
        return Err(OperationError::remediable(why, Remedy::AskOperator));
    }
    let new = NewAccount {
        id: AccountId(Uuid::now_v7()),
        workspace: workspace.id,
        installation_id,
        login: login.to_owned(),
    };
    let Some(id) = accounts::insert(&tx, &new).await? else {
        let why = format!(
            "the workspace {} has the installation {installation_id} already",
            workspace.slug
        );
        return Err(OperationError::remediable(why, Remedy::SeeAccounts));
    };
    let change = Change {
        action: "connector_account.add",
        workspace: Some(workspace.id),
        subject: id.to_string(),
        before: None,
        after: Some(json!({ "installationId": installation_id, "login": login })),
    };
    actor.record(&tx, change).await?;
    let account = require(&tx, id).await?;
    tx.commit().await?;
    Ok(account)
}

/// A disconnected account, and what went with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisconnectedAccount {
    #[serde(flatten)]
    pub account: Account,
    #[serde(flatten)]
    pub gone: Disconnected,
}

/// Disconnects an account: its instances are archived, their config objects deleted. Tombstones and sync events stay,
/// and adding the same installation again brings the account back.
pub async fn disconnect(
    store: &Store,
    actor: &Actor,
    id: AccountId,
) -> Result<DisconnectedAccount, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    let Some(gone) = accounts::disconnect(&tx, id).await? else {
        return Err(OperationError::conflict(format!("{id} is disconnected already")));
    };
    let account = require(&tx, id).await?;
    let change = Change {
        action: "connector_account.disconnect",
        workspace: Some(account.workspace_id),
        subject: id.to_string(),
        before: Some(json!({ "status": before.status })),
        after: Some(json!(gone)),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(DisconnectedAccount { account, gone })
}

/// Brings a disconnected account back. Its instances stay archived until each is enabled.
pub async fn reconnect(
    store: &Store,
    actor: &Actor,
    id: AccountId,
) -> Result<Account, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    if !accounts::reconnect(&tx, id).await? {
        return Err(OperationError::conflict(format!(
            "{id} is {}, not disconnected",
            before.status
        )));
    }
    let account = require(&tx, id).await?;
    let change = Change {
        action: "connector_account.reconnect",
        workspace: Some(account.workspace_id),
        subject: id.to_string(),
        before: Some(json!({ "status": before.status })),
        after: Some(json!({ "status": account.status })),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(account)
}

/// A repository that an installation may read.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountRepository {
    pub repository_id: i64,
    pub full_name: String,
    pub default_branch: String,
    pub archived: bool,
    pub private: bool,
}

impl From<Repository> for AccountRepository {
    fn from(it: Repository) -> Self {
        let Repository { id, full_name, default_branch, archived, private } = it;
        Self { repository_id: id, full_name, default_branch, archived, private }
    }
}

/// All repositories that the account's installation may read, by name: what a target can be made of.
pub async fn repositories(
    github: &GitHubAccess,
    id: AccountId,
) -> Result<Vec<AccountRepository>, OperationError> {
    let account = require_active(&github.store().conn().await?, id).await?;
    let session = github.session(account.installation_id).await?;
    let found = session.repositories().await.map_err(|error| refusal(&error))?;
    let mut found: Vec<AccountRepository> = found.into_iter().map(Into::into).collect();
    found.sort_unstable_by(|a, b| a.full_name.cmp(&b.full_name));
    Ok(found)
}

/// A branch that a target may follow.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidTarget {
    pub ok: bool,
    #[serde(flatten)]
    pub repository: AccountRepository,
    /// The branch that was asked about; else the repository's default branch.
    pub branch: String,
    pub head_sha: String,
}

/// Asks GitHub whether the account's installation may read a repository, and whether the branch is there.
pub async fn validate_target(
    github: &GitHubAccess,
    id: AccountId,
    repository: &RepositoryFullName,
    branch: Option<&str>,
) -> Result<ValidTarget, OperationError> {
    let account = require_active(&github.store().conn().await?, id).await?;
    let session = github.session(account.installation_id).await?;
    let found = session.repository(repository).await.map_err(|error| refusal(&error))?;
    let branch = branch.unwrap_or(&found.default_branch).to_owned();
    super::targets::check_branch(&branch)?;
    // By its present name: an earlier one is answered with a redirect.
    let name: RepositoryFullName = found.full_name.parse().unwrap_or_else(|_| repository.clone());
    let head_sha = github::head(&session, &name, &branch).await?.to_string();
    Ok(ValidTarget { ok: true, repository: found.into(), branch, head_sha })
}

/// The account of this id, which must exist and not be disconnected.
pub(super) async fn require_active(db: &impl Db, id: AccountId) -> Result<Account, OperationError> {
    let account = require(db, id).await?;
    match account.status {
        AccountStatus::Active => Ok(account),
        status @ (AccountStatus::Suspended | AccountStatus::Disconnected) => {
            Err(OperationError::conflict(format!("the account {id} is {status}")))
        }
    }
}

/// The account of this id, which must exist.
pub async fn require(db: &impl Db, id: AccountId) -> Result<Account, OperationError> {
    let found = accounts::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("connector account", &id))
}
