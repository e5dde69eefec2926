//! Whether GitHub still shows a branch as it was before the latest push.

use hookyard_domain::ids::{SyncEventId, TargetId};

use crate::{Db, StoreError};

/// Whether a branch that shows `head` (all zeros: absent) seems not to have arrived at the latest push yet.
///
/// It has not if a push that was announced up to this sync event went from there, or to there, and a later one
/// elsewhere. Only pushes of the last ten minutes count: GitHub catches up within seconds.
pub async fn shows_the_past(
    db: &impl Db,
    target: TargetId,
    sync_event: SyncEventId,
    head: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- sync_events::shows_the_past
        with pushes as (
            select seq, before_sha, announced_sha from sync_event
             where target_id = $1 and announced_sha is not null
               and id > (select uuid_v7(now() - interval '10 minutes'))
               and seq <= (select seq from sync_event where id = $2)
        )
        select (select announced_sha from pushes order by seq desc limit 1) is distinct from $3
               and exists (select 1 from pushes where $3 in (before_sha, announced_sha)) as past";
    let row = db
        .row(SQL, &[/* target */ &target.0, /* sync event */ &sync_event.0, /* head */ &head])
        .await?;
    Ok(row.get("past"))
}
