//! Whether GitHub still shows a branch as it was before a push that it has announced.

use hookyard_domain::ids::TargetId;

use crate::{Db, StoreError};

/// What the pushes of late say about the commit that a branch shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// No push has left it: it is where the branch is.
    Present,
    /// A push has left it, and the latest to arrive came back to it. They may have arrived in another order.
    Doubtful,
    /// A push has left it, and none came back: GitHub has announced more than it shows.
    Past,
}

/// Judges the commit (all zeros: absent) that a branch shows by the moves that were announced.
///
/// Only pushes of the last ten minutes count: GitHub catches up within seconds.
pub async fn shown(db: &impl Db, target: TargetId, head: &str) -> Result<Shown, StoreError> {
    const SQL: &str = "-- sync_events::shown
        with moves as (
            select seq, before_sha, announced_sha from sync_event
             where target_id = $1 and announced_sha is not null and before_sha is distinct from announced_sha
               and id > (select uuid_v7(now() - interval '10 minutes'))
        )
        select exists (select 1 from moves where before_sha = $2) as was_left,
               (select announced_sha from moves order by seq desc limit 1) is not distinct from $2 as is_latest";
    let row = db.row(SQL, &[/* target */ &target.0, /* head */ &head]).await?;
    Ok(match (row.get("was_left"), row.get("is_latest")) {
        (false, _) => Shown::Present,
        (true, true) => Shown::Doubtful,
        (true, false) => Shown::Past,
    })
}
