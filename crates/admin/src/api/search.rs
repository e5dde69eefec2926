//! `search`: a record by whatever somebody has of it.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ApiError, Doc, Query, item};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::search::{self as operation, Found, Scope};
use crate::routes::Routes;

/// The route of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("search").get(
        "/v1/workspaces/{slug}/search",
        Need::Member,
        search,
        Doc::item::<Found>(
            "Find by an id, a SHA, a provider's delivery id, a repository or a path, up to ten of a kind",
        )
        .query::<SearchQuery>(),
    )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SearchQuery {
    /// What somebody has: `reading` says how it was understood.
    #[param(min_length = 1, max_length = 500)]
    q: String,
}

async fn search(State(app): State<App>, asked: Asked, Query(query): Query<SearchQuery>) -> Answer {
    let conn = app.store.conn().await?;
    let instances = asked.instances(&conn).await?;
    drop(conn);
    let scope = Scope { workspace: asked.workspace().id, instances };
    let found = operation::search(&app.store, &scope, &query.q).await?;
    item(&found.ok_or_else(|| ApiError::field("q", "q: 1 to 500 characters to look for"))?)
}
