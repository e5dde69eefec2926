//! `cargo xtask bench`: how fast it is, measured against private servers and written to `docs/performance.md`.

mod admin;
mod calls;
mod claim;
mod cpu;
mod deliveries;
mod generator;
mod github;
mod house;
mod ingest;
mod latency;
mod machine;
mod member;
mod numbers;
mod pipeline;
mod pointers;
mod postgres_alone;
mod report;
mod statements;
mod sweep;
mod sync;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};

use self::house::{Ground, House};
use self::report::Report;
use crate::owner::Owner;
use crate::{Context, cargo, say, servers};

const PAGE: &str = "docs/performance.md";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Measure the processes of this folder instead of building them
    #[arg(long, value_name = "PATH", global = true)]
    binaries: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// How many calls a second are accepted and durable, and how long an answer takes
    Ingest(Effort),
    /// How many calls a second go all the way: accepted, published, leased, routed, no job left
    Pipeline(Effort),
    /// What syncs of large repositories cost, in requests, time and memory
    Sync,
    /// How little of a backlog of 500,000 jobs is published again
    Sweep,
    /// How many deliveries a second are sent and recorded, how long an event takes to its receiver, who waits for whom
    Deliveries(deliveries::Args),
    /// How long it takes to claim the due ones of 1,000,000 scheduled jobs
    Claim,
    /// How long lists, searches, details and the overview take among millions of rows
    Admin(admin::Args),
}

/// How long a benchmark may take.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Effort {
    /// How often everything is measured; the table shows medians
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=100))]
    rounds: u8,
    /// Seconds of one measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

impl Effort {
    fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

pub(crate) async fn run(args: Args, context: Context) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        return run_optimised().await;
    }
    let tools = servers::tools(context.no_install)?;
    let dir = cargo::scratch().join("bench");
    hookyard_testkit::servers::place::passable_dir(&dir)?;
    let _owner = Owner::claim(&dir)?;
    let load_before = machine::load_average();
    let (kept, keeps) = if let Command::Admin(args) = &args.command {
        (args.kept, args.keep)
    } else {
        (false, false)
    };
    let measuring = async {
        let ground = if kept { Ground::Kept } else { Ground::Fresh };
        let mut house = House::start(&dir, ground, args.binaries, &tools).await?;
        let setting = machine::describe(&house, &load_before).await?;
        let (name, tables) = match args.command {
            Command::Ingest(effort) => ("ingest", ingest::measure(&mut house, effort).await?),
            Command::Pipeline(effort) => ("pipeline", pipeline::measure(&house, effort).await?),
            Command::Sync => ("sync", sync::measure(&house).await?),
            Command::Sweep => ("sweep", sweep::measure(&house).await?),
            Command::Deliveries(args) => ("deliveries", deliveries::measure(&house, &args).await?),
            Command::Claim => ("claim", claim::measure(&house).await?),
            Command::Admin(args) => ("admin", admin::measure(&house, &args).await?),
        };
        anyhow::Ok(Report { name, setting, tables })
    };
    let result = context.interrupted.run_until_cancelled(Box::pin(measuring)).await;
    if keeps {
        House::end(&dir).await?;
    } else {
        House::remove(&dir).await?;
    }
    let Some(report) = result else { return Ok(ExitCode::FAILURE) };
    let report = report?;
    say::step(report.name);
    say::line(&report.markdown());
    report.write_to(&cargo::root().join(PAGE))?;
    say::detail(&format!("Written to {PAGE}."));
    Ok(ExitCode::SUCCESS)
}

/// Runs this command again with the generator optimised too: it shares the cores with what it measures.
async fn run_optimised() -> Result<ExitCode> {
    say::step("Building the load generator with optimisation");
    let status = cargo::command()
        .args(["run", "--quiet", "--release", "--package", "hookyard-xtask", "--"])
        .args(std::env::args_os().skip(1))
        .status()
        .await
        .context("cargo run --release")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
