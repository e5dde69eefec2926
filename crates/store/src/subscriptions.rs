//! `subscription`: which events go to which connection, filtered and shaped how.

use hookyard_domain::delivery_retry::DeliveryRetryPolicy;
use hookyard_domain::event_type::EventTypes;
use hookyard_domain::ids::{ConnectionId, SubscriptionId, WorkspaceId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError, Tx};

/// A subscription to be added, or as it is to be.
#[derive(Debug, Clone)]
pub struct NewSubscription<'a> {
    pub id: SubscriptionId,
    pub connection: ConnectionId,
    pub event_types: &'a EventTypes,
    pub filter: Option<&'a str>,
    pub template: Option<&'a str>,
    /// None: the default policy.
    pub retry_policy: Option<&'a DeliveryRetryPolicy>,
}

/// Which events go to which connection.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    pub id: SubscriptionId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub connection_id: ConnectionId,
    /// The connection's name and kind, such as `default (slack)`.
    pub connection: String,
    pub event_types: Vec<String>,
    pub filter: Option<String>,
    pub template: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub retry_policy: Option<DeliveryRetryPolicy>,
    pub active: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Subscription {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: SubscriptionId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            connection_id: ConnectionId(row.get("connection_id")),
            connection: row.get("connection"),
            event_types: row.get("event_types"),
            filter: row.get("filter"),
            template: row.get("template"),
            retry_policy: retry_policy_of(row)?,
            active: row.get("active"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
        })
    }
}

/// The policy in a row's column `retry_policy`.
pub(crate) fn retry_policy_of(row: &Row) -> Result<Option<DeliveryRetryPolicy>, StoreError> {
    let stored: Option<Value> = row.get("retry_policy");
    stored.map(serde_json::from_value).transpose().map_err(StoreError::RetryPolicy)
}

/// Adds an active subscription to a connection. False if there is no such connection.
pub async fn insert(db: &impl Db, new: &NewSubscription<'_>) -> Result<bool, StoreError> {
    const SQL: &str = "-- subscriptions::insert
        insert into subscription (id, workspace_id, connection_id, event_types, filter, template, retry_policy, status)
        select $1, workspace_id, id, $3, $4, $5, $6, 'active' from connection where id = $2";
    let policy =
        new.retry_policy.map(serde_json::to_value).transpose().map_err(StoreError::RetryPolicy)?;
    let inserted = db
        .execute(
            SQL,
            &[
                /* id */ &new.id.0,
                /* connection */ &new.connection.0,
                /* event types */ &new.event_types.patterns(),
                /* filter */ &new.filter,
                /* template */ &new.template,
                /* retry policy */ &policy,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Locks a subscription for the rest of the transaction, so that what is read of it next still holds at the change.
pub async fn lock(tx: &Tx<'_>, id: SubscriptionId) -> Result<(), StoreError> {
    const SQL: &str = "-- subscriptions::lock
        select 1 as held from subscription where id = $1 for no key update";
    tx.row_opt(SQL, &[/* id */ &id.0]).await.map(drop)
}

/// The subscription of this id.
pub async fn by_id(db: &impl Db, id: SubscriptionId) -> Result<Option<Subscription>, StoreError> {
    const SQL: &str = "-- subscriptions::by_id
        select subscription.id, subscription.workspace_id, workspace.slug as workspace, subscription.connection_id,
               connection.name || ' (' || connection.kind || ')' as connection, subscription.event_types,
               subscription.filter, subscription.template, subscription.retry_policy,
               subscription.status = 'active' as active, subscription.created_at, subscription.updated_at
          from subscription
          join workspace on workspace.id = subscription.workspace_id
          join connection on connection.id = subscription.connection_id
         where subscription.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Subscription::read).transpose()
}

/// The subscriptions of one workspace, or all, newest first.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<SubscriptionId>,
) -> Result<Page<Subscription, SubscriptionId>, StoreError> {
    const ALL: &str = "-- subscriptions::list (all)
        select subscription.id, subscription.workspace_id, workspace.slug as workspace, subscription.connection_id,
               connection.name || ' (' || connection.kind || ')' as connection, subscription.event_types,
               subscription.filter, subscription.template, subscription.retry_policy,
               subscription.status = 'active' as active, subscription.created_at, subscription.updated_at
          from subscription
          join workspace on workspace.id = subscription.workspace_id
          join connection on connection.id = subscription.connection_id
         where subscription.id < $1
         order by subscription.id desc limit 101";
    const OF_WORKSPACE: &str = "-- subscriptions::list (of a workspace)
        select subscription.id, subscription.workspace_id, workspace.slug as workspace, subscription.connection_id,
               connection.name || ' (' || connection.kind || ')' as connection, subscription.event_types,
               subscription.filter, subscription.template, subscription.retry_policy,
               subscription.status = 'active' as active, subscription.created_at, subscription.updated_at
          from subscription
          join workspace on workspace.id = subscription.workspace_id
          join connection on connection.id = subscription.connection_id
         where subscription.id < $1 and subscription.workspace_id = $2
         order by subscription.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(Subscription::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// The subscriptions of a connection, newest first.
pub async fn list_of_connection(
    db: &impl Db,
    connection: ConnectionId,
    page: PageRequest<SubscriptionId>,
) -> Result<Page<Subscription, SubscriptionId>, StoreError> {
    const SQL: &str = "-- subscriptions::list_of_connection
        select subscription.id, subscription.workspace_id, workspace.slug as workspace, subscription.connection_id,
               connection.name || ' (' || connection.kind || ')' as connection, subscription.event_types,
               subscription.filter, subscription.template, subscription.retry_policy,
               subscription.status = 'active' as active, subscription.created_at, subscription.updated_at
          from subscription
          join workspace on workspace.id = subscription.workspace_id
          join connection on connection.id = subscription.connection_id
         where subscription.id < $1 and subscription.connection_id = $2
         order by subscription.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = db.rows(SQL, &[/* before */ &before, /* connection */ &connection.0]).await?;
    let items = rows.iter().map(Subscription::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// Writes all that can be changed of a subscription. What is matched from now on goes by it.
pub async fn update(db: &impl Db, to: &NewSubscription<'_>) -> Result<bool, StoreError> {
    const SQL: &str = "-- subscriptions::update
        update subscription
           set event_types = $3, filter = $4, template = $5, retry_policy = $6, updated_at = now()
         where id = $1 and connection_id = $2";
    let policy =
        to.retry_policy.map(serde_json::to_value).transpose().map_err(StoreError::RetryPolicy)?;
    let changed = db
        .execute(
            SQL,
            &[
                /* id */ &to.id.0,
                /* connection */ &to.connection.0,
                /* event types */ &to.event_types.patterns(),
                /* filter */ &to.filter,
                /* template */ &to.template,
                /* retry policy */ &policy,
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Pauses a subscription or lets it go on. False if there was nothing to change.
pub async fn set_active(
    db: &impl Db,
    id: SubscriptionId,
    active: bool,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- subscriptions::set_active
        update subscription set status = case when $2 then 'active' else 'paused' end, updated_at = now()
         where id = $1 and (status = 'active') <> $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* active */ &active]).await? == 1)
}

/// Removes a subscription. What is still owed for it is not sent any more; it ends, called off, when it is due.
pub async fn remove(db: &impl Db, id: SubscriptionId) -> Result<bool, StoreError> {
    const SQL: &str = "-- subscriptions::remove
        delete from subscription where id = $1";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}
