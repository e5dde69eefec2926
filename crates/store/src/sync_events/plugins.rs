//! Mapping the plugins that are new in a repository, in the midst of the sync that found them.

use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::{AuditId, MappingId, TargetId};
use hookyard_domain::selector::Selector;
use serde_json::json;
use uuid::Uuid;

use super::start::{SyncWork, mappings};
use super::tracked;
use crate::audit::{self, NewEntry};
use crate::jobs::{self, Ended, Lease};
use crate::mappings::MAPPINGS_MAX;
use crate::targets::{bump_mapping_revision, know_plugins};
use crate::{Conn, Db, StoreError, Tx};

/// What is known of a target's plugins.
#[derive(Debug, Clone, Default)]
pub struct KnownPlugins {
    /// The digest of what they were last looked for in; empty: never.
    pub seen: Vec<u8>,
    /// The keys of those that were offered so far, chosen or not.
    pub offered: Vec<String>,
    /// The keys of those that the target has mappings of.
    pub mapped: Vec<String>,
}

/// A mapping that brings in a part of a plugin.
#[derive(Debug, Clone)]
pub struct PluginMapping {
    pub id: MappingId,
    pub selector: Selector,
    pub object_type: ObjectType,
    pub plugin_key: String,
}

/// What was found at the head.
#[derive(Debug)]
pub struct FoundPlugins<'a> {
    pub sha: &'a str,
    /// The digest of what the plugins were looked for in.
    pub seen: &'a [u8],
    /// The keys of all that have something to bring in.
    pub offered: &'a [&'a str],
    pub mappings: &'a [PluginMapping],
    /// The audit line's.
    pub audit: AuditId,
}

/// Makes those mappings that the target does not have yet, up to [`MAPPINGS_MAX`] in all, and has the sync go on with
/// them; returns how many.
///
/// None, and nothing is made, if the lease ended or somebody changed the target's mappings meanwhile: a sync by those is
/// queued, and looks for itself.
pub async fn import_plugins(
    conn: &mut Conn,
    lease: &Lease,
    work: &mut SyncWork,
    found: &FoundPlugins<'_>,
) -> Result<Option<u64>, StoreError> {
    const REVISION: &str = "-- sync_events::mapping_revision
        select mapping_revision from connector_target where id = $1";
    let tx = conn.begin().await?;
    tracked::lock(&tx, work.target).await?;
    if jobs::lock(&tx, lease).await? == Ended::Fenced {
        return Ok(None);
    }
    let revision: i64 =
        tx.row(REVISION, &[/* target */ &work.target.0]).await?.get("mapping_revision");
    if revision != work.mapping_revision {
        return Ok(None);
    }
    let made = insert(&tx, work, found.mappings).await?;
    know_plugins(&tx, work.target, found.seen, found.offered).await?;
    let revision = revise(&tx, work, !made.is_empty()).await?;
    if !made.is_empty() {
        record(&tx, work, found, &made, revision).await?;
    }
    let enlarged = mappings(&tx, work.target).await?;
    tx.commit().await?;
    work.mapping_revision = revision;
    work.mappings = enlarged;
    Ok(Some(made.len() as u64))
}

/// What is known of a target's plugins, where new ones come by themselves.
pub(super) async fn known(
    tx: &Tx<'_>,
    target: TargetId,
) -> Result<Option<KnownPlugins>, StoreError> {
    const SQL: &str = "-- sync_events::known_plugins
        select coalesce(target.plugins_seen, '') as seen, target.plugins_known as offered, plugins.mapped
          from connector_target target
          join connector_instance instance on instance.id = target.instance_id
          cross join lateral (select array(select distinct plugin_key from connector_mapping
                                            where target_id = target.id and plugin_key is not null) as mapped) plugins
         where target.id = $1 and coalesce(instance.auto_import_new_plugins, plugins.mapped <> '{}')";
    let row = tx.row_opt(SQL, &[/* target */ &target.0]).await?;
    Ok(row.map(|row| KnownPlugins {
        seen: row.get("seen"),
        offered: row.get("offered"),
        mapped: row.get("mapped"),
    }))
}

async fn insert(
    tx: &Tx<'_>,
    work: &SyncWork,
    wanted: &[PluginMapping],
) -> Result<Vec<Uuid>, StoreError> {
    const SQL: &str = "-- sync_events::map_plugins
        insert into connector_mapping (id, workspace_id, target_id, selector, object_type, plugin_key)
        select id, $2, $1, selector, object_type, plugin_key
          from unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) with ordinality
            as wanted (id, selector, object_type, plugin_key, n)
         where not exists (select from connector_mapping mapping
                            where mapping.target_id = $1 and mapping.selector = wanted.selector)
         order by n
         limit greatest(0, $7 - (select count(*) from connector_mapping where target_id = $1))
            on conflict (target_id, selector) do nothing
     returning id";
    let ids: Vec<Uuid> = wanted.iter().map(|it| it.id.0).collect();
    let selectors: Vec<&str> = wanted.iter().map(|it| it.selector.as_str()).collect();
    let types: Vec<&str> = wanted.iter().map(|it| it.object_type.as_str()).collect();
    let keys: Vec<&str> = wanted.iter().map(|it| &*it.plugin_key).collect();
    let rows = tx
        .rows(
            SQL,
            &[
                /* target */ &work.target.0,
                /* workspace */ &work.workspace.0,
                /* ids */ &ids,
                /* selectors */ &selectors,
                /* types */ &types,
                /* plugins */ &keys,
                /* at most */ &MAPPINGS_MAX,
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("id")).collect())
}

/// Gives target and sync a new revision where mappings were made; returns the revision.
async fn revise(tx: &Tx<'_>, work: &SyncWork, is_enlarged: bool) -> Result<i64, StoreError> {
    const EVENT: &str = "-- sync_events::revise
        update sync_event set mapping_revision = $2 where id = $1 and status = 'running'";
    if !is_enlarged {
        return Ok(work.mapping_revision);
    }
    let revision = bump_mapping_revision(tx, work.target).await?;
    tx.execute(EVENT, &[/* id */ &work.sync_event.0, /* revision */ &revision]).await?;
    Ok(revision)
}

async fn record(
    tx: &Tx<'_>,
    work: &SyncWork,
    found: &FoundPlugins<'_>,
    made: &[Uuid],
    revision: i64,
) -> Result<(), StoreError> {
    let made: Vec<_> = found
        .mappings
        .iter()
        .filter(|it| made.contains(&it.id.0))
        .map(|it| {
            json!({ "id": it.id, "selector": it.selector.as_str(), "objectType": it.object_type.as_str(),
                    "pluginKey": it.plugin_key })
        })
        .collect();
    let after = json!({ "headSha": found.sha, "syncEventId": work.sync_event, "mappings": made,
                        "mappingRevision": revision });
    let entry = NewEntry {
        id: found.audit,
        workspace: Some(work.workspace),
        actor: "worker",
        action: "connector_target.auto_import",
        subject: &work.target.to_string(),
        reason: None,
        before: None,
        after: Some(&after),
    };
    audit::insert(tx, &entry).await
}
