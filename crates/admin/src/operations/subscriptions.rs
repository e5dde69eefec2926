//! Subscriptions: which events go to which connection, filtered and shaped how.

mod trial;

use hookyard_destinations::{Filter, Template};
use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::delivery_retry::DeliveryRetryPolicy;
use hookyard_domain::event_type::EventTypes;
use hookyard_domain::ids::{ConnectionId, SubscriptionId};
use hookyard_store::subscriptions::{self, NewSubscription, Subscription};
use hookyard_store::{Db, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, Edit, OperationError, connections};

pub use trial::{
    FilterResult, TRIAL_DATA_BYTES_MAX, Trial, TrialEvent, TrialRequest, Tried, of_saved, try_out,
};

/// A subscription to be added.
#[derive(Debug, Clone)]
pub struct AddSubscription {
    pub connection: ConnectionId,
    pub event_types: EventTypes,
    /// A JMESPath expression over an event's data.
    pub filter: Option<String>,
    /// What makes the message, or the body of a signed call.
    pub template: Option<String>,
    /// None: the default policy.
    pub retry_policy: Option<DeliveryRetryPolicy>,
}

/// Adds a subscription, active at once. A filter or a template that cannot work is refused with the reason.
pub async fn add(
    store: &Store,
    actor: &Actor,
    new: AddSubscription,
) -> Result<Subscription, OperationError> {
    if let Some(filter) = &new.filter {
        check_filter(filter)?;
    }
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let connection = connections::require(&tx, new.connection).await?;
    if let Some(template) = &new.template {
        check_template(connection.kind, template)?;
    }
    let id = SubscriptionId(Uuid::now_v7());
    let subscription = NewSubscription {
        id,
        connection: new.connection,
        event_types: &new.event_types,
        filter: new.filter.as_deref(),
        template: new.template.as_deref(),
        retry_policy: new.retry_policy.as_ref(),
    };
    if !subscriptions::insert(&tx, &subscription).await? {
        return Err(OperationError::not_found("connection", &new.connection));
    }
    let view = require(&tx, id).await?;
    actor.record(&tx, change("subscription.add", &view, None, Some(told(&view)))).await?;
    tx.commit().await?;
    Ok(view)
}

/// The filter that this text is, or why it is none.
pub fn check_filter(filter: &str) -> Result<Filter, OperationError> {
    Filter::parse(filter).map_err(|error| OperationError::Invalid(error.to_string()))
}

/// The template that this text is for receivers of a kind, or why it is none.
pub fn check_template(kind: ConnectionKind, template: &str) -> Result<Template, OperationError> {
    Template::parse(kind, template).map_err(|error| OperationError::Invalid(error.to_string()))
}

/// What is to be changed of a subscription; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateSubscription {
    pub event_types: Option<EventTypes>,
    pub filter: Edit<String>,
    pub template: Edit<String>,
    pub retry_policy: Edit<DeliveryRetryPolicy>,
    pub active: Option<bool>,
}

/// Changes a subscription, if it is as the caller saw it at `expected`. Events that come from now on go by it.
pub async fn update(
    store: &Store,
    actor: &Actor,
    id: SubscriptionId,
    to: UpdateSubscription,
    expected: Option<Timestamp>,
) -> Result<Subscription, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    subscriptions::lock(&tx, id).await?;
    let before = require(&tx, id).await?;
    OperationError::check_fresh(&id, before.updated_at, expected)?;
    let connection = connections::require(&tx, before.connection_id).await?;
    if let Some(filter) = to.filter.value() {
        check_filter(filter)?;
    }
    if let Some(template) = to.template.value() {
        check_template(connection.kind, template)?;
    }
    let event_types = match to.event_types {
        Some(event_types) => event_types,
        None => EventTypes::try_from(before.event_types.clone())
            .map_err(|error| OperationError::conflict(error.to_string()))?,
    };
    let filter = to.filter.over(before.filter.clone());
    let template = to.template.over(before.template.clone());
    let retry_policy = to.retry_policy.over(before.retry_policy.clone());
    let new = NewSubscription {
        id,
        connection: before.connection_id,
        event_types: &event_types,
        filter: filter.as_deref(),
        template: template.as_deref(),
        retry_policy: retry_policy.as_ref(),
    };
    subscriptions::update(&tx, &new).await?;
    if let Some(active) = to.active {
        subscriptions::set_active(&tx, id, active).await?;
    }
    let view = require(&tx, id).await?;
    let change = change("subscription.update", &view, Some(told(&before)), Some(told(&view)));
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(view)
}

/// Pauses a subscription, so that no further event is matched with it, or lets it go on.
pub async fn set_active(
    store: &Store,
    actor: &Actor,
    id: SubscriptionId,
    active: bool,
) -> Result<Subscription, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    let changed = subscriptions::set_active(&tx, id, active).await?;
    let view = require(&tx, id).await?;
    if changed {
        let action = if active { "subscription.resume" } else { "subscription.pause" };
        let was = json!({ "active": before.active });
        let is = json!({ "active": view.active });
        actor.record(&tx, change(action, &view, Some(was), Some(is))).await?;
    }
    tx.commit().await?;
    Ok(view)
}

/// Removes a subscription. What is still owed for it is not sent any more.
pub async fn remove(
    store: &Store,
    actor: &Actor,
    id: SubscriptionId,
) -> Result<Subscription, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let view = require(&tx, id).await?;
    if !subscriptions::remove(&tx, id).await? {
        return Err(OperationError::not_found("subscription", &id));
    }
    actor.record(&tx, change("subscription.remove", &view, Some(told(&view)), None)).await?;
    tx.commit().await?;
    Ok(view)
}

/// The subscription of this id, which must exist.
pub async fn require(db: &impl Db, id: SubscriptionId) -> Result<Subscription, OperationError> {
    let found = subscriptions::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("subscription", &id))
}

fn told(view: &Subscription) -> Value {
    json!({
        "connectionId": view.connection_id, "eventTypes": view.event_types, "filter": view.filter,
        "template": view.template.is_some(), "retryPolicy": view.retry_policy, "active": view.active,
    })
}

fn change(
    action: &'static str,
    view: &Subscription,
    before: Option<Value>,
    after: Option<Value>,
) -> Change {
    let subject = view.id.to_string();
    Change { action, workspace: Some(view.workspace_id), subject, before, after }
}
