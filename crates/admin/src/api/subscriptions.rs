//! `subscriptions`: which events go to which connection, filtered and shaped how.

use axum::extract::State;
use hookyard_domain::delivery_retry::DeliveryRetryPolicy;
use hookyard_domain::event_type::{EventType, EventTypes};
use hookyard_domain::ids::{ConnectionId, EventId, SubscriptionId};
use hookyard_store::access::Noun;
use hookyard_store::subscriptions::{self, Subscription};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::connections::ring;
use super::extract::checked_reason;
use super::fields::{Seen, require_here};
use super::{
    Answer, ApiError, Because, Body, Doc, InPath, Query, changed, created, gone, item, item_tagged,
    list as listed, page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::Edit;
use crate::operations::subscriptions::{
    self as operation, AddSubscription, Trial, TrialEvent, Tried, UpdateSubscription,
};
use crate::routes::Routes;

const CONNECTION: (Noun, &str) = (Noun::Connection, "connection");

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("subscriptions")
        .get(
            "/v1/workspaces/{slug}/subscriptions",
            Need::Member,
            list,
            Doc::list::<Subscription>("List subscriptions, newest first").query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/subscriptions",
            Need::Admin,
            add,
            Doc::created::<Subscription>("Send events of some types to a connection")
                .body::<NewFields>(),
        )
        .post(
            "/v1/workspaces/{slug}/subscriptions/try",
            Need::Admin,
            try_out,
            Doc::item::<Tried>(
                "Show whether an event would be sent, and as which request; sends nothing",
            )
            .body::<TrialFields>(),
        )
        .get(
            "/v1/workspaces/{slug}/subscriptions/{subscription}",
            Need::Member,
            show,
            Doc::item::<Subscription>("Show a subscription"),
        )
        .patch(
            "/v1/workspaces/{slug}/subscriptions/{subscription}",
            Need::Admin,
            update,
            Doc::changed::<Subscription>(
                "Change a subscription; events that come from now on go by it",
            )
            .body::<ChangedFields>(),
        )
        .delete(
            "/v1/workspaces/{slug}/subscriptions/{subscription}",
            Need::Admin,
            remove,
            Doc::gone("Remove a subscription; what is still owed for it is not sent any more")
                .because(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    /// Only this connection's.
    connection: Option<ConnectionId>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<SubscriptionId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    let Some(connection) = query.connection else {
        return listed(&subscriptions::list(&conn, Some(asked.workspace().id), page).await?);
    };
    require_here(&conn, &asked, CONNECTION, (connection.0, connection.to_string())).await?;
    listed(&subscriptions::list_of_connection(&conn, connection, page).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewSubscription)]
struct NewFields {
    connection_id: ConnectionId,
    /// Exact types, beginnings such as `post.*`, or `*`.
    #[schema(value_type = Vec<String>)]
    event_types: EventTypes,
    /// A JMESPath expression over an event's data.
    filter: Option<String>,
    /// What makes the message, or the body of a signed call.
    template: Option<String>,
    #[schema(value_type = Option<Object>)]
    retry_policy: Option<DeliveryRetryPolicy>,
    reason: Option<String>,
}

async fn add(State(app): State<App>, asked: Asked, Body(new): Body<NewFields>) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let connection = new.connection_id;
    let conn = app.store.conn().await?;
    require_here(&conn, &asked, CONNECTION, (connection.0, connection.to_string())).await?;
    drop(conn);
    let new = AddSubscription {
        connection,
        event_types: new.event_types,
        filter: new.filter,
        template: new.template,
        retry_policy: new.retry_policy,
    };
    created(&operation::add(&app.store, &actor, new).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<SubscriptionId>) -> Answer {
    let subscription = operation::require(&app.store.conn().await?, id).await?;
    item_tagged(&subscription, subscription.updated_at)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ChangedSubscription)]
struct ChangedFields {
    #[schema(value_type = Option<Vec<String>>)]
    event_types: Option<EventTypes>,
    /// Null takes it away.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    filter: Edit<String>,
    /// Null takes it away.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    template: Edit<String>,
    /// Null: the default policy.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    retry_policy: Edit<DeliveryRetryPolicy>,
    /// False: no further event is matched with it.
    active: Option<bool>,
    /// As the caller last saw it; `If-Match` says the same.
    updated_at: Option<Timestamp>,
    reason: Option<String>,
}

async fn update(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<SubscriptionId>,
    seen: Seen,
    Body(to): Body<ChangedFields>,
) -> Answer {
    let actor = asked.actor(checked_reason(to.reason)?);
    let expected = seen.or(to.updated_at);
    let to = UpdateSubscription {
        event_types: to.event_types,
        filter: to.filter,
        template: to.template,
        retry_policy: to.retry_policy,
        active: to.active,
    };
    changed(&operation::update(&app.store, &actor, id, to, expected).await?)
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<SubscriptionId>,
    Because(reason): Because,
) -> Answer {
    operation::remove(&app.store, &asked.actor(reason), id).await?;
    gone()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SubscriptionTrial)]
struct TrialFields {
    /// Where it would be sent.
    connection_id: ConnectionId,
    /// All types if left out.
    #[schema(value_type = Option<Vec<String>>)]
    event_types: Option<EventTypes>,
    filter: Option<String>,
    template: Option<String>,
    /// An event that happened.
    event_id: Option<EventId>,
    /// The type of one that did not, with its `data`.
    #[schema(value_type = Option<String>)]
    event_type: Option<EventType>,
    #[schema(value_type = Option<Object>)]
    data: Option<Box<RawValue>>,
}

async fn try_out(State(app): State<App>, asked: Asked, Body(new): Body<TrialFields>) -> Answer {
    let event = match (new.event_id, new.event_type, new.data) {
        (Some(id), None, None) => TrialEvent::Recorded(id),
        (None, Some(event_type), Some(data)) => {
            TrialEvent::Given { event_type, data: data.get().to_owned() }
        }
        _ => {
            let message = "eventId: name an event, or an eventType with its data";
            return Err(ApiError::field("eventId", message));
        }
    };
    let connection = new.connection_id;
    let conn = app.store.conn().await?;
    require_here(&conn, &asked, CONNECTION, (connection.0, connection.to_string())).await?;
    drop(conn);
    let trial = Trial {
        connection,
        event_types: new.event_types,
        filter: new.filter,
        template: new.template,
        event,
    };
    item(&operation::try_out(&app.store, ring(&app)?, trial, app.now()).await?)
}
