//! `dead-letters`: work that ended for good without success.

use axum::extract::State;
use hookyard_domain::ids::DeadLetterId;
use hookyard_store::dead_letters::{self, DeadLetter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer, ApiError, Because, Doc, InPath, Query, item, list as listed, page_of, plain, queued,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::dead_letters::{self as operation, Settled};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("dead-letters")
        .get(
            "/v1/workspaces/{slug}/dead-letters",
            Need::Admin,
            list,
            Doc::list::<DeadLetter>("List dead letters, newest first").query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/dead-letters/{dead_letter}",
            Need::Admin,
            show,
            Doc::item::<DeadLetter>("Show a dead letter"),
        )
        .post(
            "/v1/workspaces/{slug}/dead-letters/{dead_letter}/replay",
            Need::Admin,
            replay,
            Doc::queued::<Settled>("Have the work done once more, by a new job").because(),
        )
        .post(
            "/v1/workspaces/{slug}/dead-letters/{dead_letter}/drop",
            Need::Admin,
            drop_letter,
            Doc::plain::<Settled>("Let a dead letter be").because(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    /// Also those that were replayed or dropped.
    settled: Option<bool>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<DeadLetterId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let settled = query.settled.unwrap_or_default();
    let conn = app.store.conn().await?;
    listed(&dead_letters::list(&conn, Some(asked.workspace().id), settled, page).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<DeadLetterId>) -> Answer {
    let found = dead_letters::by_id(&app.store.conn().await?, id).await?;
    item(&found.ok_or_else(|| ApiError::not_found("dead letter", &id.to_string()))?)
}

async fn replay(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<DeadLetterId>,
    Because(reason): Because,
) -> Answer {
    queued(&operation::replay(&app.store, &asked.actor(reason), id).await?)
}

async fn drop_letter(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<DeadLetterId>,
    Because(reason): Because,
) -> Answer {
    plain(&operation::drop_letter(&app.store, &asked.actor(reason), id).await?)
}
