//! Sync events: read, and run once more.

use hookyard_domain::ids::{SyncEventId, TargetId};
use hookyard_domain::sync_event::{FileOutcome, SyncTrigger};
use hookyard_store::sync_event_list::{self, BodyState, EventBehind, SyncEvent, SyncFile};
use hookyard_store::sync_events::NewSync;
use hookyard_store::{Db, Store, Tx};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::targets::{self, QueuedSync};
use super::{Actor, OperationError};

/// The most files that are shown at once.
pub const FILES_MAX: u16 = 1000;

/// A sync event with what it did about each file.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncEventView {
    #[serde(flatten)]
    pub sync_event: SyncEvent,
    /// The event behind it; none when an operator asked, or when the event is past its retention.
    pub event: Option<EventBehind>,
    /// Whether the body of the event behind it is stored; `expired` too when the event itself is gone.
    pub event_body: Option<BodyState>,
    pub files: Vec<SyncFile>,
    /// Where the next files begin.
    #[schema(value_type = Option<String>)]
    pub files_next_cursor: Option<FileCursor>,
}

/// Where a page of files ends: a path can have two outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCursor {
    pub outcome: FileOutcome,
    pub path: String,
}

impl std::fmt::Display for FileCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.outcome, self.path)
    }
}

impl Serialize for FileCursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::str::FromStr for FileCursor {
    type Err = String;

    fn from_str(value: &str) -> Result<Self, String> {
        let parse = || {
            let (outcome, path) = value.split_once(':')?;
            Some(Self { outcome: outcome.parse().ok()?, path: path.to_owned() })
        };
        parse().ok_or_else(|| {
            "that is no cursor of a list of files; use the one that the page before ended with"
                .to_owned()
        })
    }
}

/// A sync event and up to `limit` of its files, those after the cursor.
pub async fn show(
    store: &Store,
    id: SyncEventId,
    limit: u16,
    after: Option<&FileCursor>,
) -> Result<SyncEventView, OperationError> {
    let conn = store.conn().await?;
    let sync_event = require(&conn, id).await?;
    let event = match sync_event.event_id {
        Some(event) => sync_event_list::event_behind(&conn, event).await?,
        None => None,
    };
    let event_body = match (&event, sync_event.event_id) {
        (Some(event), _) => Some(event.body),
        (None, Some(_)) => Some(BodyState::Expired),
        (None, None) => None,
    };
    let limit = limit.min(FILES_MAX);
    let after = after.map(|cursor| (cursor.path.as_str(), cursor.outcome));
    // One more, to learn whether there are more.
    let mut files = sync_event_list::files(&conn, id, after, limit + 1).await?;
    let more = files.len() > usize::from(limit);
    files.truncate(limit.into());
    let last = files.last().filter(|_| more);
    let files_next_cursor =
        last.map(|file| FileCursor { outcome: file.outcome, path: file.path.clone() });
    Ok(SyncEventView { sync_event, event, event_body, files, files_next_cursor })
}

/// Runs the sync of a sync event's target once more, as a new sync event.
pub async fn retry(
    store: &Store,
    actor: &Actor,
    id: SyncEventId,
) -> Result<QueuedSync, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let (queued, target) = retry_in(&tx, id).await?;
    let change = Change {
        action: "sync_event.retry",
        workspace: Some(target.1),
        subject: id.to_string(),
        before: None,
        after: Some(json!({ "syncEventId": queued.id, "targetId": target.0 })),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(queued)
}

/// Queues the sync in a transaction of the caller's, who records it.
pub(super) async fn retry_in(
    tx: &Tx<'_>,
    id: SyncEventId,
) -> Result<(QueuedSync, (TargetId, hookyard_domain::ids::WorkspaceId)), OperationError> {
    let before = require(tx, id).await?;
    if !before.status.is_final() {
        return Err(OperationError::conflict(format!(
            "{id} is {}; wait until it has ended",
            before.status
        )));
    }
    let target = targets::require(tx, before.target_id).await?;
    targets::check_syncable(tx, &target).await?;
    let sync = NewSync {
        id: SyncEventId(Uuid::now_v7()),
        target: target.id,
        trigger: SyncTrigger::Retry,
        allow_deletions: before.allow_deletions,
        event: before.event_id,
    };
    Ok((targets::queue(tx, &sync).await?, (target.id, target.workspace_id)))
}

async fn require(db: &impl Db, id: SyncEventId) -> Result<SyncEvent, OperationError> {
    let found = sync_event_list::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("sync event", &id))
}
