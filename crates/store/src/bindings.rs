//! Which object each path of a target stands for.

use hookyard_domain::ids::{ConfigObjectId, TargetId};
use hookyard_domain::reconcile::Binding;

use crate::{Db, StoreError};

/// The open bindings of a target. Only the target's running sync changes them.
pub async fn of_target(db: &impl Db, target: TargetId) -> Result<Vec<Binding>, StoreError> {
    const SQL: &str = "-- bindings::of_target
        select path, config_object_id, object_type, blob_sha, parser_version
          from source_binding where target_id = $1 and closed_at is null";
    let rows = db.rows(SQL, &[/* target */ &target.0]).await?;
    rows.iter()
        .map(|row| {
            Ok(Binding {
                path: row.get("path"),
                object: ConfigObjectId(row.get("config_object_id")),
                object_type: row.get::<_, &str>("object_type").parse()?,
                blob_sha: row.get("blob_sha"),
                parser_version: row.get::<_, i32>("parser_version").unsigned_abs(),
            })
        })
        .collect()
}

/// How many paths of a target are bound.
pub async fn count(db: &impl Db, target: TargetId) -> Result<u32, StoreError> {
    const SQL: &str = "-- bindings::count
        select count(*) as bound from source_binding where target_id = $1 and closed_at is null";
    let bound: i64 = db.row(SQL, &[/* target */ &target.0]).await?.get("bound");
    Ok(u32::try_from(bound).unwrap_or(u32::MAX))
}
