//! How long a workspace's new delivery waits while another workspace has a backlog.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Args;
use super::publisher::Publisher;
use super::seed::{self, Due};
use super::yard::{Group, NO_GITHUB, Yard};
use crate::bench::numbers::whole;
use crate::bench::report::Table;
use crate::say;

const EVENTS: usize = 60;
const PAUSE: Duration = Duration::from_millis(250);

pub(super) async fn measure(yard: &Yard<'_>, args: &Args) -> Result<Table> {
    let waiting = whole(f64::from(args.backlog));
    say::step(&format!("Making {waiting} deliveries of one workspace"));
    yard.empty().await?;
    seed::deliveries(yard, Group::Backlog, args.backlog, Due::Now).await?;
    let (ingress, worker) = tokio::try_join!(
        yard.house.ingress(),
        yard.house.worker("events,syncs,deliveries", NO_GITHUB)
    )?;
    let mut publisher = Publisher::new(yard, &ingress).await?;
    for _ in 0..EVENTS {
        publisher.publish().await?;
        tokio::time::sleep(PAUSE).await;
    }
    let latencies = publisher.latencies(yard).await?;
    let left = yard.house.count("select count(*) from job").await?;
    ensure!(left > 0, "the backlog is gone: ask for a larger one");
    let sent = yard.received(Group::Backlog);
    worker.stop().await?;
    ingress.stop().await?;
    let mut table = Table::new(&[
        "another workspace's deliveries that wait",
        "sent meanwhile",
        "new events",
        "published to received, p50, ms",
        "p99, ms",
        "longest, ms",
    ]);
    let quantiles = [0.5, 0.99, 1.0].map(|share| format!("{:.1}", latencies.quantile_ms(share)));
    say::detail(&format!("p50 {} ms, longest {} ms", quantiles[0], quantiles[2]));
    #[expect(clippy::cast_precision_loss, reason = "millions at most")]
    let counts = [sent as f64, latencies.count() as f64].map(whole);
    table.row([waiting].into_iter().chain(counts).chain(quantiles));
    Ok(table)
}
