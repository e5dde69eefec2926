//! Config objects: read.

use hookyard_domain::ids::ConfigObjectId;
use hookyard_store::config_object_list::{self, ConfigObject, Version};
use hookyard_store::{Db, Store};
use serde::Serialize;
use utoipa::ToSchema;

use super::OperationError;

/// A config object and its newest versions.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigObjectView {
    #[serde(flatten)]
    pub object: ConfigObject,
    pub versions: Vec<Version>,
}

/// A config object and its newest versions.
pub async fn show(store: &Store, id: ConfigObjectId) -> Result<ConfigObjectView, OperationError> {
    let conn = store.conn().await?;
    let object = require(&conn, id).await?;
    Ok(ConfigObjectView { versions: config_object_list::versions(&conn, id).await?, object })
}

/// The bytes of a config object's current version.
pub async fn content(store: &Store, id: ConfigObjectId) -> Result<Vec<u8>, OperationError> {
    let conn = store.conn().await?;
    let object = require(&conn, id).await?;
    let content = config_object_list::content(&conn, id).await?;
    content.ok_or_else(|| {
        OperationError::conflict(format!("{id} is {}; it has no content", object.status))
    })
}

async fn require(db: &impl Db, id: ConfigObjectId) -> Result<ConfigObject, OperationError> {
    let found = config_object_list::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("config object", &id))
}
