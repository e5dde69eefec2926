//! `signature_failures`: sources whose callers' signatures keep failing, and telling the sources' owners.
//!
//! The ingress only inserts; the worker makes events of what it finds.

use hookyard_domain::ids::{SourceId, WorkspaceId};
use hookyard_domain::system_event::SystemEvent;
use serde_json::json;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, system_events};

/// How long a source is not told of again, in seconds: the length of a window.
pub const WINDOW_S: u64 = 15 * 60;

/// Records that so many calls to a source were refused for their signatures. False: that is on record for this window
/// already.
pub async fn insert(db: &impl Db, source: SourceId, failures: u32) -> Result<bool, StoreError> {
    // No conflict target: that would need the right to read.
    const SQL: &str = "-- signature_failures::insert
        insert into signature_failures (source_id, window_start, failures)
        values ($1, date_bin(make_interval(secs => $3::float8), now(), to_timestamp(0)), $2)
        on conflict do nothing";
    #[expect(clippy::cast_precision_loss, reason = "a quarter of an hour")]
    let window_s = WINDOW_S as f64;
    let failures = i32::try_from(failures).unwrap_or(i32::MAX);
    let inserted = db
        .execute(
            SQL,
            &[
                /* source */ &source.0, /* failures */ &failures,
                /* window */ &window_s,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Raises `source.signature_failures` for sources that nobody was told of yet, up to 100 of them; returns how many
/// events that made. The deployment's own sources have no owners to be told.
pub async fn tell(tx: &Tx<'_>) -> Result<u64, StoreError> {
    const SQL: &str = "-- signature_failures::tell
        with told as (
            update signature_failures set told_at = now()
             where (source_id, window_start) in (select source_id, window_start from signature_failures
                                                  where told_at is null
                                                  order by window_start limit 100 for update skip locked)
         returning source_id, failures
        )
        select source.id, source.workspace_id, source.slug, told.failures
          from told join source on source.id = told.source_id
         where source.workspace_id is not null";
    let rows = tx.rows(SQL, &[]).await?;
    for row in &rows {
        let data = json!({
            "source": { "id": SourceId(row.get("id")), "slug": row.get::<_, &str>("slug") },
            "count": row.get::<_, i32>("failures"),
        });
        let workspace = WorkspaceId(row.get::<_, Uuid>("workspace_id"));
        system_events::raise(tx, workspace, SystemEvent::SourceSignatureFailures, &data).await?;
    }
    Ok(rows.len() as u64)
}

/// Forgets what was told a week ago.
pub async fn forget(db: &impl Db) -> Result<u64, StoreError> {
    const SQL: &str = "-- signature_failures::forget
        delete from signature_failures
         where window_start < now() - interval '7 days' and told_at is not null";
    db.execute(SQL, &[]).await
}
