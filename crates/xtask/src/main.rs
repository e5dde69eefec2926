//! `cargo xtask`: the one tool of developers and newcomers.

mod admin;
mod bench;
mod cargo;
mod chaos;
mod demo;
mod http;
mod lint;
mod owner;
mod repository;
mod say;
mod seed;
mod servers;
mod stack;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Builds, checks, runs and shows Hookyard.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version, about)]
struct Cli {
    /// Never install packages; print what to type instead
    #[arg(long, global = true)]
    no_install: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set everything up and watch a signed push come in and a signed call go out
    Demo(demo::Args),
    /// Set everything up and run every test
    Test(test::Args),
    /// Take the pictures of the console that the README shows, with a real browser
    Screenshots,
    /// Run private servers and the three processes for development
    #[command(subcommand)]
    Stack(stack::Command),
    /// Measure how fast it is, and write the figures to docs/performance.md
    Bench(bench::Args),
    /// Fill an empty database with as much as a busy deployment has
    Seed(seed::Args),
    /// Break everything under load and count what is lost or doubled; a full run writes docs/chaos.md
    Chaos(chaos::Args),
    /// Format, clippy, rustdoc and the directions between the crates
    Lint,
}

/// What every command gets: whether it may install, and when the user has had enough.
#[derive(Debug, Clone)]
struct Context {
    no_install: bool,
    /// Cancelled by the first Ctrl-C or SIGTERM; the command then ends its processes in good order.
    interrupted: CancellationToken,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(with_signals(cli)));
    match result {
        Ok(code) => code,
        Err(error) => {
            say::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Runs the command until it ends. A second signal drops it where it is, which kills its processes.
async fn with_signals(cli: Cli) -> Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let interrupted = CancellationToken::new();
    let context = Context { no_install: cli.no_install, interrupted: interrupted.clone() };
    let mut command = Box::pin(run(cli.command, context));
    loop {
        tokio::select! {
            result = &mut command => return result,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if interrupted.is_cancelled() {
            return Ok(ExitCode::FAILURE);
        }
        interrupted.cancel();
    }
}

async fn run(command: Command, context: Context) -> Result<ExitCode> {
    match command {
        Command::Demo(args) => demo::run(args, context).await,
        Command::Test(args) => test::run(args, context).await,
        Command::Screenshots => test::take_pictures(context).await,
        Command::Stack(command) => stack::run(command, context).await,
        Command::Seed(args) => seed::run(args).await,
        Command::Bench(args) => bench::run(args, context).await,
        Command::Chaos(args) => Box::pin(chaos::run(args, context)).await,
        Command::Lint => lint::run().await,
    }
}
