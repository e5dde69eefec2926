//! `connector_instance`: configured uses of an account.

use hookyard_domain::ids::{AccountId, InstanceId, WorkspaceId};
use hookyard_domain::target::InstanceStatus;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// A configured use of an account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    pub id: InstanceId,
    #[serde(skip)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub account_id: AccountId,
    pub name: String,
    pub status: InstanceStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Instance {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: InstanceId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            account_id: AccountId(row.get("account_id")),
            name: row.get("name"),
            status: row.get::<_, &str>("status").parse()?,
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
        })
    }
}

/// Adds an active instance to an account, in the account's workspace, or makes the archived one of this name active
/// again; returns its id.
///
/// None if the account has one of this name that is not archived.
pub async fn insert(
    db: &impl Db,
    id: InstanceId,
    account: AccountId,
    name: &str,
) -> Result<Option<InstanceId>, StoreError> {
    const SQL: &str = "-- instances::insert
        insert into connector_instance (id, workspace_id, account_id, name, status)
        select $1, workspace_id, id, $3, 'active' from connector_account where id = $2
        on conflict (account_id, name) do update set status = 'active', updated_at = now()
         where connector_instance.status = 'archived'
        returning id";
    let row =
        db.row_opt(SQL, &[/* id */ &id.0, /* account */ &account.0, /* name */ &name]).await?;
    Ok(row.map(|row| InstanceId(row.get("id"))))
}

/// The instance of this id.
pub async fn by_id(db: &impl Db, id: InstanceId) -> Result<Option<Instance>, StoreError> {
    const SQL: &str = "-- instances::by_id
        select instance.id, instance.workspace_id, workspace.slug as workspace, instance.account_id, instance.name,
               instance.status, instance.created_at, instance.updated_at
          from connector_instance instance
          join workspace on workspace.id = instance.workspace_id
         where instance.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Instance::read).transpose()
}

/// The instances of one workspace, or all.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<InstanceId>,
) -> Result<Page<Instance, InstanceId>, StoreError> {
    const ALL: &str = "-- instances::list (all)
        select instance.id, instance.workspace_id, workspace.slug as workspace, instance.account_id, instance.name,
               instance.status, instance.created_at, instance.updated_at
          from connector_instance instance
          join workspace on workspace.id = instance.workspace_id
         where instance.id < $1
         order by instance.id desc limit 101";
    const OF_WORKSPACE: &str = "-- instances::list (of a workspace)
        select instance.id, instance.workspace_id, workspace.slug as workspace, instance.account_id, instance.name,
               instance.status, instance.created_at, instance.updated_at
          from connector_instance instance
          join workspace on workspace.id = instance.workspace_id
         where instance.id < $1 and instance.workspace_id = $2
         order by instance.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(Instance::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// Archives the instances of an account; returns how many.
pub async fn archive_of_account(db: &impl Db, account: AccountId) -> Result<u64, StoreError> {
    const SQL: &str = "-- instances::archive_of_account
        update connector_instance set status = 'archived', updated_at = now()
         where account_id = $1 and status <> 'archived'";
    db.execute(SQL, &[/* account */ &account.0]).await
}
