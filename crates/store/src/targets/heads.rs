//! What is known of the branches that targets follow: the last sync, and the head that was last announced.

use hookyard_domain::ids::{SyncEventId, TargetId};
use hookyard_domain::sync_event::SyncStatus;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Db, StoreError};

/// The newest sync event of a target, and the newest head that a push announced.
#[derive(Debug, Clone)]
pub struct Head {
    pub target: TargetId,
    pub last: Option<LastSync>,
    /// The commit, and when it was announced.
    pub announced: Option<(String, Timestamp)>,
}

/// The newest sync event of a target.
#[derive(Debug, Clone)]
pub struct LastSync {
    pub id: SyncEventId,
    pub status: SyncStatus,
    /// Why it ended so.
    pub error: Option<String>,
    pub queued_at: Timestamp,
}

/// What is known of the branches of these targets, in no order. An announcement is looked for among the newest 50 sync
/// events of each.
pub async fn heads(db: &impl Db, targets: &[TargetId]) -> Result<Vec<Head>, StoreError> {
    const SQL: &str = "-- targets::heads
        select wanted.target_id, last.id as last_id, last.status as last_status, last.error as last_error,
               last.queued_at as last_queued_at, announced.announced_sha, announced.queued_at as announced_at
          from unnest($1::uuid[]) as wanted (target_id)
          left join lateral (
                select id, status, error, queued_at from sync_event
                 where target_id = wanted.target_id
                 order by id desc limit 1) last on true
          left join lateral (
                select recent.announced_sha, recent.queued_at
                  from (select id, announced_sha, queued_at from sync_event
                         where target_id = wanted.target_id
                         order by id desc limit 50) recent
                 where recent.announced_sha is not null
                 order by recent.id desc limit 1) announced on true";
    let targets: Vec<Uuid> = targets.iter().map(|id| id.0).collect();
    let rows = db.rows(SQL, &[/* targets */ &targets]).await?;
    rows.iter()
        .map(|row| {
            let last = row.get::<_, Option<Uuid>>("last_id").map(|id| {
                Ok::<_, StoreError>(LastSync {
                    id: SyncEventId(id),
                    status: row.get::<_, &str>("last_status").parse()?,
                    error: row.get("last_error"),
                    queued_at: row.get("last_queued_at"),
                })
            });
            let sha: Option<String> = row.get("announced_sha");
            Ok(Head {
                target: TargetId(row.get("target_id")),
                last: last.transpose()?,
                announced: sha.map(|sha| (sha, row.get("announced_at"))),
            })
        })
        .collect()
}
