//! The plugins of an instance, and whether new ones come by themselves.

use hookyard_domain::ids::{InstanceId, TargetId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Db, StoreError, Tx};

/// The most plugins of an instance that are read.
pub const PLUGINS_MAX: usize = 200;

/// A plugin of which a target has mappings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfiguredPlugin {
    /// What the discovery calls it.
    pub key: String,
    pub target_id: TargetId,
    pub mapping_count: i64,
}

/// The plugins of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfiguredPlugins {
    /// Whether plugins that are new in a repository are mapped by the sync that finds them: as it was set, or else
    /// whether there are plugins already. Unset, it holds for each target by itself.
    pub auto_import_new_plugins: bool,
    /// By target and key, the first 200.
    pub configured_plugins: Vec<ConfiguredPlugin>,
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

/// The plugins of an instance, up to [`PLUGINS_MAX`].
pub async fn configured_plugins(
    db: &impl Db,
    id: InstanceId,
) -> Result<ConfiguredPlugins, StoreError> {
    const SET: &str = "-- instances::auto_import
        select auto_import_new_plugins as is_set from connector_instance where id = $1";
    const PLUGINS: &str = "-- instances::configured_plugins
        select mapping.target_id, mapping.plugin_key, count(*) as mappings
          from connector_target target
          join connector_mapping mapping on mapping.target_id = target.id and mapping.plugin_key is not null
         where target.instance_id = $1
         group by mapping.target_id, mapping.plugin_key
         order by mapping.target_id, mapping.plugin_key limit 200";
    let row = db.row_opt(SET, &[/* id */ &id.0]).await?;
    let is_set = row.and_then(|row| row.get::<_, Option<bool>>("is_set"));
    let rows = db.rows(PLUGINS, &[/* instance */ &id.0]).await?;
    let configured_plugins: Vec<_> = rows
        .iter()
        .map(|row| ConfiguredPlugin {
            key: row.get("plugin_key"),
            target_id: TargetId(row.get("target_id")),
            mapping_count: row.get("mappings"),
        })
        .collect();
    let auto_import_new_plugins = is_set.unwrap_or(!configured_plugins.is_empty());
    Ok(ConfiguredPlugins { auto_import_new_plugins, configured_plugins })
}
