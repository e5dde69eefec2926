//! The database: its schema, roles, clock and partitions.

use hookyard_store::{Conn, StoreError, doctor, partitions, schema};
use jiff::Timestamp;

use super::{Check, listed};

/// Leases and freshness are measured in seconds: a clock further off than this confuses people who compare.
const CLOCK_SKEW_MS_MAX: i64 = 5_000;
/// Fewer days of partitions ahead mean that nobody makes them any more.
const PARTITION_DAYS_AHEAD_MIN: i64 = 7;

pub(super) const SCHEMA: &str = "schema";
pub(super) const ROLES: &str = "roles";
pub(super) const CLOCK: &str = "clock";
pub(super) const PARTITIONS: &str = "partitions";
pub(super) const RETENTION: &str = "retention";

pub(super) async fn schema(conn: &Conn) -> Result<Check, StoreError> {
    let (found, needed) = (schema::version(conn).await?, schema::needed_version());
    if found >= needed {
        return Ok(Check::ok(SCHEMA, format!("version {found}")));
    }
    let versions = format!("the schema is at version {found}, this program needs {needed}");
    Ok(Check::fail(SCHEMA, versions, "run `hookyard-admin migrate` as the database's owner"))
}

pub(super) async fn roles(conn: &Conn) -> Result<Check, StoreError> {
    let advice = "run `hookyard-admin migrate` as the database's owner; grant or revoke what was changed by hand";
    let missing = doctor::missing_roles(conn, &schema::ROLES).await?;
    if !missing.is_empty() {
        return Ok(Check::fail(
            ROLES,
            format!("cannot log in or do not exist: {}", listed(&missing)),
            advice,
        ));
    }
    let wrong = doctor::wrong_rights(conn).await?;
    if wrong.is_empty() {
        return Ok(Check::ok(
            ROLES,
            "each process has its role, with the rights that it needs and no others",
        ));
    }
    let told = |it: &doctor::WrongRight| {
        let may = if it.wanted { "may not" } else { "may" };
        format!("{} {may} {} {}", it.role, it.right, it.table)
    };
    let told: Vec<String> = wrong.iter().map(told).collect();
    Ok(Check::fail(ROLES, told.join("; "), advice))
}

pub(super) async fn clock(conn: &Conn, ours: Timestamp) -> Result<Check, StoreError> {
    let theirs = doctor::now(conn).await?;
    let skew_ms = theirs.as_millisecond() - ours.as_millisecond();
    let side = if skew_ms < 0 { "behind" } else { "ahead of" };
    let found = format!("the database's clock is {} ms {side} this machine's", skew_ms.abs());
    Ok(if skew_ms.abs() <= CLOCK_SKEW_MS_MAX {
        Check::ok(CLOCK, found)
    } else {
        Check::warn(
            CLOCK,
            found,
            "let both keep time by NTP; else signatures that sign a time are refused",
        )
    })
}

pub(super) async fn partitions_ahead(conn: &Conn) -> Result<Check, StoreError> {
    let days = partitions::days_ahead(conn).await?;
    let found = format!("events can be stored for {days} more days");
    let advice = "start a worker, which makes partitions, or run `hookyard-admin migrate`";
    Ok(match days {
        0 => Check::fail(PARTITIONS, found, advice),
        1..PARTITION_DAYS_AHEAD_MIN => Check::warn(PARTITIONS, found, advice),
        _ => Check::ok(PARTITIONS, found),
    })
}

pub(super) async fn retention(conn: &Conn, days: i32) -> Result<Check, StoreError> {
    // The worker drops a day once in a while, not at midnight.
    let held = partitions::expired(conn, days.saturating_add(1)).await?;
    Ok(match held.as_slice() {
        [] => Check::ok(RETENTION, format!("no events older than {days} days")),
        [oldest, ..] => Check::warn(
            RETENTION,
            format!("{} days of events are kept beyond {days} days, from {oldest}", held.len()),
            "unfinished work points into them (see `hookyard-admin jobs`), or no worker runs",
        ),
    })
}
