//! `config-objects`: files that syncs brought in.

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse as _;
use hookyard_domain::config_object::{ObjectStatus, ObjectType};
use hookyard_domain::ids::{ConfigObjectId, TargetId};
use hookyard_domain::role::InstanceRole;
use hookyard_store::config_object_list::{self, ConfigObject, ConfigObjectFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, Doc, InPath, Query, item, list as listed, page_of};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::config_objects::{self as operation, ConfigObjectView};
use crate::routes::Routes;

const VIEWER: Need = Need::Instance(InstanceRole::Viewer);

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("config-objects")
        .get(
            "/v1/workspaces/{slug}/config-objects",
            Need::Member,
            list,
            Doc::list::<ConfigObject>("List config objects, newest first").query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/config-objects/{config_object}",
            VIEWER,
            show,
            Doc::item::<ConfigObjectView>("Show a config object and its newest versions"),
        )
        .get(
            "/v1/workspaces/{slug}/config-objects/{config_object}/content",
            VIEWER,
            content,
            Doc::bytes("Download the file as it is now", "application/octet-stream"),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    target: Option<TargetId>,
    #[serde(rename = "type")]
    object_type: Option<ObjectType>,
    status: Option<ObjectStatus>,
    /// Exactly this path.
    path: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<ConfigObjectId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    let filter = ConfigObjectFilter {
        workspace: Some(asked.workspace().id),
        target: query.target,
        instances: asked.instances(&conn).await?,
        object_type: query.object_type,
        status: query.status,
        path: query.path,
    };
    listed(&config_object_list::list(&conn, &filter, page).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<ConfigObjectId>) -> Answer {
    item(&operation::show(&app.store, id).await?)
}

/// Bytes from outside: a browser is to keep them, and neither to guess what they are nor to show them.
async fn content(State(app): State<App>, InPath(id): InPath<ConfigObjectId>) -> Answer {
    let bytes = operation::content(&app.store, id).await?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{id}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
