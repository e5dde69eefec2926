//! `replays`: many deliveries once more, counted first, then paced.

use axum::extract::State;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{ConnectionId, OauthClientId, ReplayId};
use hookyard_store::replays::{self, Replay};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::checked_reason;
use super::{
    Answer, ApiError, Because, Body, Doc, InPath, Query, changed, created, item, list as listed,
    page_of, plain,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::replays::{self as operation, PER_S_DEFAULT, Preview, Selection};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("replays")
        .get(
            "/v1/workspaces/{slug}/replays",
            Need::Member,
            list,
            Doc::list::<Replay>("List replays of many deliveries, newest first")
                .query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/replays/{replay}",
            Need::Member,
            show,
            Doc::item::<Replay>("Show a replay and how far it has got"),
        )
        .post(
            "/v1/workspaces/{slug}/replays/preview",
            Need::Admin,
            preview,
            Doc::plain::<Preview>("Count what a replay would concern; nothing changes")
                .body::<Selected>(),
        )
        .post(
            "/v1/workspaces/{slug}/replays",
            Need::Admin,
            start,
            Doc::created::<Replay>("Start a replay of the deliveries that match now")
                .body::<Start>(),
        )
        .post(
            "/v1/workspaces/{slug}/replays/{replay}/cancel",
            Need::Admin,
            cancel,
            Doc::changed::<Replay>("End a replay: what is pending by now stays so").because(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<ReplayId>,
}

/// Which deliveries.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ReplaySelection)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selected {
    /// Some of delivered, dead and cancelled.
    #[schema(min_items = 1)]
    states: Vec<DeliveryState>,
    connection: Option<ConnectionId>,
    /// Instead of a connection.
    oauth_client: Option<OauthClientId>,
    event_type: Option<String>,
    /// Those that came to their state then or later.
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Which deliveries, and how fast.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = StartReplay)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Start {
    filter: Selected,
    /// How many become pending in a second at most.
    #[schema(minimum = 1, maximum = 10000)]
    per_s: Option<i32>,
    reason: Option<String>,
}

impl Selected {
    fn of(self, asked: &Asked) -> Result<Selection, ApiError> {
        if self.states.is_empty() {
            return Err(ApiError::field("states", "name at least one state"));
        }
        if self.connection.is_some() && self.oauth_client.is_some() {
            return Err(ApiError::field("oauthClient", "name a connection or an OAuth client"));
        }
        let receiver = self.connection.map(|id| id.0).or(self.oauth_client.map(|id| id.0));
        Ok(Selection {
            workspace: asked.slug(),
            states: self.states,
            receiver,
            event_type: self.event_type,
            since: self.since,
            until: self.until,
        })
    }
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    listed(&replays::list(&conn, Some(asked.workspace().id), page).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<ReplayId>) -> Answer {
    let found = replays::by_id(&app.store.conn().await?, id).await?;
    item(&found.ok_or_else(|| ApiError::not_found("replay", &id.to_string()))?)
}

async fn preview(State(app): State<App>, asked: Asked, Body(body): Body<Selected>) -> Answer {
    plain(&operation::preview(&app.store, &body.of(&asked)?).await?)
}

async fn start(State(app): State<App>, asked: Asked, Body(body): Body<Start>) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    let selection = body.filter.of(&asked)?;
    let per_s = body.per_s.unwrap_or(PER_S_DEFAULT);
    created(&operation::start(&app.store, &actor, &selection, per_s).await?)
}

async fn cancel(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<ReplayId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::cancel(&app.store, &asked.actor(reason), id).await?)
}
