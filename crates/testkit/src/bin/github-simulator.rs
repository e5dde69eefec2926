//! Runs the GitHub simulator until SIGTERM or Ctrl-C. `docs/github-simulator.md` describes its control API.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use hookyard_testkit::github_sim::{BodyEncoding, GithubSim, GithubSimConfig, SimRepository};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use url::Url;

/// A simulated GitHub that serves real git repositories and sends signed deliveries.
#[derive(Parser)]
#[command(name = "hookyard-github-simulator", version)]
struct Settings {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A git repository, as a work tree or bare; may be repeated.
    #[arg(long, required = true, value_name = "PATH")]
    repo: Vec<PathBuf>,
    /// Its name on the simulated GitHub; one for each --repo.
    #[arg(long, value_name = "OWNER/NAME", default_value = "octo-org/demo")]
    repository: Vec<String>,
    /// Its id; one for each --repo.
    #[arg(long, value_name = "N", default_value = "9001")]
    repository_id: Vec<i64>,
    #[arg(long, default_value_t = 5001)]
    installation_id: i64,
    #[arg(long, default_value_t = 4242)]
    app_id: i64,
    /// The account that has the App installed; the first repository's owner when it is not given.
    #[arg(long)]
    account: Option<String>,
    /// Where deliveries are sent.
    #[arg(long)]
    webhook_url: Option<Url>,
    /// What deliveries are signed with.
    #[arg(
        long,
        env = "HOOKYARD_SIM_WEBHOOK_SECRET",
        hide_env_values = true,
        conflicts_with = "webhook_secret_file"
    )]
    webhook_secret: Option<String>,
    /// The file that holds it.
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: Option<PathBuf>,
    /// Sends deliveries as forms instead of JSON.
    #[arg(long)]
    form: bool,
    /// The App's private key in PEM form; one is made when it is not given.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Writes the App's private key there.
    #[arg(long, value_name = "FILE")]
    write_key_file: Option<PathBuf>,
    /// Writes the simulator's URL there once it listens.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Which messages to log.
    #[arg(long, env = "HOOKYARD_LOG", default_value = "info")]
    log: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let settings = Settings::parse();
    tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(&settings.log)?).init();
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);

    let simulator = GithubSim::start(config(&settings)?).await?;
    if let Some(file) = &settings.write_key_file {
        write_private(file, simulator.app_key_pem())?;
    }
    let url = simulator.url();
    if let Some(file) = &settings.ready_file {
        // Renamed into place, so that whoever waits for the file never reads half a URL.
        let draft = file.with_extension("draft");
        std::fs::write(&draft, url.as_str().trim_end_matches('/'))?;
        std::fs::rename(&draft, file).with_context(|| format!("writing {}", file.display()))?;
    }
    tracing::info!(%url, "the GitHub simulator listens on {url}");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    simulator.stop().await;
    Ok(())
}

fn config(settings: &Settings) -> Result<GithubSimConfig> {
    let count = settings.repo.len();
    ensure!(
        settings.repository.len() == count && settings.repository_id.len() == count,
        "give one --repository and one --repository-id for each --repo"
    );
    let names = settings.repository.iter().zip(&settings.repository_id);
    let repositories: Vec<SimRepository> = settings
        .repo
        .iter()
        .zip(names)
        .map(|(path, (full_name, id))| SimRepository {
            path: path.clone(),
            full_name: full_name.clone(),
            id: *id,
        })
        .collect();
    let owner = repositories.first().and_then(|repo| repo.full_name.split_once('/'));
    let account = settings.account.as_deref().or(owner.map(|(owner, _)| owner));
    let defaults = GithubSimConfig::default();
    Ok(GithubSimConfig {
        listen: settings.listen,
        app_id: settings.app_id,
        app_key_pem: settings.key_file.as_deref().map(read).transpose()?,
        installation_id: settings.installation_id,
        account_login: account.map_or(defaults.account_login, str::to_owned),
        webhook_url: settings.webhook_url.clone(),
        webhook_secret: secret(settings)?.unwrap_or(defaults.webhook_secret),
        body_encoding: if settings.form { BodyEncoding::Form } else { BodyEncoding::Json },
        repositories,
        ..GithubSimConfig::default()
    })
}

fn secret(settings: &Settings) -> Result<Option<String>> {
    match &settings.webhook_secret_file {
        Some(file) => Ok(Some(read(file)?.trim().to_owned())),
        None => Ok(settings.webhook_secret.clone()),
    }
}

fn read(file: impl AsRef<std::path::Path>) -> Result<String> {
    let file = file.as_ref();
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

/// Readable by its owner alone from its first byte on.
fn write_private(file: &std::path::Path, text: &str) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = std::fs::OpenOptions::new();
    let opened = options.create(true).write(true).truncate(true).mode(0o600).open(file);
    let mut opened = opened.with_context(|| format!("writing {}", file.display()))?;
    Ok(opened.write_all(text.as_bytes())?)
}
