//! `connector_account`: GitHub App installations.

use hookyard_domain::ids::{AccountId, WorkspaceId};
use hookyard_domain::target::AccountStatus;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError, Tx};

mod counts;
mod disconnect;

pub use counts::{AccountCounts, counts};
pub use disconnect::{Disconnected, disconnect};

/// An installation to be added.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub id: AccountId,
    pub workspace: WorkspaceId,
    pub installation_id: i64,
    pub login: String,
}

/// A GitHub App installation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub id: AccountId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub connector_type: String,
    pub installation_id: i64,
    pub login: String,
    pub status: AccountStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Account {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: AccountId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            connector_type: row.get("connector_type"),
            installation_id: row.get("installation_id"),
            login: row.get("login"),
            status: row.get::<_, &str>("status").parse()?,
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
        })
    }
}

/// Whether another workspace has an account of this installation, disconnected ones included.
///
/// Until the transaction ends nobody else is told so of the same installation: of two that claim it at once, one waits.
pub async fn is_held_elsewhere(
    tx: &Tx<'_>,
    installation_id: i64,
    workspace: WorkspaceId,
) -> Result<bool, StoreError> {
    const LOCK: &str = "-- accounts::lock_installation
        select pg_advisory_xact_lock(hashtextextended('hookyard_installation', $1))";
    const SQL: &str = "-- accounts::is_held_elsewhere
        select exists (select 1 from connector_account
                        where installation_id = $1 and workspace_id <> $2) as held";
    tx.row(LOCK, &[/* installation */ &installation_id]).await?;
    let row =
        tx.row(SQL, &[/* installation */ &installation_id, /* workspace */ &workspace.0]).await?;
    Ok(row.get("held"))
}

/// Adds an account, or makes a disconnected one of the same installation active again; returns its id.
///
/// None if the workspace has an account of this installation that is not disconnected.
pub async fn insert(db: &impl Db, account: &NewAccount) -> Result<Option<AccountId>, StoreError> {
    const SQL: &str = "-- accounts::insert
        insert into connector_account (id, workspace_id, connector_type, installation_id, login, status)
        values ($1, $2, 'github', $3, $4, 'active')
        on conflict (workspace_id, connector_type, installation_id) do update
           set status = 'active', login = excluded.login, updated_at = now()
         where connector_account.status = 'disconnected'
        returning id";
    let row = db
        .row_opt(
            SQL,
            &[
                /* id */ &account.id.0,
                /* workspace */ &account.workspace.0,
                /* installation */ &account.installation_id,
                /* login */ &account.login,
            ],
        )
        .await?;
    Ok(row.map(|row| AccountId(row.get("id"))))
}

/// Makes a disconnected account active again. False if it is not disconnected.
pub async fn reconnect(db: &impl Db, id: AccountId) -> Result<bool, StoreError> {
    const SQL: &str = "-- accounts::reconnect
        update connector_account set status = 'active', updated_at = now() where id = $1 and status = 'disconnected'";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}

/// The account of this id.
pub async fn by_id(db: &impl Db, id: AccountId) -> Result<Option<Account>, StoreError> {
    const SQL: &str = "-- accounts::by_id
        select account.id, account.workspace_id, workspace.slug as workspace, account.connector_type,
               account.installation_id, account.login, account.status, account.created_at, account.updated_at
          from connector_account account
          join workspace on workspace.id = account.workspace_id
         where account.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Account::read).transpose()
}

/// The accounts of one workspace, or all.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<AccountId>,
) -> Result<Page<Account, AccountId>, StoreError> {
    const ALL: &str = "-- accounts::list (all)
        select account.id, account.workspace_id, workspace.slug as workspace, account.connector_type,
               account.installation_id, account.login, account.status, account.created_at, account.updated_at
          from connector_account account
          join workspace on workspace.id = account.workspace_id
         where account.id < $1
         order by account.id desc limit 101";
    const OF_WORKSPACE: &str = "-- accounts::list (of a workspace)
        select account.id, account.workspace_id, workspace.slug as workspace, account.connector_type,
               account.installation_id, account.login, account.status, account.created_at, account.updated_at
          from connector_account account
          join workspace on workspace.id = account.workspace_id
         where account.id < $1 and account.workspace_id = $2
         order by account.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(Account::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}
