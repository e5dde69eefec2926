//! Many sync events that did not end well, run once more: previewed first, then queued, one sync a target.

mod left_out;

use std::collections::HashMap;

use hookyard_domain::ids::{InstanceId, SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_domain::workspace::Slug;
use hookyard_store::sync_event_list::{self, Search, SyncEvent, SyncEventFilter};
use hookyard_store::sync_events::{self, NewRetry, RetryTarget};
use hookyard_store::{Db, Store, audit};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError, workspaces};

pub use left_out::LeftOut;

/// The most sync events that one retry looks at, the newest first.
pub const SELECTED_MAX: usize = 5_000;

/// Which sync events of a workspace to retry.
#[derive(Debug, Clone)]
pub struct Selection {
    pub workspace: Slug,
    /// Failed, partial, or both; empty: both.
    pub statuses: Vec<SyncStatus>,
    pub target: Option<TargetId>,
    /// The type of the event behind it, or the trigger.
    pub event_type: Option<String>,
    pub search: Option<Search>,
    /// Those queued then or later.
    pub since: Option<Timestamp>,
    /// Those queued before that: later arrivals are not included.
    pub until: Timestamp,
    /// Only those of these connector instances; none: of all.
    pub seen: Option<Vec<InstanceId>>,
    /// On which of them whoever asks may retry; none: on all.
    pub edited: Option<Vec<InstanceId>>,
}

impl Selection {
    fn filter(&self, workspace: WorkspaceId) -> Result<SyncEventFilter, OperationError> {
        const RETRIED: [SyncStatus; 2] = [SyncStatus::Failed, SyncStatus::Partial];
        if let Some(other) = self.statuses.iter().find(|it| !RETRIED.contains(it)) {
            return Err(OperationError::Invalid(format!(
                "sync events that are {other} are not retried together; failed and partial ones are"
            )));
        }
        let statuses =
            if self.statuses.is_empty() { RETRIED.to_vec() } else { self.statuses.clone() };
        Ok(SyncEventFilter {
            workspace: Some(workspace),
            target: self.target,
            instances: self.seen.clone(),
            statuses,
            since: self.since,
            until: Some(self.until),
            event_type: self.event_type.clone(),
            search: self.search.clone(),
        })
    }
}

/// What a retry does about one target.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetriedTarget {
    pub id: TargetId,
    pub repository: String,
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// How many of its sync events were selected; they fold into one sync at the branch's head.
    pub selected: i64,
    /// Those of them that failed; the others are partial.
    pub failed: i64,
    /// The newest of them, and how it ended.
    pub newest_id: SyncEventId,
    pub status: SyncStatus,
    pub reason: Option<String>,
    pub error: Option<String>,
    pub failed_files: i32,
    /// Null: one sync of it is queued.
    pub left_out: Option<LeftOut>,
}

/// What a retry would start, or did.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SyncRetryPreview)]
pub struct Preview {
    pub workspace: String,
    /// Sync events queued from then on are not included.
    pub as_of: Timestamp,
    /// How many sync events match.
    pub selected: i64,
    /// When the oldest of the selected ones was queued, if there are older ones that match: those are not looked at.
    pub older_before: Option<Timestamp>,
    /// How many syncs are queued: one for each target that is not left out.
    pub syncs: usize,
    pub left_out: usize,
    pub targets: Vec<RetriedTarget>,
}

/// The syncs that a retry queued.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QueuedSyncRetry)]
pub struct Queued {
    pub ok: bool,
    /// False: every target was left out, and nothing changed.
    pub queued: bool,
    pub sync_event_ids: Vec<SyncEventId>,
    pub preview: Preview,
}

/// What a retry would start now; changes nothing.
pub async fn preview(store: &Store, selection: &Selection) -> Result<Preview, OperationError> {
    let conn = store.conn().await?;
    let (_, preview) = plan(&conn, selection).await?;
    Ok(preview)
}

/// Queues one sync for each target of the selected sync events that is not left out, all of them or none.
///
/// Whoever does it again, or at the same time, finds the targets' syncs under way and queues nothing.
pub async fn start(
    store: &Store,
    actor: &Actor,
    selection: &Selection,
) -> Result<Queued, OperationError> {
    let mut conn = store.conn().await?;
    let workspace = workspaces::require(&conn, &selection.workspace).await?.id;
    let tx = conn.begin().await?;
    sync_events::lock_retries(&tx, workspace).await?;
    let (found, mut preview) = plan(&tx, selection).await?;
    let retries: Vec<NewRetry> = found
        .iter()
        .zip(&preview.targets)
        .filter(|(_, target)| target.left_out.is_none())
        .map(|(found, _)| NewRetry {
            id: SyncEventId(Uuid::now_v7()),
            target: found.id,
            event: found.newest_event,
        })
        .collect();
    let queued = sync_events::queue_retries(&tx, &retries).await?;
    let by_target: HashMap<TargetId, SyncEventId> =
        queued.iter().map(|it| (it.target, it.id)).collect();
    for target in &mut preview.targets {
        // Somebody queued a sync of it between the look and now.
        if target.left_out.is_none() && !by_target.contains_key(&target.id) {
            target.left_out = Some(LeftOut::Queued);
        }
    }
    preview.count();
    if !queued.is_empty() {
        record(&tx, actor, workspace, &preview, &by_target).await?;
    }
    tx.commit().await?;
    Ok(Queued {
        ok: true,
        queued: !queued.is_empty(),
        sync_event_ids: queued.iter().map(|it| it.id).collect(),
        preview,
    })
}

/// One line for each sync, so that its story tells who asked for it.
async fn record(
    tx: &hookyard_store::Tx<'_>,
    actor: &Actor,
    workspace: WorkspaceId,
    preview: &Preview,
    queued: &HashMap<TargetId, SyncEventId>,
) -> Result<(), OperationError> {
    let lines: Vec<(String, Value)> = preview
        .targets
        .iter()
        .filter_map(|target| Some((target, queued.get(&target.id)?)))
        .map(|(target, id)| {
            let after =
                json!({ "syncEventId": id, "targetId": target.id, "selected": target.selected });
            (target.newest_id.to_string(), after)
        })
        .collect();
    let entry = audit::NewEntry {
        id: hookyard_domain::ids::AuditId(Uuid::now_v7()),
        workspace: Some(workspace),
        actor: &actor.name,
        action: "sync_event.retry",
        subject: "",
        reason: actor.reason.as_deref(),
        before: None,
        after: None,
    };
    audit::insert_many(tx, &entry, &lines).await?;
    let change = Change {
        action: "sync_event.retry_many",
        workspace: Some(workspace),
        subject: workspace.to_string(),
        before: None,
        after: Some(json!({
            "asOf": preview.as_of, "selected": preview.selected, "syncs": preview.syncs, "leftOut": preview.left_out,
        })),
    };
    actor.record(tx, change).await
}

async fn plan(
    db: &impl Db,
    selection: &Selection,
) -> Result<(Vec<RetryTarget>, Preview), OperationError> {
    let workspace = workspaces::require(db, &selection.workspace).await?;
    let filter = selection.filter(workspace.id)?;
    let (ids, more) = sync_event_list::first_ids(db, &filter, SELECTED_MAX).await?;
    let oldest: Option<SyncEvent> = match ids.last() {
        Some(id) if more => sync_event_list::by_id(db, *id).await?,
        _ => None,
    };
    let found = sync_events::retry_targets(db, &ids).await?;
    let targets: Vec<RetriedTarget> = found.iter().map(|it| planned(selection, it)).collect();
    let mut preview = Preview {
        workspace: workspace.slug,
        as_of: selection.until,
        selected: targets.iter().map(|target| target.selected).sum(),
        older_before: oldest.map(|sync| sync.queued_at),
        syncs: 0,
        left_out: 0,
        targets,
    };
    preview.count();
    Ok((found, preview))
}

impl Preview {
    fn count(&mut self) {
        self.left_out = self.targets.iter().filter(|target| target.left_out.is_some()).count();
        self.syncs = self.targets.len() - self.left_out;
    }
}

fn planned(selection: &Selection, found: &RetryTarget) -> RetriedTarget {
    RetriedTarget {
        id: found.id,
        repository: found.repository.clone(),
        git_ref: found.git_ref.clone(),
        selected: found.selected,
        failed: found.failed,
        newest_id: found.newest,
        status: found.newest_status,
        reason: found.newest_reason.clone(),
        error: found.newest_error.clone(),
        failed_files: found.newest_failed_files,
        left_out: LeftOut::of(selection, found),
    }
}
