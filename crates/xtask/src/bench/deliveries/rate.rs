//! How many deliveries a second go from the ready job to the recorded success.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Args;
use super::seed::{self, Due};
use super::yard::{Group, Yard};
use crate::bench::cpu::{self, ByPart, Cpu, processor_table};
use crate::bench::numbers::{Rounds, whole};
use crate::bench::report::Table;
use crate::bench::statements;
use crate::say;

pub(super) const DONE_LIMIT: Duration = Duration::from_mins(10);

/// What one group's deliveries came to, in the words of the database.
pub(super) struct Done {
    pub(super) delivered: i64,
    pub(super) attempts: i64,
    /// From the first attempt's beginning to the last record.
    pub(super) seconds: f64,
}

impl Done {
    pub(super) async fn of(yard: &Yard<'_>, group: Group) -> Result<Self> {
        let sql = format!(
            "select count(*) filter (where state = 'delivered') as delivered,
                    coalesce(sum(attempts), 0)::int8 as attempts,
                    coalesce(extract(epoch from max(state_at) - (
                        select min(started_at) from attempt join delivery on delivery.id = attempt.delivery_id
                         where {}))::float8, 0) as seconds
               from delivery where {}",
            group.of("delivery.receiver_id"),
            group.of("receiver_id")
        );
        let row = yard.house.owner.query_one(&sql, &[]).await?;
        Ok(Self {
            delivered: row.get("delivered"),
            attempts: row.get("attempts"),
            seconds: row.get("seconds"),
        })
    }

    pub(super) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "millions at most")]
        let delivered = self.delivered as f64;
        delivered / self.seconds
    }
}

#[derive(Default)]
struct Found {
    per_second: Rounds,
    worker_mib: Rounds,
    cpu: ByPart,
    /// Of the last round.
    statements: Vec<Vec<String>>,
}

/// Many receivers, and one alone.
pub(super) async fn measure(yard: &Yard<'_>, args: &Args) -> Result<Vec<Table>> {
    let many = format!("{} receivers of 100 workspaces", whole(f64::from(args.receivers)));
    let groups =
        [(Group::Healthy, many), (Group::Alone, "one receiver with 256 places".to_owned())];
    let mut table = Table::new(&[
        "ready deliveries to recorded successes",
        "deliveries",
        "deliveries/s",
        "worker's peak memory, MiB",
    ]);
    let mut by_group = Vec::new();
    let mut taken = statements::table();
    for (group, name) in groups {
        let mut found = Found::default();
        for round in 1..=args.effort.rounds {
            say::step(&format!("Round {round} of {}: {name}", args.effort.rounds));
            once(yard, group, args.deliveries, &name, &mut found).await?;
        }
        table.row([
            name.clone(),
            whole(f64::from(args.deliveries)),
            found.per_second.whole(),
            found.worker_mib.decimals(0),
        ]);
        taken.rows.extend(found.statements);
        by_group.push((name, found.cpu));
    }
    let cpu: Vec<_> = by_group.iter().map(|(name, cpu)| (name.clone(), cpu)).collect();
    Ok(vec![table, processor_table(&cpu), taken])
}

async fn once(
    yard: &Yard<'_>,
    group: Group,
    count: u32,
    name: &str,
    found: &mut Found,
) -> Result<()> {
    yard.empty().await?;
    seed::deliveries(yard, group, count, Due::Now).await?;
    statements::forget(yard.house).await;
    let before = Cpu::read(yard.house, &[]);
    let worker = yard.sender().await?;
    let done = yard.until_done(group, count, DONE_LIMIT).await?;
    ensure!(done, "the deliveries of {name} are not done after {DONE_LIMIT:?}");
    let used = Cpu::read(yard.house, &[&worker]).per_call_since(&before, count as usize);
    let done = Done::of(yard, group).await?;
    let received = yard.receiver.total();
    ensure!(
        done.delivered == i64::from(count)
            && done.attempts == done.delivered
            && received == u64::from(count),
        "{count} deliveries were to be sent once each; {} were delivered by {} attempts, {received} received",
        done.delivered,
        done.attempts
    );
    say::detail(&format!("{:.0} deliveries/s", done.per_second()));
    let mut taken = statements::table();
    statements::add(yard.house, &mut taken, name, count as usize).await?;
    found.statements = taken.rows;
    found.per_second.push(done.per_second());
    found.worker_mib.push(worker.peak_mib()?);
    cpu::add(&mut found.cpu, used);
    worker.stop().await
}
