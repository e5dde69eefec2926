//! What hangs on an account.

use hookyard_domain::ids::AccountId;

use crate::{Db, StoreError};

/// What hangs on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountCounts {
    /// Those that are not archived.
    pub instances: i64,
    pub targets: i64,
    pub mappings: i64,
    /// Config objects that are there now.
    pub objects: i64,
}

/// Counts what hangs on an account.
pub async fn counts(db: &impl Db, id: AccountId) -> Result<AccountCounts, StoreError> {
    const SQL: &str = "-- accounts::counts
        select (select count(*) from connector_instance where account_id = $1 and status <> 'archived') as instances,
               count(*) as targets, coalesce(sum(mappings), 0)::int8 as mappings,
               coalesce(sum(objects), 0)::int8 as objects
          from connector_instance instance
          join connector_target target on target.instance_id = instance.id
          cross join lateral (select count(*) as mappings from connector_mapping where target_id = target.id) mapped
          cross join lateral (select count(*) as objects from source_binding
                               where target_id = target.id and closed_at is null) bound
         where instance.account_id = $1";
    let row = db.row(SQL, &[/* account */ &id.0]).await?;
    Ok(AccountCounts {
        instances: row.get("instances"),
        targets: row.get("targets"),
        mappings: row.get("mappings"),
        objects: row.get("objects"),
    })
}
