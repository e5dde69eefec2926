//! `connector_instance`: configured uses of an account.

use hookyard_domain::ids::{AccountId, InstanceId, WorkspaceId};
use hookyard_domain::target::InstanceStatus;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{Page, PageRequest};
use crate::targets::{Released, release};
use crate::{Db, StoreError, Tx};

mod plugins;
mod seen;

pub use plugins::{ConfiguredPlugin, configured_plugins, set_auto_import};
pub use seen::{OF_EACH_ACCOUNT_MAX, list_within, newest_of_accounts};

/// A configured use of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    pub id: InstanceId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub account_id: AccountId,
    pub name: String,
    pub status: InstanceStatus,
    /// Whether syncs map plugins that are new in the repository; none: in targets that have mappings of plugins.
    pub auto_import_new_plugins: Option<bool>,
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
            auto_import_new_plugins: row.get("auto_import_new_plugins"),
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

/// Locks an instance for the rest of the transaction, so that what is read of it next still holds at the change.
pub async fn lock(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    const SQL: &str = "-- instances::lock
        select 1 as held from connector_instance where id = $1 for no key update";
    tx.row_opt(SQL, &[/* id */ &id.0]).await.map(drop)
}

/// The instance of this id.
pub async fn by_id(db: &impl Db, id: InstanceId) -> Result<Option<Instance>, StoreError> {
    const SQL: &str = "-- instances::by_id
        select instance.id, instance.workspace_id, workspace.slug as workspace, instance.account_id, instance.name,
               instance.status, instance.auto_import_new_plugins, instance.created_at, instance.updated_at
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
               instance.status, instance.auto_import_new_plugins, instance.created_at, instance.updated_at
          from connector_instance instance
          join workspace on workspace.id = instance.workspace_id
         where instance.id < $1
         order by instance.id desc limit 101";
    const OF_WORKSPACE: &str = "-- instances::list (of a workspace)
        select instance.id, instance.workspace_id, workspace.slug as workspace, instance.account_id, instance.name,
               instance.status, instance.auto_import_new_plugins, instance.created_at, instance.updated_at
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

/// The instances of an account, newest first.
pub async fn list_of_account(
    db: &impl Db,
    account: AccountId,
    page: PageRequest<InstanceId>,
) -> Result<Page<Instance, InstanceId>, StoreError> {
    const SQL: &str = "-- instances::list_of_account
        select instance.id, instance.workspace_id, workspace.slug as workspace, instance.account_id, instance.name,
               instance.status, instance.auto_import_new_plugins, instance.created_at, instance.updated_at
          from connector_instance instance
          join workspace on workspace.id = instance.workspace_id
         where instance.id < $1 and instance.account_id = $2
         order by instance.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = db.rows(SQL, &[/* before */ &before, /* account */ &account.0]).await?;
    let items = rows.iter().map(Instance::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// What an instance brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstanceCounts {
    pub target_count: i64,
    pub mapping_count: i64,
    /// Config objects that are there now.
    pub imported_config_object_count: i64,
}

/// Counts what hangs on an instance.
pub async fn counts(db: &impl Db, id: InstanceId) -> Result<InstanceCounts, StoreError> {
    const SQL: &str = "-- instances::counts
        select count(*) as targets, coalesce(sum(mappings), 0)::int8 as mappings,
               coalesce(sum(objects), 0)::int8 as objects
          from connector_target target
          cross join lateral (select count(*) as mappings from connector_mapping where target_id = target.id) mapped
          cross join lateral (select count(*) as objects from source_binding
                               where target_id = target.id and closed_at is null) bound
         where target.instance_id = $1";
    let row = db.row(SQL, &[/* instance */ &id.0]).await?;
    Ok(InstanceCounts {
        target_count: row.get("targets"),
        mapping_count: row.get("mappings"),
        imported_config_object_count: row.get("objects"),
    })
}

/// Renames an instance; fails with the constraint [`NAME_TAKEN`] if the account has another of this name.
pub async fn rename(db: &impl Db, id: InstanceId, name: &str) -> Result<bool, StoreError> {
    const SQL: &str = "-- instances::rename
        update connector_instance set name = $2, updated_at = now() where id = $1 and name <> $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* name */ &name]).await? == 1)
}

/// The constraint that refuses a second instance of a name.
pub const NAME_TAKEN: &str = "connector_instance_name";

/// Sets where an instance stands. False if it stands there already.
pub async fn set_status(
    db: &impl Db,
    id: InstanceId,
    status: InstanceStatus,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- instances::set_status
        update connector_instance set status = $2, updated_at = now() where id = $1 and status <> $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* status */ &status.as_str()]).await? == 1)
}

/// Archives an instance and lets go of its targets: their syncs end, their config objects are deleted.
pub async fn remove(tx: &Tx<'_>, id: InstanceId) -> Result<Released, StoreError> {
    const LOCK: &str = "-- instances::remove (lock targets)
        select id from connector_target where instance_id = $1 order by id for no key update";
    // Before the targets, as disconnecting the account does it: no sync starts any more.
    set_status(tx, id, InstanceStatus::Archived).await?;
    let rows = tx.rows(LOCK, &[/* instance */ &id.0]).await?;
    let targets: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect();
    release(tx, &targets).await
}

/// Archives the instances of an account; returns how many.
pub async fn archive_of_account(db: &impl Db, account: AccountId) -> Result<u64, StoreError> {
    const SQL: &str = "-- instances::archive_of_account
        update connector_instance set status = 'archived', updated_at = now()
         where account_id = $1 and status <> 'archived'";
    db.execute(SQL, &[/* account */ &account.0]).await
}
