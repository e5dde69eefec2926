//! Connector mappings: which files become which config objects. A changed mapping always queues a sync.

mod let_go;
mod preview;

use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::{MappingId, TargetId};
use hookyard_domain::selector::Selector;
use hookyard_store::mappings::{self, Mapping};
use hookyard_store::{Db, Store, StoreError, Tx, targets as target_rows};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::targets::{self, QueuedSync};
use super::{Actor, OperationError};

pub use let_go::{LET_GO_MAX, LetGo, let_go};
pub(super) use preview::kind;
pub use preview::{PREVIEWED_MAX, Preview, PreviewSelector, PreviewedFile, preview};

/// A mapping that was added or removed, and the sync that follows.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedMapping {
    #[serde(flatten)]
    pub mapping: Mapping,
    pub mapping_revision: i64,
    /// None when the target is not synchronised at present.
    pub sync: Option<QueuedSync>,
}

/// Adds a mapping to a target.
pub async fn add(
    store: &Store,
    actor: &Actor,
    target: TargetId,
    selector: &Selector,
    object_type: ObjectType,
) -> Result<ChangedMapping, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let target = targets::require(&tx, target).await?;
    // The target's row first: it is what a starting sync locks before it reads the mappings.
    let mapping_revision = target_rows::bump_mapping_revision(&tx, target.id).await?;
    let id = MappingId(Uuid::now_v7());
    if !mappings::insert(&tx, id, target.id, selector, object_type, None).await? {
        return Err(OperationError::conflict(format!(
            "the target has the selector {} already; remove that mapping first",
            selector.as_str()
        )));
    }
    let mapping = require(&tx, id).await?;
    let changed =
        ChangedMapping { sync: targets::follow(&tx, &target).await?, mapping, mapping_revision };
    record(&tx, actor, "connector_mapping.add", None, &changed).await?;
    tx.commit().await?;
    Ok(changed)
}

/// What is to be changed of a mapping; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateMapping {
    pub selector: Option<Selector>,
    pub object_type: Option<ObjectType>,
}

/// Changes a mapping, if it is as the caller saw it at `expected`; the sync that follows does what that means.
pub async fn update(
    store: &Store,
    actor: &Actor,
    id: MappingId,
    to: UpdateMapping,
    expected: Option<Timestamp>,
) -> Result<ChangedMapping, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    // Whoever changes a mapping locks its target first.
    let target = targets::require(&tx, require(&tx, id).await?.target_id).await?;
    target_rows::lock(&tx, target.id).await?;
    let before = require(&tx, id).await?;
    OperationError::check_fresh(&id, before.updated_at, expected)?;
    let selector = match to.selector {
        Some(selector) => selector,
        None => before.selector.parse().map_err(StoreError::from)?,
    };
    let object_type = to.object_type.unwrap_or(before.object_type);
    if selector.as_str() == before.selector && object_type == before.object_type {
        let mapping_revision = target.mapping_revision;
        return Ok(ChangedMapping { mapping: before, mapping_revision, sync: None });
    }
    let mapping_revision = target_rows::bump_mapping_revision(&tx, target.id).await?;
    let updated = mappings::update(&tx, id, &selector, object_type).await;
    updated.map_err(|error| {
        OperationError::taken(error, mappings::SELECTOR_TAKEN, || {
            format!("the target has the selector {} already", selector.as_str())
        })
    })?;
    let mapping = require(&tx, id).await?;
    let changed =
        ChangedMapping { sync: targets::follow(&tx, &target).await?, mapping, mapping_revision };
    record(&tx, actor, "connector_mapping.update", Some(&before), &changed).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Removes a mapping; the sync that follows deletes the config objects that no other mapping selects.
pub async fn remove(
    store: &Store,
    actor: &Actor,
    id: MappingId,
) -> Result<ChangedMapping, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let mapping = require(&tx, id).await?;
    let target = targets::require(&tx, mapping.target_id).await?;
    let mapping_revision = target_rows::bump_mapping_revision(&tx, target.id).await?;
    if !mappings::remove(&tx, id).await? {
        return Err(OperationError::not_found("connector mapping", &id));
    }
    let changed =
        ChangedMapping { sync: targets::follow(&tx, &target).await?, mapping, mapping_revision };
    record(&tx, actor, "connector_mapping.remove", None, &changed).await?;
    tx.commit().await?;
    Ok(changed)
}

/// The mapping of this id, which must exist.
pub async fn require(db: &impl Db, id: MappingId) -> Result<Mapping, OperationError> {
    let found = mappings::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("connector mapping", &id))
}

pub(super) async fn record(
    tx: &Tx<'_>,
    actor: &Actor,
    action: &'static str,
    before: Option<&Mapping>,
    changed: &ChangedMapping,
) -> Result<(), OperationError> {
    let mapping = &changed.mapping;
    let change = Change {
        action,
        workspace: Some(mapping.workspace_id),
        subject: mapping.id.to_string(),
        before: before.map(|it| json!({ "selector": it.selector, "objectType": it.object_type })),
        after: Some(json!({
            "targetId": mapping.target_id, "selector": mapping.selector, "objectType": mapping.object_type,
            "mappingRevision": changed.mapping_revision, "syncEventId": changed.sync.as_ref().map(|sync| sync.id),
        })),
    };
    actor.record(tx, change).await
}
