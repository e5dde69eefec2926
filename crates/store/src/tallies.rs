//! `tally` into `rollup`: what whoever ended something has counted becomes minutes and hours.
//!
//! Counting costs whoever ends a sync or a delivery one appended row a batch, and the ingress nothing: arrivals are
//! counted here, by the events' ids, up to a moment that lies far enough back that whatever is under way is recorded.
//! An event whose id is older than that when it is recorded is on record, and in no count.

use uuid::Uuid;

use crate::{Conn, Db as _, StoreError};

/// How far behind the clock arrivals are counted, in seconds: longer than recording one may take.
const ARRIVALS_LAG_S: f64 = 15.0;
/// How many arrivals, or tallies, one bite takes.
pub const BITE_ROWS_MAX: i64 = 50_000;
/// How long minutes are kept, in hours.
pub const MINUTES_KEPT_H: i32 = 48;
/// How long hours are kept, in days.
pub const HOURS_KEPT_DAYS: i32 = 90;

/// Folds a bite of tallies into minutes and hours; returns how many there were. None: another worker does it.
pub async fn fold(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "-- tallies::fold
        with gone as (
            delete from tally where ctid = any(array(select ctid from tally limit $1))
         returning workspace_id, metric, at, count
        ), folded as (
            insert into rollup (workspace_id, width, bucket, metric, count)
            select workspace_id, width, date_trunc(unit, at, 'UTC') as bucket, metric, sum(count)
              from gone, (values ('m'::\"char\", 'minute'), ('h', 'hour')) widths (width, unit)
             group by 1, 2, 3, 4 order by 1, 2, 3, 4
                on conflict (workspace_id, width, bucket, metric) do update set count = rollup.count + excluded.count
        )
        select count(*) as folded from gone";
    let tx = conn.begin().await?;
    // Two that fold at once would wait for each other's rows.
    if lock_counting(&tx).await?.is_none() {
        return Ok(None);
    }
    let folded = tx.row(SQL, &[/* limit */ &BITE_ROWS_MAX]).await?.get("folded");
    tx.commit().await?;
    Ok(Some(folded))
}

/// Counts a bite of the arrivals that were not counted yet; returns how many there were. None: another worker does it.
pub async fn count_arrivals(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "-- tallies::count_arrivals
        with bite as materialized (
            select workspace_id, event_id from event_workspace
             where event_id > $1 and event_id < uuid_v7(now() - make_interval(secs => $2))
             -- An event may concern several workspaces: all of its rows are in one bite.
             order by event_id fetch first ($3) rows with ties
        ), counted as (
            insert into tally (workspace_id, metric, at, count)
            select workspace_id, 'arrived', date_trunc('minute', uuid_v7_time(event_id), 'UTC') as minute, count(*)
              from bite group by workspace_id, minute
        ), moved as (
            update arrivals_counted
               set up_to = coalesce((select event_id from bite order by event_id desc limit 1), up_to)
        )
        select count(*) as counted from bite";
    let tx = conn.begin().await?;
    let Some(up_to) = lock_counting(&tx).await? else { return Ok(None) };
    let row = tx
        .row(
            SQL,
            &[
                /* after */ &up_to,
                /* lag */ &ARRIVALS_LAG_S,
                /* limit */ &BITE_ROWS_MAX,
            ],
        )
        .await?;
    tx.commit().await?;
    Ok(Some(row.get("counted")))
}

async fn lock_counting(tx: &crate::Tx<'_>) -> Result<Option<Uuid>, StoreError> {
    const SQL: &str = "-- tallies::lock
        select up_to from arrivals_counted for update skip locked";
    Ok(tx.row_opt(SQL, &[]).await?.map(|row| row.get("up_to")))
}

/// Forgets minutes and hours that nobody asks for any more; returns how many.
pub async fn forget_old(conn: &Conn) -> Result<u64, StoreError> {
    const SQL: &str = "-- tallies::forget_old
        delete from rollup
         where ctid = any(array(select ctid from rollup
                                 where width = 'm' and bucket < now() - make_interval(hours => $1) limit $3))
            or ctid = any(array(select ctid from rollup
                                 where width = 'h' and bucket < now() - make_interval(days => $2) limit $3))";
    conn.execute(
        SQL,
        &[
            /* hours */ &MINUTES_KEPT_H,
            /* days */ &HOURS_KEPT_DAYS,
            /* limit */ &BITE_ROWS_MAX,
        ],
    )
    .await
}
