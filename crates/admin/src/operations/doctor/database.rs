//! The database: its schema, roles, clock and partitions.

use hookyard_store::{doctor, partitions, schema};

use super::{Check, Checked, Checks, Examination, listed};

/// Leases and freshness are measured in seconds: a clock further off than this confuses people who compare.
const CLOCK_SKEW_MS_MAX: i64 = 5_000;
/// Fewer days of partitions ahead mean that nobody makes them any more.
const PARTITION_DAYS_AHEAD_MIN: i64 = 7;

pub(super) async fn check(examination: &Examination<'_>, checks: &mut Checks) -> Checked {
    let conn = examination.store.conn().await?;
    checks.push(Check::ok("database", "PostgreSQL answers"));

    let (found, needed) = (schema::version(&conn).await?, schema::needed_version());
    let versions = format!("the schema is at version {found}, this program needs {needed}");
    if found < needed {
        checks.push(Check::fail("schema", versions, "run `hookyard-admin migrate` as the database's owner"));
        return Ok(());
    }
    checks.push(Check::ok("schema", format!("version {found}")));
    checks.push(roles(&conn).await?);
    checks.push(clock(examination, &conn).await?);
    checks.push(ahead(&conn).await?);
    checks.push(retention(examination, &conn).await?);
    Ok(())
}

async fn roles(conn: &hookyard_store::Conn) -> Result<Check, hookyard_store::StoreError> {
    const NAME: &str = "roles";
    let advice = "run `hookyard-admin migrate` as the database's owner, and grant or revoke by hand what was changed by hand";
    let missing = doctor::missing_roles(conn, &schema::ROLES).await?;
    if !missing.is_empty() {
        return Ok(Check::fail(NAME, format!("cannot log in or do not exist: {}", listed(&missing)), advice));
    }
    let wrong = doctor::wrong_rights(conn).await?;
    if wrong.is_empty() {
        return Ok(Check::ok(NAME, "each process has a role with the rights that it needs and no key that it must not see"));
    }
    let told = |it: &doctor::WrongRight| {
        let may = if it.wanted { "may not" } else { "may" };
        format!("{} {may} {} {}", it.role, it.right, it.table)
    };
    let told: Vec<String> = wrong.iter().map(told).collect();
    Ok(Check::fail(NAME, told.join("; "), advice))
}

async fn clock(
    examination: &Examination<'_>,
    conn: &hookyard_store::Conn,
) -> Result<Check, hookyard_store::StoreError> {
    let theirs = doctor::now(conn).await?;
    let skew_ms = theirs.as_millisecond() - examination.now.as_millisecond();
    let found = format!("the database's clock is {} ms {} this machine's", skew_ms.abs(), if skew_ms < 0 { "behind" } else { "ahead of" });
    Ok(if skew_ms.abs() <= CLOCK_SKEW_MS_MAX {
        Check::ok("clock", found)
    } else {
        Check::warn("clock", found, "let both machines keep time by NTP; signatures that sign a time are refused otherwise")
    })
}

async fn ahead(conn: &hookyard_store::Conn) -> Result<Check, hookyard_store::StoreError> {
    let days = partitions::days_ahead(conn).await?;
    let found = format!("events can be stored for {days} more days");
    let advice = "start a worker, which makes partitions, or run `hookyard-admin migrate`";
    Ok(match days {
        0 => Check::fail("partitions", found, advice),
        1..PARTITION_DAYS_AHEAD_MIN => Check::warn("partitions", found, advice),
        _ => Check::ok("partitions", found),
    })
}

async fn retention(
    examination: &Examination<'_>,
    conn: &hookyard_store::Conn,
) -> Result<Check, hookyard_store::StoreError> {
    let days = examination.retention_days;
    // The worker drops a day once in a while, not at midnight.
    let held = partitions::expired(conn, days.saturating_add(1)).await?;
    Ok(match held.as_slice() {
        [] => Check::ok("retention", format!("no events older than {days} days")),
        [oldest, ..] => Check::warn(
            "retention",
            format!("{} days of events are kept beyond {days} days, from {oldest}", held.len()),
            "unfinished work points into them (see `hookyard-admin jobs`), or no worker runs",
        ),
    })
}
