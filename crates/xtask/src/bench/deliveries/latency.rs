//! From the call that publishes an event to the call that tells of it, while nothing else is to be done.

use std::time::Duration;

use anyhow::Result;
use rand::RngExt as _;

use super::Args;
use super::publisher::Publisher;
use super::yard::{NO_GITHUB, Yard};
use crate::bench::latency::Latencies;
use crate::bench::numbers::{Rounds, whole};
use crate::bench::report::Table;
use crate::say;

/// Between two events, in milliseconds: 20 a second on average.
const PAUSE_MS: std::ops::Range<u64> = 0..100;
/// Connections and caches are made by these, which do not count.
const WARMING_UP: usize = 20;

pub(super) async fn measure(yard: &Yard<'_>, args: &Args) -> Result<Table> {
    let mut table = Table::new(&[
        "event published to received, idle system",
        "events",
        "p50, ms",
        "p99, ms",
        "longest, ms",
    ]);
    let [mut p50, mut p99, mut longest] = [const { Vec::new() }; 3];
    let mut events = 0;
    for round in 1..=args.effort.rounds {
        say::step(&format!("Round {round} of {}: events to an idle system", args.effort.rounds));
        let latencies = once(yard, args.effort.duration()).await?;
        events = latencies.count();
        p50.push(latencies.quantile_ms(0.5));
        p99.push(latencies.quantile_ms(0.99));
        longest.push(latencies.quantile_ms(1.0));
    }
    let [p50, p99, longest] = [p50, p99, longest].map(|ms| Rounds::from_iter(ms).decimals(1));
    say::detail(&format!("p50 {p50} ms, p99 {p99} ms"));
    #[expect(clippy::cast_precision_loss, reason = "thousands at most")]
    let events = whole(events as f64);
    table.row(["one at a time, by the ingress".to_owned(), events, p50, p99, longest]);
    Ok(table)
}

async fn once(yard: &Yard<'_>, duration: Duration) -> Result<Latencies> {
    yard.empty().await?;
    let (ingress, worker) = tokio::try_join!(
        yard.house.ingress(),
        yard.house.worker("events,syncs,deliveries", NO_GITHUB)
    )?;
    let mut warming_up = Publisher::new(yard, &ingress).await?;
    for _ in 0..WARMING_UP {
        warming_up.publish().await?;
    }
    warming_up.latencies(yard).await?;
    yard.receiver.forget();
    let mut publisher = Publisher::new(yard, &ingress).await?;
    let begun = std::time::Instant::now();
    while begun.elapsed() < duration {
        publisher.publish().await?;
        let pause = Duration::from_millis(rand::rng().random_range(PAUSE_MS));
        tokio::time::sleep(pause).await;
    }
    let latencies = publisher.latencies(yard).await?;
    tokio::try_join!(ingress.stop(), worker.stop())?;
    Ok(latencies)
}
