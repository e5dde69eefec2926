//! `bench deliveries`: from the ready job to the recorded success, and who waits for whom.

mod backlog;
mod hanging;
mod latency;
mod publisher;
mod rate;
mod scheduled;
mod seed;
mod yard;

use anyhow::Result;

use super::Effort;
use super::house::House;
use super::report::Table;

/// How much is delivered.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    effort: Effort,
    /// Only these measurements
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Part>,
    /// Deliveries of one measurement of the rate
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    deliveries: u32,
    /// Healthy receivers
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    receivers: u32,
    /// Deliveries of one workspace that wait while another's are new
    #[arg(long, value_name = "COUNT", default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    backlog: u32,
    /// Deliveries that wait for their next attempt, over six hours
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    scheduled: u32,
}

/// A measurement of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Ready deliveries to recorded successes
    Rate,
    /// Event published to received, on an idle system
    Latency,
    /// One receiver that hangs among healthy ones
    Hanging,
    /// A new delivery of one workspace beside a backlog of another's
    Backlog,
    /// Many deliveries that wait for their next attempt
    Scheduled,
}

/// Measures what was asked for, everything if nothing was.
pub(super) async fn measure(house: &House, args: &Args) -> Result<Vec<Table>> {
    let wanted = |part| args.only.is_empty() || args.only.contains(&part);
    let yard = yard::Yard::build(house, args.receivers).await?;
    let mut tables = Vec::new();
    if wanted(Part::Rate) {
        tables.extend(rate::measure(&yard, args).await?);
    }
    if wanted(Part::Latency) {
        tables.push(latency::measure(&yard, args).await?);
    }
    if wanted(Part::Hanging) {
        tables.push(hanging::measure(&yard, args).await?);
    }
    if wanted(Part::Backlog) {
        tables.push(backlog::measure(&yard, args).await?);
    }
    if wanted(Part::Scheduled) {
        tables.push(scheduled::measure(&yard, args).await?);
    }
    Ok(tables)
}
