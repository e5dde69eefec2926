//! The mappings of chosen plugins, made in one go.

use hookyard_domain::discovery::{PlannedMapping, Plugin};
use hookyard_domain::ids::{MappingId, TargetId};
use hookyard_domain::selector::Selector;
use hookyard_github::discovery_digest;
use hookyard_store::mappings::{self, MAPPINGS_MAX, Mapping};
use hookyard_store::targets::{self as target_rows, Target};
use hookyard_store::{StoreError, Tx};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::look;
use crate::operations::actor::Change;
use crate::operations::github::{Branch, GitHubAccess};
use crate::operations::instances;
use crate::operations::mappings::{self as mapping_operation, ChangedMapping};
use crate::operations::targets::{self, QueuedSync};
use crate::operations::{Actor, OperationError};

/// The most plugins that are chosen at once.
pub const KEYS_MAX: usize = 200;

/// What is to be brought in.
#[derive(Debug, Clone)]
pub struct Apply {
    pub target: TargetId,
    /// The keys of the plugins.
    pub keys: Vec<String>,
    /// The commit at which the caller saw them; none: whatever the branch points at.
    pub head_sha: Option<String>,
    /// Whether plugins that are new in the repository are to come by themselves from now on; none: as it is.
    pub auto_import: Option<bool>,
}

/// A mapping that is wanted, and the plugin that it is of.
struct Wanted {
    plugin_key: String,
    mapping: PlannedMapping,
}

/// What was brought in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppliedDiscovery {
    pub target_id: TargetId,
    /// The commit at which the plugins were looked at.
    pub head_sha: String,
    pub selected_keys: Vec<String>,
    /// The mappings that were made.
    pub created: Vec<Mapping>,
    /// Those whose selectors the target had already.
    pub kept: Vec<Mapping>,
    pub mapping_revision: i64,
    /// None when nothing was made, or the target is not synchronised at present.
    pub sync: Option<QueuedSync>,
    pub warnings: Vec<String>,
}

/// Makes the mappings of the chosen plugins that a target does not have yet, and has it synchronised once.
pub async fn apply(
    github: &GitHubAccess,
    actor: &Actor,
    asked: Apply,
) -> Result<AppliedDiscovery, OperationError> {
    let Apply { target: id, mut keys, head_sha, auto_import } = asked;
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() || keys.len() > KEYS_MAX {
        return Err(OperationError::Invalid(format!(
            "choose 1 to {KEYS_MAX} plugins by their keys, not {}",
            keys.len()
        )));
    }
    let conn = github.store().conn().await?;
    let target = targets::require(&conn, id).await?;
    let branch = Branch::of(&conn, &target).await?;
    drop(conn);
    let (head, discovery) = look(github, &branch).await?;
    if head_sha.is_some_and(|seen| seen != head.sha.to_string()) {
        return Err(OperationError::Stale(format!("{} of {}", branch.name, target.repository)));
    }
    let wanted = wanted(&discovery.discovered_plugins, &keys)?;
    let seen = discovery_digest(&head.files);
    let offered = discovery.discovered_plugins.iter().filter(|it| it.has_something());
    let offered: Vec<&str> = offered.map(|it| &*it.key).collect();
    let mut conn = github.store().conn().await?;
    let tx = conn.begin().await?;
    if let Some(on) = auto_import {
        instances::auto_import(&tx, actor, target.instance_id, Some(on), None).await?;
    }
    // The target's row before its mappings: it is what a starting sync locks before it reads them.
    target_rows::lock(&tx, id).await?;
    let target = targets::require(&tx, id).await?;
    let mut applied = missing(&tx, &target, wanted).await?;
    applied.selected_keys = keys;
    applied.head_sha = head.sha.to_string();
    target_rows::know_plugins(&tx, id, &seen, &offered).await?;
    if applied.created.is_empty() {
        tx.commit().await?;
        return Ok(applied);
    }
    applied.mapping_revision = target_rows::bump_mapping_revision(&tx, id).await?;
    applied.sync = targets::follow(&tx, &target).await?;
    record(&tx, actor, &target, &applied).await?;
    tx.commit().await?;
    Ok(applied)
}

/// The mappings of the chosen plugins, each once.
fn wanted(plugins: &[Plugin], keys: &[String]) -> Result<Vec<Wanted>, OperationError> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for key in keys {
        let plugin = plugins.iter().find(|it| it.key == *key).ok_or_else(|| {
            OperationError::Invalid(format!(
                "the repository offers no plugin {key:?}; look at its discovery again"
            ))
        })?;
        if !plugin.supported {
            let why = plugin.warnings.first().map_or("it is not supported", String::as_str);
            return Err(OperationError::Invalid(format!("{key:?} cannot be brought in: {why}")));
        }
        for mapping in &plugin.mappings {
            if wanted.iter().all(|it| it.mapping.selector != mapping.selector) {
                wanted.push(Wanted { plugin_key: key.clone(), mapping: mapping.clone() });
            }
        }
        if wanted.len() > mappings_max() {
            return Err(too_many());
        }
    }
    Ok(wanted)
}

/// Makes those that are missing.
async fn missing(
    tx: &Tx<'_>,
    target: &Target,
    wanted: Vec<Wanted>,
) -> Result<AppliedDiscovery, OperationError> {
    let existing = mappings::in_order(tx, target.id, MAPPINGS_MAX).await?;
    let mut applied = AppliedDiscovery {
        target_id: target.id,
        head_sha: String::new(),
        selected_keys: Vec::new(),
        created: Vec::new(),
        kept: Vec::new(),
        mapping_revision: target.mapping_revision,
        sync: None,
        warnings: Vec::new(),
    };
    for Wanted { plugin_key, mapping: PlannedMapping { selector, object_type } } in wanted {
        if let Some(kept) = existing.iter().find(|it| it.selector == selector) {
            if kept.object_type != object_type {
                applied.warnings.push(format!(
                    "{selector:?} stays mapped as {}, not as {object_type}",
                    kept.object_type
                ));
            }
            applied.kept.push(kept.clone());
            continue;
        }
        if existing.len() + applied.created.len() >= mappings_max() {
            return Err(too_many());
        }
        let id = MappingId(Uuid::now_v7());
        let parsed: Selector = selector.parse().map_err(StoreError::from)?;
        if mappings::insert(tx, id, target.id, &parsed, object_type, Some(&plugin_key)).await? {
            applied.created.push(mapping_operation::require(tx, id).await?);
        }
    }
    Ok(applied)
}

fn mappings_max() -> usize {
    usize::try_from(MAPPINGS_MAX).unwrap_or(usize::MAX)
}

fn too_many() -> OperationError {
    let message = format!("a target has {MAPPINGS_MAX} mappings at most; choose fewer plugins");
    OperationError::conflict(message)
}

/// A line for the choice, and one for each mapping, as if it had been added alone.
async fn record(
    tx: &Tx<'_>,
    actor: &Actor,
    target: &Target,
    applied: &AppliedDiscovery,
) -> Result<(), OperationError> {
    let change = Change {
        action: "connector_target.apply_discovery",
        workspace: Some(target.workspace_id),
        subject: target.id.to_string(),
        before: None,
        after: Some(json!({
            "headSha": applied.head_sha, "selectedKeys": applied.selected_keys,
            "mappingIds": applied.created.iter().map(|it| it.id).collect::<Vec<_>>(),
            "mappingRevision": applied.mapping_revision, "syncEventId": applied.sync.as_ref().map(|it| it.id),
        })),
    };
    actor.record(tx, change).await?;
    for mapping in &applied.created {
        let changed = ChangedMapping {
            mapping: mapping.clone(),
            mapping_revision: applied.mapping_revision,
            sync: applied.sync.clone(),
        };
        mapping_operation::record(tx, actor, "connector_mapping.add", None, &changed).await?;
    }
    Ok(())
}
