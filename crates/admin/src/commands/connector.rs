//! `connector ...`: accounts, instances, targets and mappings.

mod account;
mod discovery;
mod instance;
mod mapping;
mod target;

use clap::Subcommand;

use crate::output::Answer;
use crate::settings::Settings;

pub(crate) use target::{branch, queued_text, short_sha};

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorCommand {
    /// GitHub App installations
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Configured uses of an account
    #[command(subcommand)]
    Instance(instance::InstanceCommand),
    /// Branches that are tracked
    #[command(subcommand)]
    Target(target::TargetCommand),
    /// Which files become which config objects
    #[command(subcommand)]
    Mapping(mapping::MappingCommand),
}

pub(crate) async fn run(command: ConnectorCommand, settings: &Settings) -> anyhow::Result<Answer> {
    match command {
        ConnectorCommand::Account(command) => account::run(command, settings).await,
        ConnectorCommand::Instance(command) => instance::run(command, settings).await,
        ConnectorCommand::Target(command) => target::run(command, settings).await,
        ConnectorCommand::Mapping(command) => mapping::run(command, settings).await,
    }
}
