//! Telling subscribers how a sync ended.

use hookyard_domain::ids::{SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_domain::system_event::SystemEvent;
use serde_json::json;

use crate::{Db as _, StoreError, Tx, system_events};

/// Raises `sync.completed`, `sync.partial` or `sync.failed` if a subscription wants it. Syncs are many: what nobody
/// wants is not even recorded.
pub(super) async fn tell(tx: &Tx<'_>, id: SyncEventId) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::tell
        select workspace_id, target_id, status, reason, error, repository, git_ref, announced_sha, applied_sha, created,
               updated, deleted, skipped, failed
          from sync_event
         where id = $1
           and exists (select from subscription
                        where subscription.workspace_id = sync_event.workspace_id and subscription.status = 'active'
                          and wants_event(subscription.event_types, 'sync.' || sync_event.status))";
    const TOLD: &str = "-- sync_events::told
        update sync_event set told_event_id = $2 where id = $1";
    let Some(row) = tx.row_opt(SQL, &[/* id */ &id.0]).await? else { return Ok(()) };
    let event = match row.get::<_, &str>("status").parse()? {
        SyncStatus::Completed => SystemEvent::SyncCompleted,
        SyncStatus::Partial => SystemEvent::SyncPartial,
        SyncStatus::Failed => SystemEvent::SyncFailed,
        SyncStatus::Queued | SyncStatus::Running | SyncStatus::Ignored => return Ok(()),
    };
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let count = |column: &str| row.get::<_, i32>(column);
    let data = json!({
        "syncEventId": id,
        "targetId": TargetId(row.get("target_id")),
        "repository": text("repository"),
        "ref": text("git_ref"),
        "announcedSha": text("announced_sha"),
        "appliedSha": text("applied_sha"),
        "reason": text("reason"),
        "error": text("error"),
        "counts": {
            "created": count("created"), "updated": count("updated"), "deleted": count("deleted"),
            "skipped": count("skipped"), "failed": count("failed"),
        },
    });
    let told = system_events::raise(tx, WorkspaceId(row.get("workspace_id")), event, &data).await?;
    tx.execute(TOLD, &[/* id */ &id.0, /* event */ &told.0]).await.map(drop)
}
