//! Reading `delivery` and `attempt`: what is owed to whom, and every try.
//!
//! A list first finds the ids of its page by the statement of its strongest filter, then reads those rows.

use hookyard_domain::delivery::{DeliveryState, SubscriberKind};
use hookyard_domain::ids::{
    ConnectionId, DeliveryId, EventId, OauthClientId, SubscriptionId, WorkspaceId,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

mod pages;

/// Which deliveries are listed. Filters narrow each other.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    pub workspace: Option<WorkspaceId>,
    /// Without a workspace or a receiver the unusual ones are looked for among all deliveries, newest first.
    pub state: Option<DeliveryState>,
    /// A connection or an OAuth client.
    pub receiver: Option<Uuid>,
    pub event: Option<EventId>,
    pub event_type: Option<String>,
}

/// The receiver of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ReceiverId {
    Connection(ConnectionId),
    OauthClient(OauthClientId),
}

/// Who is owed a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SubscriberId {
    Subscription(SubscriptionId),
    OauthClient(OauthClientId),
}

/// One event owed to one subscriber.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub id: DeliveryId,
    pub event_id: EventId,
    pub event_type: String,
    #[serde(skip)]
    pub workspace_id: WorkspaceId,
    pub workspace: Option<String>,
    pub subscriber_id: SubscriberId,
    pub receiver_id: ReceiverId,
    /// The receiver's name, if it is still there.
    pub receiver: Option<String>,
    pub state: DeliveryState,
    pub attempts: i32,
    /// Tries before the last replay: the retry policy counts from there.
    pub attempts_before: i32,
    pub created_at: Timestamp,
    /// When it came to its state.
    pub state_at: Timestamp,
    pub next_attempt_at: Option<Timestamp>,
    /// The last try's.
    pub response_status: Option<i32>,
    pub error_class: Option<String>,
    pub error: Option<String>,
    /// A cancellation that came while a try was in flight.
    pub cancel_requested_at: Option<Timestamp>,
}

impl Delivery {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let (subscriber, receiver) = (row.get("subscriber_id"), row.get("receiver_id"));
        let (subscriber_id, receiver_id) = match row.get::<_, &str>("subscriber_kind").parse()? {
            SubscriberKind::Subscription => (
                SubscriberId::Subscription(SubscriptionId(subscriber)),
                ReceiverId::Connection(ConnectionId(receiver)),
            ),
            SubscriberKind::OauthClient => (
                SubscriberId::OauthClient(OauthClientId(subscriber)),
                ReceiverId::OauthClient(OauthClientId(receiver)),
            ),
        };
        let stored: DeliveryState = row.get::<_, &str>("state").parse()?;
        let state = if row.get("leased") { DeliveryState::Delivering } else { stored };
        Ok(Self {
            id: DeliveryId(row.get("id")),
            event_id: EventId(row.get("event_id")),
            event_type: row.get("event_type"),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            subscriber_id,
            receiver_id,
            receiver: row.get("receiver"),
            state,
            attempts: row.get("attempts"),
            attempts_before: row.get("attempts_before"),
            created_at: row.get("created_at"),
            state_at: row.get("state_at"),
            next_attempt_at: row.get("next_attempt_at"),
            response_status: row.get("response_status"),
            error_class: row.get("error_class"),
            error: row.get("error"),
            cancel_requested_at: row.get("cancel_requested_at"),
        })
    }
}

/// One try of a delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    pub number: i32,
    pub started_at: Timestamp,
    pub duration_ms: i32,
    pub response_status: Option<i32>,
    /// None: it succeeded.
    pub error_class: Option<String>,
    pub error: Option<String>,
    pub response_headers: Option<Value>,
    pub response_excerpt: Option<String>,
}

/// A delivery with its tries.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryDetail {
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The last hundred, oldest first.
    pub tries: Vec<Attempt>,
}

/// Deliveries, those of the newest events first.
pub async fn list(
    db: &impl Db,
    filter: &DeliveryFilter,
    page: PageRequest<DeliveryId>,
) -> Result<Page<Delivery, DeliveryId>, StoreError> {
    let ids = pages::ids(db, filter, page.bound(|id| id.0)).await?;
    let ids = page.cut_walked(ids, DeliveryId);
    Ok(Page { items: by_ids(db, &ids.items).await?, next_cursor: ids.next_cursor })
}

async fn by_ids(db: &impl Db, ids: &[Uuid]) -> Result<Vec<Delivery>, StoreError> {
    const SQL: &str = "-- delivery_list::by_ids
        select delivery.id, delivery.event_id, delivery.event_type, delivery.workspace_id, workspace.slug as workspace,
               delivery.subscriber_id, delivery.subscriber_kind, delivery.receiver_id,
               coalesce(connection.name || ' (' || connection.kind || ')', client.name) as receiver,
               delivery.state, delivery.attempts, delivery.attempts_before, delivery.created_at, delivery.state_at, delivery.next_attempt_at,
               delivery.response_status, delivery.error_class, delivery.error, delivery.cancel_requested_at,
               exists (select from job where job.subject_id = delivery.id and job.kind = 'delivery'
                                         and job.lease_owner is not null) as leased
          from delivery
          left join workspace on workspace.id = delivery.workspace_id
          left join connection on connection.id = delivery.receiver_id
          left join oauth_client client on client.id = delivery.receiver_id
         where delivery.id = any($1)
         order by delivery.id desc";
    let rows = db.rows(SQL, &[/* ids */ &ids]).await?;
    rows.iter().map(Delivery::read).collect()
}

/// A delivery with its tries.
pub async fn detail(db: &impl Db, id: DeliveryId) -> Result<Option<DeliveryDetail>, StoreError> {
    const SQL: &str = "-- delivery_list::detail
        select number, started_at, duration_ms, response_status, error_class, error, response_headers, response_excerpt
          from attempt where delivery_id = $1 order by number desc limit 100";
    let Some(delivery) = by_ids(db, &[id.0]).await?.pop() else { return Ok(None) };
    let rows = db.rows(SQL, &[/* id */ &id.0]).await?;
    let read = |row: &Row| Attempt {
        number: row.get("number"),
        started_at: row.get("started_at"),
        duration_ms: row.get("duration_ms"),
        response_status: row.get("response_status"),
        error_class: row.get("error_class"),
        error: row.get("error"),
        response_headers: row.get("response_headers"),
        response_excerpt: row.get("response_excerpt"),
    };
    Ok(Some(DeliveryDetail { delivery, tries: rows.iter().rev().map(read).collect() }))
}
