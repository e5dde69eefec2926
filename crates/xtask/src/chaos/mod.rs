//! `cargo xtask chaos`: everything is killed, frozen, cut off and filled up under load, and then counted.
//!
//! The load is open loop: calls come when they come, whether or not anyone answers. A call that is not answered
//! 2xx is sent again under the same id, as its provider would. When all is quiet, each call must be recorded once
//! and its work be done once.

mod check;
mod deliver;
mod house;
mod ledger;
mod load;
mod mishap;
mod outbound;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hookyard_testkit::servers::place;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio_util::sync::CancellationToken;

use crate::cargo::{self, Profile};
use crate::owner::Owner;
use crate::{Context, say, servers};
use house::House;
use ledger::Ledger;
use load::Load;
use mishap::{Extent, Mishap};
use outbound::OutboundLine;
use report::Line;

/// How long the work may take to end after the last call. A dead worker's lease lasts a minute, and so does the
/// grace of a job whose message was lost.
const SETTLE_LIMIT: Duration = Duration::from_mins(5);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Fewer mishaps, in under three minutes
    #[arg(long)]
    short: bool,
    /// Decides who is hit when
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these mishaps
    #[arg(long, value_name = "NAME", value_enum)]
    only: Vec<Mishap>,
    /// Use these binaries instead of building them
    #[arg(long, value_name = "DIR", hide = true)]
    binaries: Option<PathBuf>,
    /// Keep servers and logs here
    #[arg(long, value_name = "DIR", hide = true)]
    dir: Option<PathBuf>,
}

impl Args {
    fn extent(&self) -> Extent {
        if self.short { Extent::Short } else { Extent::Full }
    }

    fn mishaps(&self) -> Vec<Mishap> {
        if self.only.is_empty() { self.extent().mishaps() } else { self.only.clone() }
    }
}

/// Runs the mishaps and prints what came of them; fails if anything was lost or doubled.
pub(crate) async fn run(args: Args, context: Context) -> Result<ExitCode> {
    let tools = servers::tools(context.no_install)?;
    let dir = args.dir.clone().unwrap_or_else(|| cargo::scratch().join("chaos"));
    place::passable_dir(&dir)?;
    let owner = Owner::claim(&dir)?;
    say::step("Servers and processes for chaos");
    let binaries = match &args.binaries {
        Some(binaries) => binaries.clone(),
        None => cargo::build_binaries(Profile::Release).await?,
    };
    let started = Instant::now();
    let mut house = House::start(&dir, &binaries, &tools).await?;
    let counted = context.interrupted.run_until_cancelled(Box::pin(all(&args, &mut house))).await;
    let counted = match counted {
        Some(Ok(counted)) => counted,
        Some(Err(error)) => {
            // Said before the house falls down, which says where its logs are.
            say::error(&error);
            return Err(error);
        }
        None => {
            house.end().await?;
            return Ok(ExitCode::FAILURE);
        }
    };
    house.end().await?;
    drop(owner);
    let tables = [report::table(&counted.lines), outbound::table(&counted.outbound)];
    say::step(&format!("Counted, after {}", say::duration(started.elapsed())));
    for table in &tables {
        say::line(table);
    }
    for fault in &counted.faults {
        say::warning(fault);
    }
    let good = counted.is_good();
    if good && args.only.is_empty() && !args.short {
        report::write(&tables, started.elapsed())?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What all mishaps came to.
struct Counted {
    lines: Vec<Line>,
    outbound: Vec<OutboundLine>,
    /// What must hold at the end and does not, in words.
    faults: Vec<String>,
}

impl Counted {
    fn is_good(&self) -> bool {
        self.faults.is_empty()
            && self.lines.iter().all(Line::is_good)
            && self.outbound.iter().all(OutboundLine::is_good)
    }
}

/// Lets everything happen and counts.
async fn all(args: &Args, house: &mut House) -> Result<Counted> {
    let mut random = StdRng::seed_from_u64(args.seed);
    let mut load = Load::new(&house.gateway);
    let ledger = Ledger::default();
    let mut lines = Vec::new();
    for mishap in args.mishaps() {
        let mut line = one(mishap, args, house, &mut load, &ledger, &mut random).await?;
        if args.extent() == Extent::Full {
            line.settled_after = settle(house).await?;
        }
        say::detail(&line.summary());
        lines.push(line);
    }
    if args.extent() == Extent::Short {
        let settled_after = settle(house).await?;
        for line in &mut lines {
            line.settled_after = settled_after;
        }
    }
    for line in &mut lines {
        check::scenario(house, &ledger, line).await;
    }
    let outbound = outbound::count(&house.outbound, &house.gateway, &args.mishaps()).await?;
    Ok(Counted { lines, outbound, faults: check::effects(house).await? })
}

/// One mishap under load, until every call of it is answered 2xx.
async fn one(
    mishap: Mishap,
    args: &Args,
    house: &mut House,
    load: &mut Load,
    ledger: &Ledger,
    random: &mut StdRng,
) -> Result<Line> {
    say::step(mishap.title());
    let started = Instant::now();
    let calm = CancellationToken::new();
    let House { gateway, servers, outbound } = house;
    let gateway = &*gateway;
    let strike = async {
        let struck = mishap.strike(gateway, servers, ledger, args.extent(), random).await;
        tokio::time::sleep(args.extent().aftermath()).await;
        calm.cancel();
        struck
    };
    let (struck, loaded, published) = tokio::join!(
        strike,
        load.run(gateway, mishap, ledger, &calm),
        outbound.run(gateway, mishap, &calm)
    );
    let times = struck?;
    loaded?;
    published?;
    Ok(Line::new(mishap, times, started.elapsed()))
}

/// Waits until no job is left; how long that took.
async fn settle(house: &House) -> Result<Duration> {
    let started = Instant::now();
    loop {
        let jobs = house.gateway.db().try_count("select count(*) from job").await?;
        if jobs == 0 {
            return Ok(started.elapsed());
        }
        let left = house.gateway.db().rows("select * from job order by due_at limit 3");
        ensure!(
            started.elapsed() < SETTLE_LIMIT,
            "{jobs} jobs are left after {SETTLE_LIMIT:?}, among them {:#?}",
            left.await
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
