//! Runs the receiver simulator until SIGTERM or Ctrl-C. `docs/receiver-simulator.md` describes its control API.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;

use anyhow::Result;
use clap::Parser;
use hookyard_testkit::receiver_sim::{ReceiverSim, ReceiverSimConfig};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A receiver of deliveries that answers as it is told and remembers what it got.
#[derive(Parser)]
#[command(name = "hookyard-receiver-simulator", version)]
struct Settings {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Which messages to log.
    #[arg(long, env = "HOOKYARD_LOG", default_value = "info")]
    log: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let settings = Settings::parse();
    let filter = EnvFilter::try_new(&settings.log)?;
    // Its log is a file more often than a terminal.
    tracing_subscriber::fmt().with_ansi(io::stdout().is_terminal()).with_env_filter(filter).init();
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);

    let receiver = ReceiverSim::start(ReceiverSimConfig { listen: settings.listen }).await?;
    let (url, tls_url) = (receiver.url(), receiver.self_signed_url());
    tracing::info!(%url, %tls_url, "the receiver simulator listens on {url} and on {tls_url}");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    receiver.stop().await;
    Ok(())
}
