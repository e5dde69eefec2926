//! The syncs of a target that come after one: those that waited for it, and the second look that it asks for.

use hookyard_domain::ids::TargetId;

use super::SyncWork;
use crate::{Db, StoreError, Tx};

/// Queues a second look at the branch, unless another sync is queued and looks anyway.
///
/// One is enough to see what a branch shows. For missing blobs there is one after the other, each as late again as the
/// last one was, until one has waited for an hour.
pub(super) async fn recheck(
    tx: &Tx<'_>,
    work: &SyncWork,
    after_ms: u64,
    for_blobs: bool,
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::recheck
        with before as (
            select now() - queued_at as waited from sync_event where id = $3 and trigger = 'recheck'
        ), queued as (
            insert into sync_event (id, workspace_id, target_id, trigger, status, repository, git_ref)
            select uuid_v7(now()), target.workspace_id, target.id, 'recheck', 'queued', target.repository, target.git_ref
              from connector_target target
             where target.id = $1
               and not exists (select 1 from sync_event where target_id = $1 and status = 'queued')
               and not exists (select 1 from before where not $4 or waited > interval '1 hour')
         returning id, workspace_id
        )
        insert into job (subject_id, workspace_id, kind, state, due_at)
        select id, workspace_id, 'sync', 'scheduled',
               now() + greatest(make_interval(secs => $2::float8), (select 2 * waited from before))
          from queued";
    #[expect(clippy::cast_precision_loss, reason = "minutes at most")]
    let seconds = after_ms as f64 / 1000.0;
    tx.execute(
        SQL,
        &[
            /* target */ &work.target.0,
            /* seconds */ &seconds,
            /* this one */ &work.sync_event.0,
            /* for blobs */ &for_blobs,
        ],
    )
    .await
    .map(drop)
}

/// Sets the jobs of the target's queued syncs due: they waited for this one's end.
pub(super) async fn wake_parked(tx: &Tx<'_>, target: TargetId) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::wake_parked
        update job set due_at = now()
         where kind = 'sync' and state <> 'ready' and lease_owner is null
           and subject_id = any(array(select id from sync_event where target_id = $1 and status = 'queued'))";
    tx.execute(SQL, &[/* target */ &target.0]).await?;
    Ok(())
}

/// Sets the jobs of syncs that were queued after this one due: it waits now, and they supersede it.
pub(super) async fn wake_newer(tx: &Tx<'_>, work: &SyncWork) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::wake_newer
        update job set due_at = now()
         where kind = 'sync' and state <> 'ready' and lease_owner is null and due_at > now()
           and subject_id = any(array(select newer.id from sync_event newer
                                       where newer.target_id = $1 and newer.status = 'queued'
                                         and newer.seq > (select seq from sync_event where id = $2)))";
    tx.execute(SQL, &[/* target */ &work.target.0, /* this one */ &work.sync_event.0]).await?;
    Ok(())
}
