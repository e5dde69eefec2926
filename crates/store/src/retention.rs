//! Forgetting what need not be remembered any more, a bounded bite at a time.

use crate::{Db, StoreError};

/// Rows of one bite.
const BITE_ROWS_MAX: i64 = 5_000;

/// Removes dedupe keys that are too old; returns how many. Delivery ids live `days` days; the hash of a body
/// lives as long as its source's replay window.
pub async fn forget_dedupe_keys(db: &impl Db, days: i32) -> Result<u64, StoreError> {
    const SQL: &str = "-- retention::forget_dedupe_keys
        with old as (
            select dedupe.ctid from dedupe left join source on source.id = dedupe.source_id
             where seen_at < now() - interval '1 minute' * least((select min(replay_window_s) from source) / 60, $1 * 1440)
               and seen_at < now() - case when dedupe.kind = 'h' then make_interval(secs => coalesce(source.replay_window_s, 0))
                                          else make_interval(days => $1) end
             limit $2
        )
        delete from dedupe using old where dedupe.ctid = old.ctid";
    db.execute(SQL, &[/* days */ &days, /* rows */ &BITE_ROWS_MAX]).await
}

/// Removes the links between workspaces and events whose partition is gone; returns how many.
pub async fn forget_event_workspaces(db: &impl Db) -> Result<u64, StoreError> {
    const SQL: &str = "-- retention::forget_event_workspaces
        with old as (
            select ctid from event_workspace
             where event_id < (select event_day_bound(min(day)) from event_partition) limit $1
        )
        delete from event_workspace using old where event_workspace.ctid = old.ctid";
    db.execute(SQL, &[/* rows */ &BITE_ROWS_MAX]).await
}
