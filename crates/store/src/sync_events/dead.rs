//! Dead letters of syncs: written when one failed for good, settled when a later one of the target came through.

use hookyard_domain::ids::{SyncEventId, TargetId};
use hookyard_domain::sync_event::SyncReason;

use super::end::commit_finished;
use super::tell::tell;
use super::tracked::{self, target_of};
use super::wake::wake_parked;
use crate::jobs::{Ended, Lease};
use crate::{Conn, Db, StoreError, Tx};

/// Ends a sync whose workers died of it: recorded as failed, a dead letter, no job.
pub async fn bury(
    conn: &mut Conn,
    lease: &Lease,
    reason: SyncReason,
    error: &str,
) -> Result<Ended, StoreError> {
    const SQL: &str = "-- sync_events::bury
        with lost as (
            update sync_attempt set outcome = 'lost', ended_at = now()
             where sync_event_id = $1 and ended_at is null
        )
        update sync_event set status = 'failed', reason = $2, error = $3, completed_at = now()
         where id = $1 and status in ('queued', 'running') returning target_id";
    let tx = conn.begin().await?;
    if let Some(target) = target_of(&tx, SyncEventId(lease.subject)).await? {
        tracked::lock(&tx, target).await?;
    }
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [/* id */ &lease.subject, /* reason */ &reason.as_str(), /* error */ &error];
    if let Some(row) = tx.row_opt(SQL, &parameters).await? {
        dead_letter(&tx, SyncEventId(lease.subject), reason.as_str(), Some(error)).await?;
        tell(&tx, SyncEventId(lease.subject)).await?;
        wake_parked(&tx, TargetId(row.get("target_id"))).await?;
    }
    commit_finished(tx, lease).await
}

pub(super) async fn dead_letter(
    tx: &Tx<'_>,
    sync_event: SyncEventId,
    reason: &str,
    error: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::dead_letter
        insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
        select uuid_v7(now()), workspace_id, id, 'sync', $2, $3 from sync_event where id = $1
            on conflict (subject_id, kind) where settled_at is null
            do update set reason = excluded.reason, error = excluded.error";
    tx.execute(SQL, &[/* id */ &sync_event.0, /* reason */ &reason, /* error */ &error]).await?;
    Ok(())
}

/// Settles the dead letters of a target's failed syncs: what they left undone, a later one has done.
///
/// One that somebody settles by hand at this moment is left to them: they may be waiting for the target, which is
/// locked here.
pub(super) async fn settle_overtaken(tx: &Tx<'_>, target: TargetId) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::settle_overtaken
        update dead_letter set settled_at = now(), settled_how = 'overtaken'
         where id = any(array(
                select id from dead_letter
                 where kind = 'sync' and settled_at is null
                   and subject_id = any(array(select id from sync_event where target_id = $1 and status = 'failed'
                                               order by id desc limit 1000))
                   for update skip locked))";
    tx.execute(SQL, &[/* target */ &target.0]).await.map(drop)
}
