//! Events: read, replayed, redacted.

use hookyard_domain::ids::{EventId, JobId, SyncEventId, WorkspaceId};
use hookyard_store::dead_letters::Subject;
use hookyard_store::delivery_list::{self, Delivery, DeliveryFilter};
use hookyard_store::event_list::{self, EventDetail};
use hookyard_store::events::{self, Replay};
use hookyard_store::paging::PageRequest;
use hookyard_store::sync_event_list::{self, SyncEvent};
use hookyard_store::{Db, Store, Tx, job_list};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::targets::JobRef;
use super::{Actor, OperationError};

/// An event and what it led to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    #[serde(flatten)]
    pub event: EventDetail,
    pub sync_events: Vec<SyncEventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
}

/// An event that was queued to be processed once more.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplayedEvent {
    pub ok: bool,
    /// False: it was queued already.
    pub queued: bool,
    pub id: EventId,
    pub job: JobRef,
}

/// All that is known of an event.
pub async fn show(store: &Store, id: EventId) -> Result<EventView, OperationError> {
    let conn = store.conn().await?;
    let event = require(&conn, id).await?;
    let sync_events = events::syncs(&conn, id).await?;
    let job_id = job_list::of_subject(&conn, Subject::Event(id)).await?;
    Ok(EventView { event, sync_events, job_id })
}

/// What an event led to, as far as a page shows it.
#[derive(Debug)]
pub struct SetOff {
    /// The first [`SET_OFF_MAX`].
    pub syncs: Vec<SyncEvent>,
    /// The newest [`SET_OFF_MAX`].
    pub deliveries: Vec<Delivery>,
    pub more_deliveries: bool,
}

/// The most syncs, and the most deliveries, that are told of an event.
pub const SET_OFF_MAX: u16 = 20;

/// What an event led to in a workspace.
pub async fn set_off(
    store: &Store,
    workspace: WorkspaceId,
    read: &EventView,
) -> Result<SetOff, OperationError> {
    let conn = store.conn().await?;
    let ids: Vec<Uuid> = read.sync_events.iter().take(SET_OFF_MAX.into()).map(|id| id.0).collect();
    let mut syncs = sync_event_list::by_ids(&conn, &ids).await?;
    // An event of a shared URL may concern other workspaces, too.
    syncs.retain(|sync| sync.workspace_id == workspace);
    let filter = DeliveryFilter {
        workspace: Some(workspace),
        event: Some(read.event.event.id),
        ..DeliveryFilter::default()
    };
    let first = PageRequest::new(SET_OFF_MAX, None)
        .map_err(|error| OperationError::Invalid(error.to_string()))?;
    let page = delivery_list::list(&conn, &filter, first).await?;
    Ok(SetOff { syncs, more_deliveries: page.next_cursor.is_some(), deliveries: page.items })
}

/// The stored body of an event.
pub async fn body(store: &Store, id: EventId) -> Result<Vec<u8>, OperationError> {
    let conn = store.conn().await?;
    require(&conn, id).await?;
    let body = event_list::body(&conn, id).await?;
    body.ok_or_else(|| OperationError::conflict(format!("the body of {id} is not stored any more")))
}

/// Has an event processed from the start, whatever became of it before.
pub async fn replay(
    store: &Store,
    actor: &Actor,
    id: EventId,
) -> Result<ReplayedEvent, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let replayed = replay_in(&tx, id).await?;
    let workspace = None;
    let after = Some(json!({ "queued": replayed.queued, "jobId": replayed.job.id }));
    actor
        .record(
            &tx,
            Change {
                action: "event.replay",
                workspace,
                subject: id.to_string(),
                before: None,
                after,
            },
        )
        .await?;
    tx.commit().await?;
    Ok(replayed)
}

/// Queues an event in a transaction of the caller's, who records it.
pub(super) async fn replay_in(tx: &Tx<'_>, id: EventId) -> Result<ReplayedEvent, OperationError> {
    let queued = match events::replay(tx, id).await? {
        Replay::Queued => true,
        Replay::AlreadyQueued => false,
        Replay::Expired => {
            return Err(OperationError::conflict(format!(
                "the body of {id} is not stored any more (body expired); have the provider deliver it again"
            )));
        }
        Replay::NotFound => return Err(OperationError::not_found("event", &id)),
    };
    let job = job_list::of_subject(tx, Subject::Event(id)).await?;
    // It was queued already and its job has ended since: the next try finds no job and makes one.
    let job = job.ok_or_else(|| {
        OperationError::conflict(format!("{id} was processed just now; try again"))
    })?;
    Ok(ReplayedEvent { ok: true, queued, id, job: JobRef { id: job } })
}

/// Removes the stored body and headers of an event at once and for good.
pub async fn redact(
    store: &Store,
    actor: &Actor,
    id: EventId,
) -> Result<EventDetail, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    if !events::redact(&tx, id).await? {
        return Err(OperationError::not_found("event", &id));
    }
    let change = Change {
        action: "event.redact",
        workspace: None,
        subject: id.to_string(),
        before: None,
        after: None,
    };
    actor.record(&tx, change).await?;
    let event = require(&tx, id).await?;
    tx.commit().await?;
    Ok(event)
}

async fn require(db: &impl Db, id: EventId) -> Result<EventDetail, OperationError> {
    let found = event_list::detail(db, id).await?;
    found.ok_or_else(|| {
        OperationError::not_found("event", &format!("{id} (it may be past its retention)"))
    })
}
