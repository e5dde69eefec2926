//! The day partitions of `event`, `delivery` and `attempt`: made ahead together, dropped together when nothing points
//! into them.

use jiff::civil::Date;

use crate::{Db, StoreError};

/// What became of the wish to drop a day's partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drop {
    Dropped,
    Absent,
    TooYoung,
    /// An unfinished job points into it.
    HeldByJob,
    /// An unfinished sync event points into it.
    HeldBySyncEvent,
    /// An event of it is still owed to somebody.
    HeldByDelivery,
}

/// Makes the partitions of yesterday, today and `days_ahead` more; returns for how many days they were missing.
pub async fn make(db: &impl Db, days_ahead: i32) -> Result<i32, StoreError> {
    const SQL: &str = "-- partitions::make
        select make_partitions($1) as made";
    Ok(db.row(SQL, &[/* days ahead */ &days_ahead]).await?.get("made"))
}

/// How many whole days from today on have a partition without a gap.
pub async fn days_ahead(db: &impl Db) -> Result<i64, StoreError> {
    const SQL: &str = "-- partitions::days_ahead
        select count(*) as days
          from (select day - (now() at time zone 'UTC')::date - row_number() over (order by day) as gap
                  from event_partition where name > 'event_' || to_char(now() at time zone 'UTC', 'YYYYMMDD')) ahead
         where gap = 0";
    Ok(db.row(SQL, &[]).await?.get("days"))
}

/// The days whose partitions are older than `retention_days`, oldest first.
pub async fn expired(db: &impl Db, retention_days: i32) -> Result<Vec<Date>, StoreError> {
    // By name: a condition on the day may be tested on relations that are no partitions and bear no date.
    const SQL: &str = "-- partitions::expired
        select day from event_partition
         where name < 'event_' || to_char((now() at time zone 'UTC')::date - $1::int4, 'YYYYMMDD') order by day";
    let rows = db.rows(SQL, &[/* days */ &retention_days]).await?;
    Ok(rows.iter().map(|row| row.get("day")).collect())
}

/// Drops a day's partition unless work points into it.
pub async fn drop_day(db: &impl Db, day: Date) -> Result<Drop, StoreError> {
    const SQL: &str = "-- partitions::drop_day
        select drop_partitions($1) as result";
    let result: String = db.row(SQL, &[/* day */ &day]).await?.get("result");
    Ok(match result.as_str() {
        "dropped" => Drop::Dropped,
        "too_young" => Drop::TooYoung,
        "held_by_job" => Drop::HeldByJob,
        "held_by_sync_event" => Drop::HeldBySyncEvent,
        "held_by_delivery" => Drop::HeldByDelivery,
        _ => Drop::Absent,
    })
}
