//! The plugins of an instance, and whether new ones come by themselves.

use hookyard_domain::ids::{InstanceId, TargetId};
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::{Db, StoreError, Tx};

/// A plugin of which a target has mappings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfiguredPlugin {
    /// What the discovery calls it.
    pub key: String,
    pub target_id: TargetId,
    pub mapping_count: i64,
}

/// Says whether syncs of an instance map plugins that are new in the repository; none: in targets that have plugins.
/// False if it was so already.
///
/// Its targets look for plugins afresh, those included that were there before.
pub async fn set_auto_import(
    tx: &Tx<'_>,
    id: InstanceId,
    to: Option<bool>,
) -> Result<bool, StoreError> {
    const SET: &str = "-- instances::set_auto_import
        update connector_instance set auto_import_new_plugins = $2, updated_at = now()
         where id = $1 and auto_import_new_plugins is distinct from $2";
    const FORGET: &str = "-- instances::forget_plugins_seen
        update connector_target set plugins_seen = null where instance_id = $1 and plugins_seen is not null";
    let changed = tx.execute(SET, &[/* id */ &id.0, /* to */ &to]).await? == 1;
    if changed {
        tx.execute(FORGET, &[/* instance */ &id.0]).await?;
    }
    Ok(changed)
}

/// The plugins of an instance, by target and key, the first 200.
pub async fn configured_plugins(
    db: &impl Db,
    id: InstanceId,
) -> Result<Vec<ConfiguredPlugin>, StoreError> {
    const SQL: &str = "-- instances::configured_plugins
        select mapping.target_id, mapping.plugin_key, count(*) as mappings
          from connector_target target
          join connector_mapping mapping on mapping.target_id = target.id and mapping.plugin_key is not null
         where target.instance_id = $1
         group by mapping.target_id, mapping.plugin_key
         order by mapping.target_id, mapping.plugin_key limit 200";
    let rows = db.rows(SQL, &[/* instance */ &id.0]).await?;
    let read = |row: &Row| ConfiguredPlugin {
        key: row.get("plugin_key"),
        target_id: TargetId(row.get("target_id")),
        mapping_count: row.get("mappings"),
    };
    Ok(rows.iter().map(read).collect())
}
