//! `deliveries`: what is owed to whom, and every try.

use axum::extract::State;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{ConnectionId, DeliveryId, EventId, OauthClientId};
use hookyard_store::delivery_list::{self, Delivery, DeliveryFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer, ApiError, Because, Doc, InPath, Query, changed, item, list as listed, page_of, queued,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations;
use crate::operations::deliveries::{self as operation, DeliveryView, ReplayedDelivery};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("deliveries")
        .get(
            "/v1/workspaces/{slug}/deliveries",
            Need::Member,
            list,
            Doc::list::<Delivery>("List deliveries, those of the newest events first")
                .query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/deliveries/{delivery}",
            Need::Member,
            show,
            Doc::item::<DeliveryView>("Show a delivery and its tries"),
        )
        .get(
            "/v1/workspaces/{slug}/deliveries/{delivery}/story",
            Need::Member,
            story,
            Doc::item::<serde_json::Value>("Tell what happened, step by step"),
        )
        .post(
            "/v1/workspaces/{slug}/deliveries/{delivery}/replay",
            Need::Admin,
            replay,
            Doc::queued::<ReplayedDelivery>("Send a delivery once more, under its old id")
                .because(),
        )
        .post(
            "/v1/workspaces/{slug}/deliveries/{delivery}/cancel",
            Need::Admin,
            cancel,
            Doc::changed::<DeliveryView>("Call a delivery off: nothing is sent for it any more")
                .because(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    state: Option<DeliveryState>,
    connection: Option<ConnectionId>,
    /// Instead of a connection.
    oauth_client: Option<OauthClientId>,
    event: Option<EventId>,
    event_type: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<DeliveryId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let receiver = match (query.connection, query.oauth_client) {
        (Some(_), Some(_)) => {
            return Err(ApiError::field("oauthClient", "name a connection or an OAuth client"));
        }
        (connection, client) => connection.map(|id| id.0).or(client.map(|id| id.0)),
    };
    let filter = DeliveryFilter {
        workspace: Some(asked.workspace().id),
        state: query.state,
        receiver,
        event: query.event,
        event_type: query.event_type,
    };
    let page = page_of(query.limit, query.cursor)?;
    listed(&delivery_list::list(&app.store.conn().await?, &filter, page).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<DeliveryId>) -> Answer {
    item(&operation::show(&app.store, id).await?)
}

async fn story(State(app): State<App>, InPath(id): InPath<DeliveryId>) -> Answer {
    item(&operations::story::delivery(&app.store, id).await?)
}

async fn replay(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<DeliveryId>,
    Because(reason): Because,
) -> Answer {
    queued(&operation::replay(&app.store, &asked.actor(reason), id).await?)
}

async fn cancel(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<DeliveryId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::cancel(&app.store, &asked.actor(reason), id).await?)
}
