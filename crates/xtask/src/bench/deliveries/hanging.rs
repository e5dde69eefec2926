//! What one receiver that hangs costs the others.

use anyhow::{Result, ensure};

use super::Args;
use super::rate::{DONE_LIMIT, Done};
use super::seed::{self, Due};
use super::yard::{Group, Yard};
use crate::bench::numbers::{Rounds, whole};
use crate::bench::report::Table;
use crate::say;

/// Compares the healthy receivers' rate with and without the one that hangs, in one round each.
pub(super) async fn measure(yard: &Yard<'_>, args: &Args) -> Result<Table> {
    let [mut without, mut with, mut ratio] = [const { Vec::new() }; 3];
    // Its share, so that it is met as often as any other.
    let owed = (args.deliveries / args.receivers).max(1);
    for round in 1..=args.effort.rounds {
        say::step(&format!("Round {round} of {}: one receiver hangs", args.effort.rounds));
        let all_well = healthy(yard, args.deliveries, 0).await?;
        let one_hangs = healthy(yard, args.deliveries, owed).await?;
        say::detail(&format!("{all_well:.0} deliveries/s without it, {one_hangs:.0} with it"));
        without.push(all_well);
        with.push(one_hangs);
        ratio.push(one_hangs / all_well);
    }
    let mut table = Table::new(&[
        "one receiver hangs",
        "healthy receivers",
        "their deliveries/s without it",
        "with it",
        "ratio",
    ]);
    table.row([
        format!("10 s each of {} deliveries", whole(f64::from(owed))),
        whole(f64::from(args.receivers)),
        Rounds::from_iter(without).whole(),
        Rounds::from_iter(with).whole(),
        Rounds::from_iter(ratio).decimals(2),
    ]);
    Ok(table)
}

/// The rate of the healthy receivers while so many deliveries are owed to the one that hangs.
async fn healthy(yard: &Yard<'_>, count: u32, hanging: u32) -> Result<f64> {
    yard.empty().await?;
    if hanging > 0 {
        seed::deliveries(yard, Group::Hanging, hanging, Due::Now).await?;
    }
    seed::deliveries(yard, Group::Healthy, count, Due::Now).await?;
    let worker = yard.sender().await?;
    let done = yard.until_done(Group::Healthy, count, DONE_LIMIT).await?;
    ensure!(done, "the healthy receivers' deliveries are not done after {DONE_LIMIT:?}");
    ensure!(
        hanging == 0 || yard.received(Group::Hanging) > 0,
        "nothing was sent to the one that hangs"
    );
    worker.stop().await?;
    Ok(Done::of(yard, Group::Healthy).await?.per_second())
}
