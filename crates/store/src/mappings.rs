//! `connector_mapping`: which files of a target become which config objects.

use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::{MappingId, TargetId, WorkspaceId};
use hookyard_domain::selector::Selector;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// The most mappings that are read of a target at once, and up to which plugins add theirs.
pub const MAPPINGS_MAX: i64 = 1_000;

/// A path selector that turns a target's files into config objects.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mapping {
    pub id: MappingId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub target_id: TargetId,
    pub selector: String,
    pub object_type: ObjectType,
    /// The discovered plugin that it is of; none: it was made by hand.
    pub plugin_key: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Mapping {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: MappingId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            target_id: TargetId(row.get("target_id")),
            selector: row.get("selector"),
            object_type: row.get::<_, &str>("object_type").parse()?,
            plugin_key: row.get("plugin_key"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
        })
    }
}

/// Adds a mapping to a target, in the target's workspace. False if the target has this selector already.
pub async fn insert(
    db: &impl Db,
    id: MappingId,
    target: TargetId,
    selector: &Selector,
    object_type: ObjectType,
    plugin_key: Option<&str>,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- mappings::insert
        insert into connector_mapping (id, workspace_id, target_id, selector, object_type, plugin_key)
        select $1, workspace_id, id, $3, $4, $5 from connector_target where id = $2
        on conflict (target_id, selector) do nothing";
    let inserted = db
        .execute(
            SQL,
            &[
                /* id */ &id.0,
                /* target */ &target.0,
                /* selector */ &selector.as_str(),
                /* object type */ &object_type.as_str(),
                /* plugin */ &plugin_key,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The mapping of this id.
pub async fn by_id(db: &impl Db, id: MappingId) -> Result<Option<Mapping>, StoreError> {
    const SQL: &str = "-- mappings::by_id
        select id, workspace_id, target_id, selector, object_type, plugin_key, created_at, updated_at
          from connector_mapping where id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Mapping::read).transpose()
}

/// The mappings of one target, or all.
pub async fn list(
    db: &impl Db,
    target: Option<TargetId>,
    page: PageRequest<MappingId>,
) -> Result<Page<Mapping, MappingId>, StoreError> {
    const ALL: &str = "-- mappings::list (all)
        select id, workspace_id, target_id, selector, object_type, plugin_key, created_at, updated_at
          from connector_mapping
         where id < $1
         order by id desc limit 101";
    const OF_TARGET: &str = "-- mappings::list (of a target)
        select id, workspace_id, target_id, selector, object_type, plugin_key, created_at, updated_at
          from connector_mapping
         where id < $1 and target_id = $2
         order by id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match target {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_TARGET, &[/* before */ &before, /* target */ &id.0]).await?,
    };
    let items = rows.iter().map(Mapping::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// The mappings of a target in the order in which they are asked which of them selects a path, up to `mappings_max`.
pub async fn in_order(
    db: &impl Db,
    target: TargetId,
    mappings_max: i64,
) -> Result<Vec<Mapping>, StoreError> {
    const SQL: &str = "-- mappings::in_order
        select id, workspace_id, target_id, selector, object_type, plugin_key, created_at, updated_at
          from connector_mapping where target_id = $1 order by created_at, id limit $2";
    let rows = db.rows(SQL, &[/* target */ &target.0, /* at most */ &mappings_max]).await?;
    rows.iter().map(Mapping::read).collect()
}

/// The constraint that refuses a second mapping of a selector.
pub const SELECTOR_TAKEN: &str = "connector_mapping_selector";

/// Changes a mapping; fails with the constraint [`SELECTOR_TAKEN`] if its target has another of this selector.
pub async fn update(
    db: &impl Db,
    id: MappingId,
    selector: &Selector,
    object_type: ObjectType,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- mappings::update
        update connector_mapping set selector = $2, object_type = $3, updated_at = now()
         where id = $1 and (selector <> $2 or object_type <> $3)";
    let changed = db
        .execute(
            SQL,
            &[
                /* id */ &id.0,
                /* selector */ &selector.as_str(),
                /* object type */ &object_type.as_str(),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Removes a mapping. False if it was gone already.
pub async fn remove(db: &impl Db, id: MappingId) -> Result<bool, StoreError> {
    const SQL: &str = "-- mappings::remove
        delete from connector_mapping where id = $1";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}
