//! Publishing an event by hand: recorded as an application's is, by the same statement and the same rules.

use bytes::Bytes;
use hookyard_domain::ids::{EventId, WorkspaceId};
use hookyard_domain::workspace::Slug;
use hookyard_sources::{ID_BYTES_MAX, is_idempotency_key, publications};
use hookyard_store::ingest::{
    Arrival, Committer, Earlier, PublishedCall, PublishedEvent, Recorded, Repetition, earlier,
};
use hookyard_store::{Store, StoreError, StoreSettings};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError, workspaces};

/// The largest data of an event, in bytes.
pub const DATA_BYTES_MAX: usize = 1024 * 1024;

/// An event to be published.
#[derive(Debug, Clone)]
pub struct Publish {
    pub workspace: Slug,
    pub event_type: String,
    /// A JSON object.
    pub data: String,
    /// When it happened; none: when it is recorded.
    pub occurred_at: Option<Timestamp>,
    /// The same key and the same event again is the same event, and is not sent again.
    pub idempotency_key: Option<String>,
}

/// An event that is on record.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventOnRecord {
    pub ok: bool,
    pub id: EventId,
    #[serde(rename = "type")]
    pub event_type: String,
    /// Whether somebody wants it: then it has a job, which a worker's next sweep takes up.
    pub queued: bool,
    /// Whether it was published before, under the same idempotency key.
    pub repeated: bool,
}

/// Publishes an event.
///
/// `settings` lead to the same database as `store`: recording has a connection of its own. `host_now_ms` reads
/// this machine's clock.
pub async fn publish(
    store: &Store,
    settings: &StoreSettings,
    actor: &Actor,
    new: &Publish,
    host_now_ms: fn() -> i64,
) -> Result<EventOnRecord, OperationError> {
    let conn = store.conn().await?;
    let workspace = workspaces::require(&conn, &new.workspace).await?;
    drop(conn);
    let body = new.body()?;
    let checked = publications(body.as_bytes(), 1).map_err(|error| invalid(error.to_string()))?;
    let [event] = checked.as_slice() else { return Err(invalid("publish one event")) };

    // Boxed: it holds the whole conversation with the database.
    let recorded = Box::pin(async {
        let (committer, traffic) = Committer::connect(settings, host_now_ms).await?;
        // The id names a partition by the database's time.
        let now_ms = host_now_ms().saturating_add(committer.clock_offset_ms());
        let now =
            Timestamp::from_millisecond(now_ms).map_err(|error| invalid(error.to_string()))?;
        let call = PublishedCall {
            workspace: workspace.id,
            idempotency_key: new.idempotency_key.as_deref(),
            body: body.as_bytes(),
            first: event_id(now),
        };
        let events = call.arrivals([PublishedEvent {
            event_type: event.event_type.clone(),
            data: Bytes::copy_from_slice(event.data.as_bytes()),
            occurred_at: event.occurred_at,
        }]);
        tokio::select! {
            recorded = record(&committer, &events) => recorded,
            () = traffic => Err(StoreError::Unavailable("the connection ended".into()).into()),
        }
    });
    let (id, queued, repeated) = recorded.await?;
    if !repeated {
        audit(store, actor, workspace.id, id, event.event_type.as_str()).await?;
    }
    let event_type = event.event_type.to_string();
    Ok(EventOnRecord { ok: true, id, event_type, queued, repeated })
}

impl Publish {
    /// The event as an application writes it.
    fn body(&self) -> Result<String, OperationError> {
        if self.data.len() > DATA_BYTES_MAX {
            return Err(invalid(format!("the data is longer than {DATA_BYTES_MAX} bytes")));
        }
        if self.idempotency_key.as_deref().is_some_and(|key| !is_idempotency_key(key)) {
            return Err(invalid(format!(
                "an idempotency key is 1 to {ID_BYTES_MAX} visible characters of ASCII"
            )));
        }
        let data: &RawValue = serde_json::from_str(&self.data)
            .map_err(|error| invalid(format!("the data is not JSON: {error}")))?;
        let occurred_at =
            self.occurred_at.map(|at| format!(r#","occurredAt":"{at}""#)).unwrap_or_default();
        let event_type = json!(self.event_type);
        Ok(format!(r#"{{"type":{event_type},"data":{data}{occurred_at}}}"#))
    }
}

fn invalid(why: impl Into<String>) -> OperationError {
    OperationError::Invalid(why.into())
}

/// An id of the given time, which names a partition.
fn event_id(now: Timestamp) -> EventId {
    let (seconds, nanos) = (now.as_second().unsigned_abs(), now.subsec_nanosecond().unsigned_abs());
    EventId(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos)))
}

/// The event's id, whether somebody wants it, and whether it was there before.
async fn record(
    committer: &Committer,
    call: &[Arrival],
) -> Result<(EventId, bool, bool), OperationError> {
    /// Nobody publishes the job's pointer: the next sweep finds it due.
    const READY_GRACE_MS: u32 = 0;
    let recorded = committer.record(call, READY_GRACE_MS).await?;
    let id = call[0].event;
    match recorded.first() {
        Some(Recorded::Accepted { .. }) => Ok((id, true, false)),
        Some(Recorded::Ignored { .. }) => Ok((id, false, false)),
        Some(Recorded::Duplicate) => repeated(committer, call).await,
        Some(Recorded::Replay | Recorded::Refused) | None => {
            Err(invalid("the database takes no such event"))
        }
    }
}

async fn repeated(
    committer: &Committer,
    call: &[Arrival],
) -> Result<(EventId, bool, bool), OperationError> {
    let repetition = Repetition::of(call);
    let found = earlier(committer, repetition.as_slice()).await?;
    match found.first() {
        Some(Earlier::Same { events, .. }) if let [(id, wanted)] = events.as_slice() => {
            Ok((*id, *wanted, true))
        }
        Some(Earlier::Other | Earlier::Same { .. }) => Err(OperationError::conflict(
            "another event was published under this idempotency key".to_owned(),
        )),
        Some(Earlier::Forgotten) | None => Err(OperationError::conflict(
            "the idempotency key was forgotten in this moment; publish again".to_owned(),
        )),
    }
}

/// What was recorded stays recorded if this fails: the line of the log is a transaction of its own.
async fn audit(
    store: &Store,
    actor: &Actor,
    workspace: WorkspaceId,
    id: EventId,
    event_type: &str,
) -> Result<(), OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let change = Change {
        action: "event.publish",
        workspace: Some(workspace),
        subject: id.to_string(),
        before: None,
        after: Some(json!({ "type": event_type })),
    };
    actor.record(&tx, change).await?;
    Ok(tx.commit().await?)
}
