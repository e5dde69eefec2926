//! `sync-events`: the records of reconciliations.

use axum::extract::State;
use hookyard_domain::ids::{SyncEventId, TargetId};
use hookyard_domain::role::InstanceRole;
use hookyard_domain::sync_event::SyncStatus;
use hookyard_store::sync_event_list::{self, Search, SyncEvent, SyncEventFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ApiError, Because, Doc, InPath, Query, item, list as listed, page_of, queued};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations;
use crate::operations::sync_events::{self as operation, FILES_MAX, FileCursor, SyncEventView};
use crate::operations::targets::QueuedSync;
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("sync-events")
        .get(
            "/v1/workspaces/{slug}/sync-events",
            Need::Member,
            list,
            Doc::list::<SyncEvent>("List sync events, newest first").query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/sync-events/{sync_event}",
            Need::Instance(InstanceRole::Viewer),
            show,
            Doc::item::<SyncEventView>("Show a sync event and its files").query::<FilesQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/sync-events/{sync_event}/story",
            Need::Instance(InstanceRole::Viewer),
            story,
            Doc::item::<serde_json::Value>("Tell what happened, step by step")
                .query::<StoryQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/sync-events/{sync_event}/retry",
            Need::Instance(InstanceRole::Editor),
            retry,
            Doc::queued::<QueuedSync>("Run a sync once more, as a new sync event").because(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    status: Option<SyncStatus>,
    target: Option<TargetId>,
    /// The type of the event behind it, such as `github.push`, or the trigger.
    event_type: Option<String>,
    /// A delivery id, 7 to 40 characters of a SHA, or a repository.
    q: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<SyncEventId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let conn = app.store.conn().await?;
    let filter = SyncEventFilter {
        workspace: Some(asked.workspace().id),
        target: query.target,
        instances: asked.instances(&conn).await?,
        statuses: query.status.into_iter().collect(),
        event_type: query.event_type,
        search: query.q.as_deref().map(Search::parse),
        ..SyncEventFilter::default()
    };
    let page = page_of(query.limit, query.cursor)?;
    listed(&sync_event_list::list(&conn, &filter, page).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FilesQuery {
    /// The most files to show.
    #[param(minimum = 1, maximum = 1000)]
    files: Option<u16>,
    /// Where the page of files before this one ended.
    files_cursor: Option<String>,
}

async fn show(
    State(app): State<App>,
    InPath(id): InPath<SyncEventId>,
    Query(query): Query<FilesQuery>,
) -> Answer {
    let after = query.files_cursor.map(|text| text.parse::<FileCursor>()).transpose();
    let after = after.map_err(|error| ApiError::field("filesCursor", error))?;
    let files = files_of(query.files)?;
    item(&operation::show(&app.store, id, files, after.as_ref()).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoryQuery {
    /// The most files to tell of.
    #[param(minimum = 1, maximum = 1000)]
    files: Option<u16>,
}

async fn story(
    State(app): State<App>,
    InPath(id): InPath<SyncEventId>,
    Query(query): Query<StoryQuery>,
) -> Answer {
    let files = files_of(query.files)?;
    item(&operations::story::sync_event(&app.store, id, files).await?)
}

fn files_of(files: Option<u16>) -> Result<u16, ApiError> {
    let files = files.unwrap_or(FILES_MAX);
    if (1..=FILES_MAX).contains(&files) {
        Ok(files)
    } else {
        Err(ApiError::field("files", format!("files: 1 to {FILES_MAX}")))
    }
}

async fn retry(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<SyncEventId>,
    Because(reason): Because,
) -> Answer {
    queued(&operation::retry(&app.store, &asked.actor(reason), id).await?)
}
