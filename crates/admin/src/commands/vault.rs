//! `vault ...`.

use clap::Subcommand;
use hookyard_admin::operations::reseal;

use crate::output::{Answer, Fields};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Seal every stored secret again under the active keys, so that old keys can go
    Reseal {
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: VaultCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let VaultCommand::Reseal { because } = command;
    let (sources, vault) = (settings.source_ring()?, settings.vault_ring()?);
    let store = settings.store().await?;
    let done = reseal::reseal(&store, &because.actor()?, &sources, &vault).await?;
    let text = Fields::default()
        .field("sealed again", done.resealed)
        .field("up to date before", done.current)
        .field("changed meanwhile", done.skipped)
        .render();
    Answer::new(&done, text)
}
