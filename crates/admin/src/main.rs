//! The operator's command line: set up, look, repair.
//!
//! [`commands`] hold what a person types and reads, one file a noun; [`hookyard_admin::operations`] what is done,
//! typed in and out, for any caller.

mod commands;
mod output;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};
use hookyard_process::LogArgs;

use crate::commands::Command;
use crate::settings::Settings;

const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   failed, or in conflict with what is there
  2   there is no such thing
  64  a wrong argument or setting
  77  not in the workspace's plan";

/// Sets up and looks after a Hookyard deployment.
#[derive(Debug, Parser)]
#[command(
    name = "hookyard-admin",
    version,
    arg_required_else_help = true,
    max_term_width = 120,
    after_help = EXIT_CODES
)]
struct Cli {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli: Cli = hookyard_process::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => output::fail(&error),
    }
}

#[tokio::main]
async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    hookyard_process::telemetry::init("hookyard-admin", &cli.log)?;
    let json = cli.settings.json;
    if commands::is_watched(&Cli::command().get_matches()) {
        return output::watch::watch(json, commands::now, look).await;
    }
    let answer = commands::run(cli.command, cli.settings).await?;
    answer.print(json)
}

/// Runs the command once more, as if it were typed again.
async fn look() -> anyhow::Result<output::Answer> {
    let cli = Cli::try_parse()?;
    commands::run(cli.command, cli.settings).await
}
