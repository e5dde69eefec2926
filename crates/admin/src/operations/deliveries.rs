//! Deliveries: read, sent once more, called off.

use hookyard_domain::ids::DeliveryId;
use hookyard_store::dead_letters::Subject;
use hookyard_store::deliveries::{self, Cancelled, Replayed};
use hookyard_store::delivery_list::{self, DeliveryDetail};
use hookyard_store::{Db, Store, Tx, job_list};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::actor::Change;
use super::targets::JobRef;
use super::{Actor, OperationError};

/// A delivery, its tries, and the job that will make the next one.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    #[serde(flatten)]
    pub detail: DeliveryDetail,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobRef>,
}

/// A delivery that will be sent once more, under its old id.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplayedDelivery {
    pub ok: bool,
    pub queued: bool,
    pub id: DeliveryId,
    pub job: JobRef,
}

/// All that is known of a delivery.
pub async fn show(store: &Store, id: DeliveryId) -> Result<DeliveryView, OperationError> {
    let conn = store.conn().await?;
    let detail = require(&conn, id).await?;
    let job = job_list::of_subject(&conn, Subject::Delivery(id)).await?;
    Ok(DeliveryView { detail, job: job.map(|id| JobRef { id }) })
}

/// Sends a delivery that is over once more.
pub async fn replay(
    store: &Store,
    actor: &Actor,
    id: DeliveryId,
) -> Result<ReplayedDelivery, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    let job = replay_in(&tx, id).await?;
    actor.record(&tx, change("delivery.replay", &before)).await?;
    tx.commit().await?;
    Ok(ReplayedDelivery { ok: true, queued: true, id, job })
}

/// Queues a delivery in a transaction of the caller's, who records it.
pub(super) async fn replay_in(tx: &Tx<'_>, id: DeliveryId) -> Result<JobRef, OperationError> {
    match deliveries::replay(tx, id).await? {
        Replayed::Queued(id) => Ok(JobRef { id }),
        Replayed::Open(state) => Err(OperationError::conflict(format!(
            "{id} is {state}: only a delivery that is delivered, dead or cancelled is replayed"
        ))),
        Replayed::Expired => Err(OperationError::conflict(format!(
            "the body of the event behind {id} is not stored any more (body expired)"
        ))),
        Replayed::NotFound => Err(OperationError::not_found("delivery", &id)),
    }
}

/// Calls a delivery off. When this succeeds nothing is sent for it from now on.
///
/// A delivery in flight is a conflict: the try under way may succeed, and there will be no further one.
pub async fn cancel(
    store: &Store,
    actor: &Actor,
    id: DeliveryId,
) -> Result<DeliveryView, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    let error = format!("cancelled by {}", actor.name);
    let in_flight = match deliveries::cancel(&tx, id, &error).await? {
        Cancelled::Now => false,
        Cancelled::InFlight => true,
        Cancelled::Over(state) => {
            return Err(OperationError::conflict(format!("{id} is over already: {state}")));
        }
        Cancelled::NotFound => return Err(OperationError::not_found("delivery", &id)),
    };
    let mut change = change("delivery.cancel", &before);
    change.after = Some(json!({ "inFlight": in_flight }));
    actor.record(&tx, change).await?;
    // The wish is kept in flight, too: it ends the delivery with the try.
    tx.commit().await?;
    if in_flight {
        return Err(OperationError::conflict(format!(
            "{id} is in flight: the try under way may succeed; there will be no further one"
        )));
    }
    drop(conn);
    show(store, id).await
}

async fn require(db: &impl Db, id: DeliveryId) -> Result<DeliveryDetail, OperationError> {
    let found = delivery_list::detail(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("delivery", &id))
}

fn change(action: &'static str, before: &DeliveryDetail) -> Change {
    let delivery = &before.delivery;
    Change {
        action,
        workspace: Some(delivery.workspace_id),
        subject: delivery.id.to_string(),
        before: Some(json!({ "state": delivery.state, "attempts": delivery.attempts })),
        after: None,
    }
}
