//! `github app ...`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use hookyard_admin::operations::OperationError;
use hookyard_admin::operations::github_app::{self as operation, GithubApp};
use hookyard_admin::operations::missed_deliveries::{self, Recovery};
use jiff::Timestamp;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::clock::parse_since;
use crate::output::{Answer, Fields, Table, time};
use crate::settings::{Because, Settings};

/// An RSA key of 16,384 bits in PEM has 13 KB.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum GithubCommand {
    /// The App itself
    #[command(subcommand)]
    App(AppCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Set the App and its private key
    Set {
        /// The App's id, from its settings on GitHub
        #[arg(long, value_name = "N")]
        app_id: i64,
        /// The .pem file that GitHub gave for the App
        #[arg(long, value_name = "FILE")]
        private_key_file: PathBuf,
        #[command(flatten)]
        because: Because,
    },
    /// Show which App is set; never its key
    Show,
    /// Have GitHub send again what it sent and nobody recorded
    ///
    /// GitHub tries no delivery a second time by itself, and keeps the list of them for three days. What arrived
    /// meanwhile is left out, so this may be run as often as one likes.
    Redeliver {
        /// From when on: a time such as 2026-01-31T12:00:00Z, or a span before now such as 2h
        #[arg(long, value_name = "TIME", value_parser = parse_since, default_value = "72h")]
        since: Timestamp,
        /// Only tell what is missing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: GithubCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let GithubCommand::App(command) = command;
    match command {
        AppCommand::Set { app_id, private_key_file, because } => {
            let ring = settings.vault_ring()?;
            let key = read_key(&private_key_file)?;
            let store = settings.store().await?;
            shown(&operation::set(&store, &because.actor()?, &ring, app_id, &key).await?)
        }
        AppCommand::Redeliver { since, dry_run, because } => {
            let github = settings.github(&settings.store().await?)?;
            let found =
                missed_deliveries::recover(&github, &because.actor()?, since, dry_run).await?;
            let answer = Answer::new(&found, recovered(&found))?;
            let is_whole = found.missed.iter().all(|it| it.refused.is_none());
            Ok(if is_whole { answer } else { answer.failed() })
        }
        AppCommand::Show => {
            shown(&operation::require(&settings.store().await?.conn().await?).await?)
        }
    }
}

fn shown(app: &GithubApp) -> anyhow::Result<Answer> {
    let text = Fields::default()
        .field("GitHub App", app.app_id)
        .field(
            "private key",
            format!("sealed under the vault key {}", app.sealed_under.as_deref().unwrap_or("?")),
        )
        .field("set", time(app.updated_at))
        .render();
    Answer::new(app, text)
}

fn recovered(found: &Recovery) -> String {
    /// More are only counted.
    const SHOWN_MAX: usize = 50;
    let mut table = Table::new(&["SENT, UTC", "EVENT", "DELIVERY", "GITHUB SAYS"]);
    for it in found.missed.iter().take(SHOWN_MAX) {
        table.row([
            time(it.delivered_at),
            it.event_type.clone(),
            it.delivery_id.clone(),
            it.refused.as_ref().map_or_else(|| it.status.clone(), |why| format!("refused: {why}")),
        ]);
    }
    let mut fields = Fields::default()
        .field("since", time(found.since))
        .field("sent by GitHub", found.looked)
        .field("not on record", found.missed.len())
        .field("sent again", found.asked);
    let refused = found.missed.iter().filter(|it| it.refused.is_some()).count();
    if refused > 0 {
        fields = fields.field("refused", refused);
    }
    if found.missed.len() > SHOWN_MAX {
        fields = fields.field("shown", format!("the oldest {SHOWN_MAX}"));
    }
    if found.more {
        fields = fields.field("more", "older ones were not looked at");
    }
    format!("{}\n{}", fields.render(), table.render("nothing is missing"))
}

fn read_key(path: &Path) -> anyhow::Result<SecretString> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(KEY_FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .with_context(|| format!("the private key file {} could not be read", path.display()))?;
    let invalid = |why: &str| OperationError::Invalid(format!("{} {why}", path.display()));
    if bytes.len() as u64 > KEY_FILE_BYTES_MAX {
        return Err(invalid("is too large to be a private key").into());
    }
    let text = str::from_utf8(&bytes).map_err(|_| invalid("is no PEM file: it is not text"))?;
    Ok(SecretString::from(text))
}
