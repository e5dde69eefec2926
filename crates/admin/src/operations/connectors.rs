//! Connector accounts (GitHub App installations) and their configured uses.

use hookyard_domain::ids::{AccountId, InstanceId};
use hookyard_domain::target::AccountStatus;
use hookyard_domain::workspace::Slug;
use hookyard_store::accounts::{self, Account, Disconnected, NewAccount};
use hookyard_store::instances::{self, Instance};
use hookyard_store::{Db, Store};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::actor::Change;
use super::workspaces::checked_name;
use super::{Actor, OperationError, workspaces};

/// GitHub's longest login, in characters, with room to spare.
const LOGIN_CHARS_MAX: usize = 100;

/// Adds an installation to a workspace, or brings a disconnected one back.
pub async fn add_account(
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
    let new = NewAccount {
        id: AccountId(Uuid::now_v7()),
        workspace: workspace.id,
        installation_id,
        login: login.to_owned(),
    };
    let Some(id) = accounts::insert(&tx, &new).await? else {
        return Err(OperationError::Conflict(format!(
            "the workspace {} has the installation {installation_id} already; see `hookyard-admin connector account list`",
            workspace.slug
        )));
    };
    let change = Change {
        action: "connector_account.add",
        workspace: Some(workspace.id),
        subject: id.to_string(),
        before: None,
        after: Some(json!({ "installationId": installation_id, "login": login })),
    };
    actor.record(&tx, change).await?;
    let account = require_account(&tx, id).await?;
    tx.commit().await?;
    Ok(account)
}

/// A disconnected account, and what went with it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisconnectedAccount {
    #[serde(flatten)]
    pub account: Account,
    #[serde(flatten)]
    pub gone: Disconnected,
}

/// Disconnects an account: its instances are archived, their config objects deleted. Tombstones and sync events stay,
/// and adding the same installation again brings the account back.
pub async fn disconnect_account(
    store: &Store,
    actor: &Actor,
    id: AccountId,
) -> Result<DisconnectedAccount, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    require_account(&tx, id).await?;
    let Some(gone) = accounts::disconnect(&tx, id).await? else {
        return Err(OperationError::Conflict(format!("{id} is disconnected already")));
    };
    let account = require_account(&tx, id).await?;
    let change = Change {
        action: "connector_account.disconnect",
        workspace: Some(account.workspace_id),
        subject: id.to_string(),
        before: None,
        after: Some(json!(gone)),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(DisconnectedAccount { account, gone })
}

/// The account of this id, which must exist.
pub async fn require_account(db: &impl Db, id: AccountId) -> Result<Account, OperationError> {
    let found = accounts::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("connector account", &id))
}

/// Adds a configured use of an account, or brings the archived one of this name back with its targets and mappings.
pub async fn add_instance(
    store: &Store,
    actor: &Actor,
    account: AccountId,
    name: &str,
) -> Result<Instance, OperationError> {
    let name = checked_name("an instance", name)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let account = require_account(&tx, account).await?;
    if account.status == AccountStatus::Disconnected {
        return Err(OperationError::Conflict(format!(
            "{} is disconnected; add its installation again first, with `hookyard-admin connector account add`",
            account.id
        )));
    }
    let new = InstanceId(Uuid::now_v7());
    let Some(id) = instances::insert(&tx, new, account.id, name).await? else {
        return Err(OperationError::Conflict(format!(
            "the account has an instance of the name {name:?} already; choose another name"
        )));
    };
    let change = Change {
        action: "connector_instance.add",
        workspace: Some(account.workspace_id),
        subject: id.to_string(),
        before: None,
        after: Some(json!({ "accountId": account.id, "name": name })),
    };
    actor.record(&tx, change).await?;
    let instance = require_instance(&tx, id).await?;
    tx.commit().await?;
    Ok(instance)
}

/// The instance of this id, which must exist.
pub async fn require_instance(db: &impl Db, id: InstanceId) -> Result<Instance, OperationError> {
    let found = instances::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("connector instance", &id))
}
