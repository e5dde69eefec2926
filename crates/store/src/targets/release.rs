//! Letting go of targets: their syncs end, their config objects are deleted, their records stay.
//!
//! Each target gets a completed sync event that tells of its deletions, as for any other change of its objects.
//! Targets are locked first, in the order of their ids, then jobs: as a starting sync does. A sync that runs loses
//! its job, so that its worker is fenced when it comes to write.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Db, StoreError, Tx};

/// What ended with targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Released {
    pub syncs_ended: u64,
    pub objects_deleted: u64,
}

/// Lets go of targets that the caller has locked, in the order of their ids.
pub(crate) async fn release(tx: &Tx<'_>, targets: &[Uuid]) -> Result<Released, StoreError> {
    forget_applied(tx, targets).await?;
    let syncs_ended = end_syncs(tx, targets).await?;
    let objects_deleted = delete_objects(tx, targets).await?;
    Ok(Released { syncs_ended, objects_deleted })
}

/// Forgets what is applied there, so that a return imports everything again.
async fn forget_applied(tx: &Tx<'_>, targets: &[Uuid]) -> Result<(), StoreError> {
    const SQL: &str = "-- targets::release (forget applied)
        update connector_target
           set applied_sha = null, applied_mapping_revision = null, applied_parser_version = null, applied_at = null,
               applied_etag = null, updated_at = now()
         where id = any($1)";
    tx.execute(SQL, &[/* targets */ &targets]).await.map(drop)
}

async fn end_syncs(tx: &Tx<'_>, targets: &[Uuid]) -> Result<u64, StoreError> {
    const FORGET_JOBS: &str = "-- targets::release (forget jobs)
        delete from job
         where kind = 'sync'
           and subject_id = any(array(select id from sync_event
                                       where target_id = any($1) and status in ('queued', 'running')))";
    const END: &str = "-- targets::release (end syncs)
        update sync_event set status = 'ignored', reason = 'disconnected', completed_at = now()
         where target_id = any($1) and status in ('queued', 'running')";
    tx.execute(FORGET_JOBS, &[/* targets */ &targets]).await?;
    tx.execute(END, &[/* targets */ &targets]).await
}

async fn delete_objects(tx: &Tx<'_>, targets: &[Uuid]) -> Result<u64, StoreError> {
    const SQL: &str = "-- targets::release (delete objects)
        with gone as materialized (
            select id, workspace_id, target_id, path, title, description, current_version_id,
                   uuid_v7(now()) as version_id
              from config_object where target_id = any($1) and status = 'active'
        ), told as materialized (
            select target.id as target_id, target.workspace_id, target.repository, target.git_ref,
                   uuid_v7(now()) as sync_event_id, count(*)::int4 as deleted
              from connector_target target join gone on gone.target_id = target.id
             group by target.id
        ), sync as (
            insert into sync_event (id, workspace_id, target_id, trigger, status, reason, repository, git_ref, deleted,
                                    started_at, completed_at)
            select sync_event_id, workspace_id, target_id, 'manual_resync', 'completed', 'disconnected', repository,
                   git_ref, deleted, now(), now() from told
        ), version as (
            insert into config_object_version (id, config_object_id, number, sync_event_id, commit_sha, deleted, title,
                                               description)
            select gone.version_id, gone.id, last.number + 1, told.sync_event_id, last.commit_sha, true, gone.title,
                   gone.description
              from gone
              join told on told.target_id = gone.target_id
              join config_object_version last on last.id = gone.current_version_id
        ), object as (
            update config_object set status = 'deleted', current_version_id = gone.version_id, updated_at = now()
              from gone where config_object.id = gone.id
        ), binding as (
            update source_binding set closed_at = now() where target_id = any($1) and closed_at is null
        ), stone as (
            insert into tombstone (config_object_id, target_id, path, sync_event_id)
            select gone.id, gone.target_id, gone.path, told.sync_event_id
              from gone join told on told.target_id = gone.target_id
        )
        insert into sync_file (sync_event_id, path, outcome, config_object_id)
        select told.sync_event_id, gone.path, 'deleted', gone.id
          from gone
          join told on told.target_id = gone.target_id";
    tx.execute(SQL, &[/* targets */ &targets]).await
}
