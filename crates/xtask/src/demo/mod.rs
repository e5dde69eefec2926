//! `cargo xtask demo`: the whole set-up, one signed push from its commit to its sync event, and one signed call of an
//! event that is published, in plain words.

mod outbound;
mod records;
pub(crate) mod sample;
mod show;
mod signature;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use hookyard_testkit::servers::process::tail;

use crate::cargo::{self, Profile};
use crate::owner::Owner;
use crate::stack::{self, Layout, Options, Stack};
use crate::{Context, say};

const LOG_TAIL_LINES: usize = 15;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show it on a copy of this git repository, which is only read
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// End after the story: 0 if everything was as expected
    #[arg(long)]
    once: bool,
}

/// Every demo begins anew, beside whatever else runs.
pub(crate) async fn run(args: Args, context: Context) -> Result<ExitCode> {
    let started = Instant::now();
    let layout = Layout::new(cargo::scratch().join("demo"));
    layout.create()?;
    let _owner = Owner::claim(&layout.dir)?;
    stack::down(&layout).await?;
    stack::wipe(&layout)?;
    layout.create()?;
    let options =
        Options { repo: args.repo, profile: Profile::Debug, no_install: context.no_install };
    let told = context.interrupted.run_until_cancelled(start_and_tell(&layout, options)).await;
    let Some(told) = told else { return Ok(ExitCode::FAILURE) };
    let stack = match told {
        Ok(stack) => stack,
        Err(error) => {
            show_logs(&layout);
            return Err(error);
        }
    };
    say::step(&format!("Everything was as expected, after {}", say::duration(started.elapsed())));
    if !args.once {
        show::where_next(&stack).await?;
        context.interrupted.cancelled().await;
        say::step("Ending the demo");
    }
    stack.stop().await?;
    Ok(ExitCode::SUCCESS)
}

async fn start_and_tell(layout: &Layout, options: Options) -> Result<Stack> {
    let stack = Stack::start(layout.clone(), options).await?;
    story::tell(&stack).await?;
    Ok(stack)
}

fn show_logs(layout: &Layout) {
    for name in ["ingress", "worker", "admin", "github", "receiver"] {
        let log = layout.log(name);
        if log.exists() {
            say::step(&format!("The end of {}", log.display()));
            say::detail(&tail(&log, LOG_TAIL_LINES));
        }
    }
}
