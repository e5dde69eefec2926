//! What a sync applied: its counts, its files, and where its target stands now.

use hookyard_domain::ids::SyncEventId;
use hookyard_domain::sync_event::{FileReason, SyncStatus};
use uuid::Uuid;

use super::SyncWork;
use super::end::{Applied, FileResult};
use crate::{Db, StoreError, Tx};

pub(super) async fn record_applied(
    tx: &Tx<'_>,
    work: &SyncWork,
    applied: &Applied,
) -> Result<(), StoreError> {
    const EVENT: &str = "-- sync_events::record_applied
        update sync_event
           set status = $2, applied_sha = $3, created = $4, updated = $5, deleted = $6, skipped = $7, failed = $8,
               completed_at = now()
         where id = $1 and status = 'running'";
    // Without its entity tag the head is read again by the next sync: files that failed get another try.
    const TARGET: &str = "-- sync_events::record_applied_target
        update connector_target
           set status = 'active', applied_sha = $2, applied_etag = $3, applied_mapping_revision = $4,
               applied_parser_version = $5, applied_at = now(), updated_at = now()
         where id = $1";
    let counts = &applied.counts;
    let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    tx.execute(
        EVENT,
        &[
            /* id */ &work.sync_event.0,
            /* status */ &SyncStatus::of_counts(counts.failed).as_str(),
            /* sha */ &applied.sha,
            /* created */ &count(counts.created),
            /* updated */ &count(counts.updated),
            /* deleted */ &count(counts.deleted),
            /* skipped */ &count(counts.skipped),
            /* failed */ &count(counts.failed),
        ],
    )
    .await?;
    tx.execute(
        TARGET,
        &[
            /* id */ &work.target.0,
            /* sha */ &applied.sha,
            /* etag */ &applied.etag.as_ref().filter(|_| counts.failed == 0),
            /* mapping revision */ &work.mapping_revision,
            /* parser version */ &count(applied.parser_version),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn record_files(
    tx: &Tx<'_>,
    sync_event: SyncEventId,
    files: &[FileResult],
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::record_files
        insert into sync_file (sync_event_id, path, outcome, reason, error, blob_sha, config_object_id)
        select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[])";
    if files.is_empty() {
        return Ok(());
    }
    let paths: Vec<&str> = files.iter().map(|it| it.path.as_str()).collect();
    let outcomes: Vec<&str> = files.iter().map(|it| it.outcome.as_str()).collect();
    let reasons: Vec<Option<&str>> =
        files.iter().map(|it| it.reason.map(FileReason::as_str)).collect();
    let errors: Vec<Option<&str>> = files.iter().map(|it| it.error.as_deref()).collect();
    let shas: Vec<Option<&str>> = files.iter().map(|it| it.blob_sha.as_deref()).collect();
    let objects: Vec<Option<Uuid>> = files.iter().map(|it| it.object.map(|id| id.0)).collect();
    tx.execute(
        SQL,
        &[
            /* sync event */ &sync_event.0,
            /* paths */ &paths,
            /* outcomes */ &outcomes,
            /* reasons */ &reasons,
            /* errors */ &errors,
            /* shas */ &shas,
            /* objects */ &objects,
        ],
    )
    .await?;
    Ok(())
}
