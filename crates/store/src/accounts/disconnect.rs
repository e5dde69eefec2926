//! Disconnecting an account with everything that hangs on it, in one transaction.

use hookyard_domain::ids::AccountId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::targets::{Released, release};
use crate::{Db, StoreError, Tx, instances};

/// What went with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Disconnected {
    pub instances_archived: u64,
    pub syncs_ended: u64,
    pub objects_deleted: u64,
}

/// Disconnects an account; none if it was already, or is not there.
pub async fn disconnect(tx: &Tx<'_>, id: AccountId) -> Result<Option<Disconnected>, StoreError> {
    const MARK: &str = "-- accounts::disconnect (mark)
        update connector_account set status = 'disconnected', updated_at = now()
         where id = $1 and status <> 'disconnected'";
    const LOCK: &str = "-- accounts::disconnect (lock targets)
        select target.id
          from connector_target target
          join connector_instance instance on instance.id = target.instance_id
         where instance.account_id = $1
         order by target.id for no key update of target";
    if tx.execute(MARK, &[/* id */ &id.0]).await? == 0 {
        return Ok(None);
    }
    let rows = tx.rows(LOCK, &[/* account */ &id.0]).await?;
    let targets: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect();
    let Released { syncs_ended, objects_deleted } = release(tx, &targets).await?;
    let instances_archived = instances::archive_of_account(tx, id).await?;
    Ok(Some(Disconnected { instances_archived, syncs_ended, objects_deleted }))
}
