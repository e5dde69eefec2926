//! How punctual further attempts are when very many wait for theirs.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Args;
use super::seed::{self, Due};
use super::yard::{Group, Yard};
use crate::bench::latency::Latencies;
use crate::bench::numbers::whole;
use crate::bench::report::Table;
use crate::say;

/// When the worker's memory is looked at first: connections and caches are made by then.
const WARM: Duration = Duration::from_secs(10);
/// How long is watched after that.
const WATCHED: Duration = Duration::from_mins(1);
/// What was due before the worker was there says nothing about it.
const LATE: &str =
    "select extract(epoch from attempt.started_at - chosen.due_at)::float8 * 1000 as ms
      from attempt join chosen on chosen.id = attempt.delivery_id
     where chosen.due_at > now() - make_interval(secs => $1::float8)";

pub(super) async fn measure(yard: &Yard<'_>, args: &Args) -> Result<Table> {
    let waiting = whole(f64::from(args.scheduled));
    say::step(&format!("Making {waiting} deliveries that are due within six hours"));
    yard.empty().await?;
    seed::deliveries(yard, Group::Healthy, args.scheduled, Due::WithinSixHours).await?;
    let worker = yard.sender().await?;
    tokio::time::sleep(WARM).await;
    let before = worker.resident_mib()?;
    say::step("Watching who is on time");
    tokio::time::sleep(WATCHED).await;
    let after = worker.resident_mib()?;
    let watched_s = WATCHED.as_secs_f64();
    let due = yard
        .house
        .owner
        .query_one(
            "select count(*) from chosen where due_at > now() - make_interval(secs => $1::float8)
                and due_at < now() - interval '2 seconds'
                and not exists (select from attempt where delivery_id = chosen.id)",
            &[&watched_s],
        )
        .await?;
    let missed: i64 = due.get(0);
    ensure!(missed == 0, "{missed} deliveries were due two seconds ago and not tried");
    let rows = yard.house.owner.query(LATE, &[&watched_s]).await?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds of minutes; what is early counts as punctual"
    )]
    let late = rows.iter().map(|row| (row.get::<_, f64>("ms").max(0.0) * 1000.0) as u32).collect();
    let late = Latencies::of(late);
    worker.stop().await?;
    let mut table = Table::new(&[
        "deliveries that wait for their next attempt",
        "due in a minute",
        "late, p50, ms",
        "p99, ms",
        "longest, ms",
        "worker's memory, MiB",
        "a minute later",
    ]);
    #[expect(clippy::cast_precision_loss, reason = "millions at most")]
    let count = whole(late.count() as f64);
    let quantiles = [0.5, 0.99, 1.0].map(|share| format!("{:.0}", late.quantile_ms(share)));
    say::detail(&format!("{count} were due, p99 {} ms late", quantiles[1]));
    let memory = [before, after].map(|mib| format!("{mib:.0}"));
    table.row([waiting, count].into_iter().chain(quantiles).chain(memory));
    Ok(table)
}
