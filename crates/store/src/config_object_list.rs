//! Reading `config_object` and `config_object_version`: what the syncs brought in.

use hookyard_domain::config_object::{ObjectStatus, ObjectType};
use hookyard_domain::ids::{
    ConfigObjectId, InstanceId, SyncEventId, TargetId, VersionId, WorkspaceId,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

mod pages;

/// Which config objects are listed. Filters narrow each other.
#[derive(Debug, Clone, Default)]
pub struct ConfigObjectFilter {
    pub workspace: Option<WorkspaceId>,
    pub target: Option<TargetId>,
    /// Only what belongs to one of these, such as those that a member may see.
    pub instances: Option<Vec<InstanceId>>,
    pub object_type: Option<ObjectType>,
    pub status: Option<ObjectStatus>,
    /// Exactly this path.
    pub path: Option<String>,
}

/// A file brought in by a sync.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigObject {
    pub id: ConfigObjectId,
    #[serde(skip)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub target_id: TargetId,
    pub object_type: ObjectType,
    pub path: String,
    pub status: ObjectStatus,
    pub title: String,
    pub description: Option<String>,
    pub current_version_id: VersionId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ConfigObject {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ConfigObjectId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            target_id: TargetId(row.get("target_id")),
            object_type: row.get::<_, &str>("object_type").parse()?,
            path: row.get("path"),
            status: row.get::<_, &str>("status").parse()?,
            title: row.get("title"),
            description: row.get("description"),
            current_version_id: VersionId(row.get("current_version_id")),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
        })
    }
}

/// One version of a config object.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConfigObjectVersion)]
pub struct Version {
    pub id: VersionId,
    pub number: i32,
    pub sync_event_id: SyncEventId,
    pub commit_sha: String,
    /// None for the version that says that the file is gone.
    pub blob_sha: Option<String>,
    pub deleted: bool,
    pub title: String,
    pub description: Option<String>,
    pub metadata: Option<Value>,
    pub created_at: Timestamp,
}

/// Config objects, newest first.
pub async fn list(
    db: &impl Db,
    filter: &ConfigObjectFilter,
    page: PageRequest<ConfigObjectId>,
) -> Result<Page<ConfigObject, ConfigObjectId>, StoreError> {
    let ids = pages::ids(db, filter, page.bound(|id| id.0)).await?;
    let ids = page.cut_walked(ids, ConfigObjectId);
    Ok(Page { items: by_ids(db, &ids.items).await?, next_cursor: ids.next_cursor })
}

/// The config object of this id.
pub async fn by_id(db: &impl Db, id: ConfigObjectId) -> Result<Option<ConfigObject>, StoreError> {
    Ok(by_ids(db, &[id.0]).await?.pop())
}

async fn by_ids(db: &impl Db, ids: &[Uuid]) -> Result<Vec<ConfigObject>, StoreError> {
    const SQL: &str = "-- config_object_list::by_ids
        select object.id, object.workspace_id, workspace.slug as workspace, object.target_id, object.object_type,
               object.path, object.status, object.title, object.description, object.current_version_id,
               object.created_at, object.updated_at
          from config_object object
          join workspace on workspace.id = object.workspace_id
         where object.id = any($1)
         order by object.id desc";
    let rows = db.rows(SQL, &[/* ids */ &ids]).await?;
    rows.iter().map(ConfigObject::read).collect()
}

/// The newest 101 versions of a config object, newest first.
pub async fn versions(db: &impl Db, id: ConfigObjectId) -> Result<Vec<Version>, StoreError> {
    const SQL: &str = "-- config_object_list::versions
        select id, number, sync_event_id, commit_sha, blob_sha, deleted, title, description, metadata, created_at
          from config_object_version
         where config_object_id = $1
         order by number desc limit 101";
    let rows = db.rows(SQL, &[/* id */ &id.0]).await?;
    let read = |row: &Row| Version {
        id: VersionId(row.get("id")),
        number: row.get("number"),
        sync_event_id: SyncEventId(row.get("sync_event_id")),
        commit_sha: row.get("commit_sha"),
        blob_sha: row.get("blob_sha"),
        deleted: row.get("deleted"),
        title: row.get("title"),
        description: row.get("description"),
        metadata: row.get("metadata"),
        created_at: row.get("created_at"),
    };
    Ok(rows.iter().map(read).collect())
}

/// The text of a config object's current version; none when its file is gone.
pub async fn content(db: &impl Db, id: ConfigObjectId) -> Result<Option<Vec<u8>>, StoreError> {
    const SQL: &str = "-- config_object_list::content
        select blob.content
          from config_object object
          join config_object_version version on version.id = object.current_version_id
          join blob on blob.workspace_id = object.workspace_id and blob.sha = version.blob_sha
         where object.id = $1";
    Ok(db.row_opt(SQL, &[/* id */ &id.0]).await?.map(|row| row.get("content")))
}
