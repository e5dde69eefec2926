//! Forgetting what need not be remembered any more, a bounded bite at a time.

use crate::{Db, StoreError};

/// Rows of one bite.
const BITE_ROWS_MAX: i64 = 5_000;

/// Removes dedupe keys that are too old, of the slice whose turn it is; returns how many. Delivery ids and what
/// applications chose live `days` days, hashes of bodies as long as their source's replay window.
///
/// There is no index over the age: it would cost every insert. The keys are hashes, so a slice of them is a
/// slice of everything, and the time of day says whose turn it is: in an hour every hash of a body is looked at,
/// in a day every other key. Until its turn comes an old key does no harm: the age of a hash is compared when it is
/// met, and an id or a chosen key is promised to be remembered for so long at least.
pub async fn forget_dedupe_keys(db: &impl Db, days: i32) -> Result<u64, StoreError> {
    const SQL: &str = "-- retention::forget_dedupe_keys
        with clock as (
            select extract(hour from now())::int4 * 60 + extract(minute from now())::int4 as minute_of_day,
                   extract(minute from now())::int4 as minute_of_hour
        ), slice(kind, first, last) as (
            select kind, minute_of_day * 65536 / 1440, (minute_of_day + 1) * 65536 / 1440 - 1
              from clock cross join (values ('d'::\"char\"), ('i')) kinds(kind)
             union all
            select 'h', minute_of_hour * 65536 / 60, (minute_of_hour + 1) * 65536 / 60 - 1 from clock
        ), old as (
            select dedupe.ctid
              from slice
              join dedupe on dedupe.kind = slice.kind
               and dedupe.key >= decode(lpad(to_hex(slice.first), 4, '0'), 'hex')
               and dedupe.key <= decode(lpad(to_hex(slice.last), 4, '0') || repeat('f', 60), 'hex')
              left join source on source.id = dedupe.source_id
             where dedupe.seen_at < now() - case slice.kind when 'h' then make_interval(secs => source.replay_window_s)
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
