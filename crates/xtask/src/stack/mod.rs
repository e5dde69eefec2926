//! `cargo xtask stack`: private servers, the two simulators and the three processes, for development.

mod control;
mod env_file;
mod layout;
mod member;
mod plan;
mod seed;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

pub(crate) use self::control::{down, wipe};
pub(crate) use self::layout::Layout;
pub(crate) use self::up::{Options, Stack};

pub(crate) use self::seed::WORKSPACE;

use self::member::Name;
use crate::cargo::{self, Profile};
use crate::owner::Owner;
use crate::{Context, say};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Start everything and write .hookyard/stack.env
    Up {
        /// Serve a copy of this git repository instead of a small one made up for the purpose
        #[arg(long, value_name = "PATH")]
        repo: Option<PathBuf>,
        /// Return when all is ready and leave it running
        #[arg(long)]
        detach: bool,
        /// Run optimised binaries
        #[arg(long)]
        release: bool,
    },
    /// Print the settings of the running stack
    Env,
    /// End one part in good order and start it again on the same ports
    Restart { name: Name },
    /// End everything; the data stays
    Down {
        /// Remove the data as well
        #[arg(long)]
        wipe: bool,
    },
    /// Say what runs
    Status,
}

pub(crate) async fn run(command: Command, context: Context) -> Result<ExitCode> {
    let layout = Layout::new(cargo::scratch());
    match command {
        Command::Up { repo, detach, release } => {
            let profile = if release { Profile::Release } else { Profile::Debug };
            let options = Options { repo, profile, no_install: context.no_install };
            return up(&layout, options, detach, &context).await;
        }
        Command::Env => say::line(env_file::read(&layout)?.trim_end()),
        Command::Restart { name } => control::restart(&layout, name, context.no_install).await?,
        Command::Down { wipe: and_wipe } => {
            down(&layout).await?;
            if and_wipe {
                wipe(&layout)?;
            }
            say::line("The stack is down.");
        }
        Command::Status => return Ok(control::status(&layout)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn up(
    layout: &Layout,
    options: Options,
    detach: bool,
    context: &Context,
) -> Result<ExitCode> {
    layout.create()?;
    if control::is_up(layout)? {
        say::line(
            "The stack is up already: `cargo xtask stack status` shows it, `stack down` ends it.",
        );
        return Ok(ExitCode::SUCCESS);
    }
    let _owner = Owner::claim(&layout.dir)?;
    let Some(started) =
        context.interrupted.run_until_cancelled(Stack::start(layout.clone(), options)).await
    else {
        return Ok(ExitCode::FAILURE);
    };
    let mut stack = started?;
    say::step("The stack is up");
    say::detail(&format!("Ingress   {}", stack.plan.ingress_url()));
    say::detail(&format!(
        "Console   {} (the token to sign in with is HOOKYARD_ADMIN_TOKEN in the settings)",
        stack.plan.admin_url()
    ));
    say::detail(&format!("GitHub    {} (the simulator)", stack.plan.github_url()));
    say::detail(&format!("Receiver  {} (the simulator)", stack.plan.receiver_url()));
    say::detail(&format!("Settings  source {}", layout.env_file().display()));
    if detach {
        stack.detach();
        say::detail("It goes on in the background: `cargo xtask stack down` ends it.");
        return Ok(ExitCode::SUCCESS);
    }
    say::detail("Ctrl-C ends it.");
    context.interrupted.cancelled().await;
    say::step("Ending the stack");
    // By the records: another terminal may have restarted a part, which is then not this process' child.
    stack.detach();
    down(layout).await?;
    Ok(ExitCode::SUCCESS)
}
