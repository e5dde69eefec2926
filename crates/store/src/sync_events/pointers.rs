//! What the sync queue's messages say.

use hookyard_domain::ids::{InstanceId, SyncEventId, TargetId};
use uuid::Uuid;

use crate::{Db, StoreError};

/// A sync event with what its message carries. Only the id decides; the rest is for people and other programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPointer {
    pub sync_event: SyncEventId,
    pub instance: InstanceId,
    pub target: TargetId,
    pub delivery_id: Option<String>,
    pub installation_id: i64,
    pub repository_id: i64,
    pub repository: String,
    pub git_ref: String,
    pub head_sha: Option<String>,
}

/// Looks up what the messages of these sync events say.
pub async fn pointers(db: &impl Db, sync_events: &[Uuid]) -> Result<Vec<SyncPointer>, StoreError> {
    const SQL: &str = "-- sync_events::pointers
        select sync_event.id, target.instance_id, sync_event.target_id, sync_event.delivery_id,
               account.installation_id, target.repository_id, sync_event.repository, sync_event.git_ref,
               sync_event.announced_sha
          from sync_event
          join connector_target target on target.id = sync_event.target_id
          join connector_instance instance on instance.id = target.instance_id
          join connector_account account on account.id = instance.account_id
         where sync_event.id = any($1)";
    let rows = db.rows(SQL, &[/* ids */ &sync_events]).await?;
    Ok(rows
        .iter()
        .map(|row| SyncPointer {
            sync_event: SyncEventId(row.get("id")),
            instance: InstanceId(row.get("instance_id")),
            target: TargetId(row.get("target_id")),
            delivery_id: row.get("delivery_id"),
            installation_id: row.get("installation_id"),
            repository_id: row.get("repository_id"),
            repository: row.get("repository"),
            git_ref: row.get("git_ref"),
            head_sha: row.get("announced_sha"),
        })
        .collect())
}
