//! The target of a sync: its lock, and whether it may be changed.

use hookyard_domain::ids::{SyncEventId, TargetId};
use hookyard_domain::sync_event::SyncReason;
use hookyard_domain::target::{AccountStatus, InstanceStatus, TargetStatus};
use tokio_postgres::Row;

use crate::{Db, StoreError, Tx};

/// A locked target with what decides about it.
pub(super) struct Tracked {
    pub(super) row: Row,
    pub(super) status: TargetStatus,
    account: AccountStatus,
    instance: InstanceStatus,
}

impl Tracked {
    /// Why nothing of this target is to be reconciled, if so.
    pub(super) fn not_applicable(&self) -> Option<SyncReason> {
        match (self.account, self.instance, self.status) {
            (AccountStatus::Suspended, _, _) => Some(SyncReason::InstallationSuspended),
            (AccountStatus::Disconnected, _, _) | (_, InstanceStatus::Archived, _) => {
                Some(SyncReason::Disconnected)
            }
            (_, InstanceStatus::Disabled, _) | (_, _, TargetStatus::Disabled) => {
                Some(SyncReason::TargetDisabled)
            }
            (_, _, TargetStatus::RepositoryRemoved) => Some(SyncReason::RepositoryRemoved),
            (AccountStatus::Active, InstanceStatus::Active, _) => None,
        }
    }
}

/// The target of a sync event.
pub(super) async fn target_of(
    tx: &Tx<'_>,
    id: SyncEventId,
) -> Result<Option<TargetId>, StoreError> {
    const SQL: &str = "-- sync_events::target_of
        select target_id from sync_event where id = $1";
    Ok(tx.row_opt(SQL, &[/* id */ &id.0]).await?.map(|row| TargetId(row.get("target_id"))))
}

/// Locks the target for the rest of the transaction.
///
/// A sync that is just being parked behind this one is seen, and woken, or sees that it need not wait.
pub(super) async fn lock(tx: &Tx<'_>, target: TargetId) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::lock_target
        select 1 as held from connector_target where id = $1 for no key update";
    tx.row_opt(SQL, &[/* target */ &target.0]).await.map(drop)
}

/// Locks the target unless somebody else has it; false then.
pub(super) async fn try_lock(tx: &Tx<'_>, target: TargetId) -> Result<bool, StoreError> {
    const SQL: &str = "-- sync_events::try_lock_target
        select 1 as held from connector_target where id = $1 for no key update skip locked";
    Ok(tx.row_opt(SQL, &[/* target */ &target.0]).await?.is_some())
}

/// Reads a target that is locked, in a statement of its own: what was committed while the lock was waited for is
/// seen.
pub(super) async fn read(tx: &Tx<'_>, target: TargetId) -> Result<Tracked, StoreError> {
    const SQL: &str = "-- sync_events::tracked
        select target.id, target.workspace_id, target.repository_id, target.repository, target.git_ref,
               target.status, target.mapping_revision, target.applied_sha, target.applied_etag,
               target.applied_mapping_revision, target.applied_parser_version,
               account.installation_id, account.status as account_status, instance.status as instance_status
          from connector_target target
          join connector_instance instance on instance.id = target.instance_id
          join connector_account account on account.id = instance.account_id
         where target.id = $1";
    let row = tx.row(SQL, &[/* target */ &target.0]).await?;
    Ok(Tracked {
        account: row.get::<_, &str>("account_status").parse()?,
        instance: row.get::<_, &str>("instance_status").parse()?,
        status: row.get::<_, &str>("status").parse()?,
        row,
    })
}
