//! The instances that somebody may see, and those of several accounts at once.

use hookyard_domain::ids::{AccountId, InstanceId, WorkspaceId};
use uuid::Uuid;

use super::Instance;
use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// How many instances of each account [`newest_of_accounts`] reads: one more than a page shows of an account.
pub const OF_EACH_ACCOUNT_MAX: usize = 11;

/// The instances of a workspace, or of one account, that are among these, newest first.
pub async fn list_within(
    db: &impl Db,
    workspace: WorkspaceId,
    account: Option<AccountId>,
    among: &[InstanceId],
    page: PageRequest<InstanceId>,
) -> Result<Page<Instance, InstanceId>, StoreError> {
    const SQL: &str = "-- instances::list_within
        select instance.id, instance.workspace_id, workspace.slug as workspace, instance.account_id, instance.name,
               instance.status, instance.auto_import_new_plugins, instance.created_at, instance.updated_at
          from connector_instance instance
          join workspace on workspace.id = instance.workspace_id
         where instance.id = any($4) and instance.id < $1 and instance.workspace_id = $2
           and ($3::uuid is null or instance.account_id = $3)
         order by instance.id desc limit 101";
    let before = page.bound(|id| id.0);
    let among: Vec<Uuid> = among.iter().map(|id| id.0).collect();
    let rows = db
        .rows(
            SQL,
            &[
                /* before */ &before,
                /* workspace */ &workspace.0,
                /* account */ &account.map(|id| id.0),
                /* among */ &among,
            ],
        )
        .await?;
    let items = rows.iter().map(Instance::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// The newest instances of each of these accounts, up to [`OF_EACH_ACCOUNT_MAX`] of each, newest first; only those
/// among some, if some are given.
pub async fn newest_of_accounts(
    db: &impl Db,
    accounts: &[AccountId],
    among: Option<&[InstanceId]>,
) -> Result<Vec<Instance>, StoreError> {
    const SQL: &str = "-- instances::newest_of_accounts
        select instance.id, instance.workspace_id, workspace.slug as workspace, instance.account_id, instance.name,
               instance.status, instance.auto_import_new_plugins, instance.created_at, instance.updated_at
          from unnest($1::uuid[]) as wanted (account_id)
          cross join lateral (
                select id from connector_instance
                 where account_id = wanted.account_id and coalesce(id = any($2), true)
                 order by id desc limit 11) found
          join connector_instance instance on instance.id = found.id
          join workspace on workspace.id = instance.workspace_id
         order by instance.id desc";
    let accounts: Vec<Uuid> = accounts.iter().map(|id| id.0).collect();
    let among: Option<Vec<Uuid>> = among.map(|them| them.iter().map(|id| id.0).collect());
    let rows = db.rows(SQL, &[/* accounts */ &accounts, /* among */ &among]).await?;
    rows.iter().map(Instance::read).collect()
}
