//! What the operator decides, with its units and limits.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser};
use hookyard_process::{BrokerArgs, DatabaseArgs, DrainArgs, HealthArgs, LogArgs, SettingError};
use hookyard_queue::BrokerSettings;
use hookyard_vault::KeyRing;
use secrecy::SecretString;

use crate::listener::Ending;

/// The public listener of Hookyard: verifies, records, enqueues and answers webhooks.
#[derive(Debug, Parser)]
#[command(name = "hookyard-ingress", version)]
pub(crate) struct Settings {
    /// Address of the public listener
    #[arg(long, env = "HOOKYARD_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Keys that open source secrets, as `id:base64,...`; the first one seals
    #[arg(long, env = "HOOKYARD_SOURCE_KEYS", value_name = "RING", hide_env_values = true)]
    source_keys: SecretString,
    /// Must not be given: this process is not to open the vault
    #[arg(
        long,
        env = "HOOKYARD_VAULT_KEYS",
        value_name = "RING",
        hide_env_values = true,
        hide = true
    )]
    vault_keys: Option<SecretString>,
    /// Threads that serve calls; half of the cores unless given, and at least one
    #[arg(long, env = "HOOKYARD_THREADS", value_name = "COUNT",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) recording: Recording,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    broker: BrokerArgs,
    #[command(flatten)]
    pub(crate) health: HealthArgs<8081>,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    /// Milliseconds after the signal to stop in which calls are still taken, each its connection's last; at most half
    /// of the drain
    #[arg(long, env = "HOOKYARD_FAREWELL_MS", value_name = "MS", default_value_t = 2_000,
          value_parser = clap::value_parser!(u64).range(..=600_000))]
    farewell_ms: u64,
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

/// What one call, one peer and one source may take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// Connections open at once; more wait to be accepted
    #[arg(long, env = "HOOKYARD_CONNECTIONS_MAX", value_name = "COUNT", default_value_t = 4096,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) connections_max: u32,
    /// Milliseconds in which a request's headers must arrive
    #[arg(long, env = "HOOKYARD_HEADER_MS_MAX", value_name = "MS", default_value_t = 5_000,
          value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(crate) header_ms_max: u64,
    /// Milliseconds in which a request's body must arrive
    #[arg(long, env = "HOOKYARD_BODY_MS_MAX", value_name = "MS", default_value_t = 60_000,
          value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(crate) body_ms_max: u64,
    /// Bytes a second that a body must bring on average after its first five seconds
    #[arg(long, env = "HOOKYARD_BODY_RATE_MIN", value_name = "BYTES", default_value_t = 16 * 1024)]
    pub(crate) body_rate_min: u64,
    /// Bytes of large bodies in memory at once, of all callers together
    #[arg(long, env = "HOOKYARD_BODY_BUDGET_BYTES", value_name = "BYTES", default_value_t = 256 * 1024 * 1024)]
    pub(crate) body_budget_bytes: usize,
    /// Percent of the budget that one peer or one source may hold
    #[arg(long, env = "HOOKYARD_BODY_BUDGET_SHARE", value_name = "PERCENT", default_value_t = 50,
          value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) body_budget_share: u8,
}

/// How calls are gathered and recorded.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Recording")]
pub(crate) struct Recording {
    /// Database connections that record batches
    #[arg(long, env = "HOOKYARD_COMMITTERS", value_name = "COUNT", default_value_t = 2,
          value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) committers: u8,
    /// Verified calls that may wait to be recorded; more are answered 503
    #[arg(long, env = "HOOKYARD_WAITING_CALLS_MAX", value_name = "COUNT", default_value_t = 2048,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) waiting_calls_max: u32,
    /// Milliseconds after which a call that is not recorded yet is answered 503
    #[arg(long, env = "HOOKYARD_RECORD_MS_MAX", value_name = "MS", default_value_t = 3_000,
          value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub(crate) record_ms_max: u64,
}

/// What the settings hold that is more than text.
pub(crate) struct Checked {
    pub(crate) source_keys: KeyRing,
    pub(crate) broker: BrokerSettings,
}

impl Settings {
    /// Threads that serve calls.
    ///
    /// Half of the cores take more than PostgreSQL on the other half commits, and a call that stays on its thread
    /// costs less than one that is handed to another.
    pub(crate) fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(|| cores.div_ceil(2), usize::from)
    }

    /// How the public listener ends.
    pub(crate) fn ending(&self) -> Ending {
        Ending {
            farewell: Duration::from_millis(self.farewell_ms),
            deadline: self.drain.deadline(),
        }
    }

    /// Reads the settings that have a meaning of their own; an error names the setting.
    pub(crate) fn check(&self) -> Result<Checked, SettingError> {
        if self.vault_keys.is_some() {
            let why = "the ingress must not hold the vault's keys; unset it for this process";
            return Err(SettingError::new("HOOKYARD_VAULT_KEYS", why));
        }
        let source_keys = KeyRing::parse(&self.source_keys)
            .map_err(|error| SettingError::new("HOOKYARD_SOURCE_KEYS", error))?;
        let broker = BrokerSettings::new(self.broker.amqp_url.clone(), &self.broker.queue_prefix)
            .map_err(|error| SettingError::new("HOOKYARD_AMQP_URL", error))?;
        Ok(Checked { source_keys, broker })
    }
}
