//! What the operator decides, with its units and limits.

use std::time::Duration;

use clap::{Args, Parser};
use hookyard_destinations::{AddressPolicy, OutboundAllow, Sender, SenderSettings, USER_AGENT};
use hookyard_domain::delivery::TRY_MS_MAX;
use hookyard_domain::reconcile::Limits;
use hookyard_domain::retry::SyncRetryPolicy;
use hookyard_process::{BrokerArgs, DatabaseArgs, DrainArgs, HealthArgs, LogArgs, SettingError};
use hookyard_queue::{BrokerSettings, Queue};
use hookyard_store::delivery_jobs::{HealthRules, Limits as LaneLimits};
use hookyard_vault::KeyRing;
use secrecy::SecretString;
use url::Url;

/// Hookyard's worker: routes events, reconciles targets, sweeps up after crashes.
#[derive(Debug, Parser)]
#[command(name = "hookyard-worker", version)]
pub(crate) struct Settings {
    /// Queues to take work from, separated by commas: events, syncs, deliveries
    #[arg(
        long,
        env = "HOOKYARD_QUEUES",
        value_name = "QUEUES",
        value_delimiter = ',',
        default_value = "events,syncs,deliveries"
    )]
    pub(crate) queues: Vec<Queue>,
    /// Keys that open the vault, as `id:base64,...`; the first one seals
    #[arg(long, env = "HOOKYARD_VAULT_KEYS", value_name = "RING", hide_env_values = true)]
    vault_keys: SecretString,
    /// GitHub's REST API; for GitHub Enterprise Server `https://HOST/api/v3`
    #[arg(
        long,
        env = "HOOKYARD_GITHUB_API_URL",
        value_name = "URL",
        default_value = "https://api.github.com"
    )]
    github_api_url: Url,
    #[command(flatten)]
    pub(crate) work: Work,
    #[command(flatten)]
    pub(crate) sync: Sync,
    #[command(flatten)]
    pub(crate) deliveries: Deliveries,
    #[command(flatten)]
    pub(crate) keep: Keep,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    broker: BrokerArgs,
    #[command(flatten)]
    pub(crate) health: HealthArgs<8082>,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

/// How much is done at once.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Concurrency")]
pub(crate) struct Work {
    /// Batches of events routed at once
    #[arg(long, env = "HOOKYARD_EVENTS_CONCURRENCY", value_name = "COUNT", default_value_t = 2,
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) events_concurrency: u16,
    /// Targets reconciled at once
    #[arg(long, env = "HOOKYARD_SYNCS_CONCURRENCY", value_name = "COUNT", default_value_t = 4,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) syncs_concurrency: u16,
    /// Database connections
    #[arg(long, env = "HOOKYARD_DATABASE_CONNECTIONS", value_name = "COUNT", default_value_t = 16,
          value_parser = clap::value_parser!(u16).range(4..=256))]
    pub(crate) database_connections: u16,
    /// Requests to GitHub in flight at once
    #[arg(long, env = "HOOKYARD_GITHUB_REQUESTS_MAX", value_name = "COUNT", default_value_t = 16,
          value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) github_requests_max: u16,
    /// Milliseconds between two sweeps, about
    #[arg(long, env = "HOOKYARD_SWEEP_MS", value_name = "MS", default_value_t = 500,
          value_parser = clap::value_parser!(u64).range(50..=60_000))]
    pub(crate) sweep_ms: u64,
}

/// The limits of a reconciliation.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Syncs")]
pub(crate) struct Sync {
    /// Largest file that is brought in, in bytes
    #[arg(long, env = "HOOKYARD_FILE_BYTES_MAX", value_name = "BYTES", default_value_t = 1024 * 1024,
          value_parser = clap::value_parser!(u64).range(1..=100 * 1024 * 1024))]
    file_bytes_max: u64,
    /// Most files that the mappings of a target may select
    #[arg(long, env = "HOOKYARD_FILES_MAX", value_name = "COUNT", default_value_t = 50_000)]
    files_max: usize,
    /// Deletions that need no confirmation, whatever their share
    #[arg(long, env = "HOOKYARD_GUARD_DELETIONS", value_name = "COUNT", default_value_t = 20)]
    guard_deletions: usize,
    /// Percent of a target's objects whose deletion needs no confirmation; 100 switches the guard off
    #[arg(long, env = "HOOKYARD_GUARD_PERCENT", value_name = "PERCENT", default_value_t = 50,
          value_parser = clap::value_parser!(u8).range(0..=100))]
    guard_percent: u8,
    /// Attempts of a sync that fails in passing
    #[arg(long, env = "HOOKYARD_SYNC_ATTEMPTS_MAX", value_name = "COUNT", default_value_t = 8,
          value_parser = clap::value_parser!(u32).range(1..=100))]
    attempts_max: u32,
    /// Milliseconds before the second attempt; each further wait is twice as long, 15 minutes at most
    #[arg(long, env = "HOOKYARD_SYNC_RETRY_MS", value_name = "MS", default_value_t = 5_000,
          value_parser = clap::value_parser!(u64).range(1..=900_000))]
    retry_ms: u64,
    /// Milliseconds before a push is looked for again that the branch does not show yet; six times at most
    #[arg(long, env = "HOOKYARD_LOOK_AGAIN_MS", value_name = "MS", default_value_t = 5_000,
          value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub(crate) look_again_ms: u64,
}

/// How receivers are told.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Deliveries")]
pub(crate) struct Deliveries {
    /// Deliveries under way at once; a single workspace gets at most half of them
    #[arg(long = "deliveries-concurrency", env = "HOOKYARD_DELIVERIES_CONCURRENCY", value_name = "COUNT", default_value_t = 512,
          value_parser = clap::value_parser!(u16).range(4..=10_000))]
    pub(crate) at_once: u16,
    /// Bytes that the events of all deliveries under way may take in memory, about; a single workspace gets at most half
    #[arg(long = "deliveries-bytes-max", env = "HOOKYARD_DELIVERIES_BYTES_MAX", value_name = "BYTES", default_value_t = 256 * 1024 * 1024,
          value_parser = clap::value_parser!(u32).range(16 * 1024 * 1024..))]
    bytes_max: u32,
    /// Deliveries of one workspace under way at once, over all workers
    #[arg(long = "workspace-deliveries-max", env = "HOOKYARD_WORKSPACE_DELIVERIES_MAX", value_name = "COUNT", default_value_t = 2_000,
          value_parser = clap::value_parser!(i32).range(1..=100_000))]
    pub(crate) of_workspace_max: i32,
    /// Milliseconds that one try may take in all
    #[arg(long, env = "HOOKYARD_DELIVERY_MS_MAX", value_name = "MS", default_value_t = TRY_MS_MAX,
          value_parser = clap::value_parser!(u64).range(100..=30_000))]
    delivery_ms_max: u64,
    /// Hours of nothing but failures after which a connection is switched off
    #[arg(long, env = "HOOKYARD_DISABLE_AFTER_HOURS", value_name = "HOURS", default_value_t = 120,
          value_parser = clap::value_parser!(u64).range(1..=8_760))]
    disable_after_hours: u64,
    /// Networks that may be called although they are not public, also by plain HTTP, separated by commas
    #[arg(long, env = "HOOKYARD_OUTBOUND_ALLOW", value_name = "NETWORKS", default_value = "")]
    outbound_allow: OutboundAllow,
    /// User agent of all calls, unless a provider asks for its own form
    #[arg(long, env = "HOOKYARD_USER_AGENT", value_name = "TEXT", default_value = USER_AGENT)]
    user_agent: String,
}

impl Deliveries {
    pub(crate) fn limits(&self) -> LaneLimits {
        LaneLimits { workspace_leased_max: self.of_workspace_max }
    }

    /// Bytes that the events of all deliveries under way may take.
    pub(crate) fn bytes_max(&self) -> usize {
        usize::try_from(self.bytes_max).unwrap_or(usize::MAX)
    }

    pub(crate) fn health_rules(&self) -> HealthRules {
        HealthRules { disable_after_ms: self.disable_after_hours * 60 * 60 * 1000 }
    }

    fn sender(&self) -> Result<Sender, SettingError> {
        let settings = SenderSettings {
            policy: AddressPolicy::new(self.outbound_allow.clone()),
            user_agent: self.user_agent.clone(),
            timeout: Duration::from_millis(self.delivery_ms_max),
        };
        Sender::new(settings).map_err(|error| SettingError::new("HOOKYARD_USER_AGENT", error))
    }
}

/// What is kept how long.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retention")]
pub(crate) struct Keep {
    /// Days that events are kept
    #[arg(long, env = "HOOKYARD_EVENT_DAYS", value_name = "DAYS", default_value_t = 90,
          value_parser = clap::value_parser!(i32).range(2..=3650))]
    pub(crate) event_days: i32,
    /// Days that delivery ids are remembered
    #[arg(long, env = "HOOKYARD_DEDUPE_DAYS", value_name = "DAYS", default_value_t = 7,
          value_parser = clap::value_parser!(i32).range(7..=365))]
    pub(crate) dedupe_days: i32,
}

impl Sync {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            file_bytes_max: self.file_bytes_max,
            files_max: self.files_max,
            guard_deletions: self.guard_deletions,
            guard_percent: usize::from(self.guard_percent),
        }
    }

    pub(crate) fn retry_policy(&self) -> SyncRetryPolicy {
        SyncRetryPolicy {
            attempts_max: self.attempts_max,
            base_ms: self.retry_ms,
            ..SyncRetryPolicy::default()
        }
    }
}

/// What the settings hold that is more than text.
pub(crate) struct Checked {
    pub(crate) vault_keys: KeyRing,
    pub(crate) broker: BrokerSettings,
    pub(crate) github: hookyard_github::Settings,
    pub(crate) sender: Sender,
}

impl Settings {
    /// Reads the settings that have a meaning of their own; an error names the setting.
    pub(crate) fn check(&self) -> Result<Checked, SettingError> {
        let vault_keys = KeyRing::parse(&self.vault_keys)
            .map_err(|error| SettingError::new("HOOKYARD_VAULT_KEYS", error))?;
        let broker = BrokerSettings::new(self.broker.amqp_url.clone(), &self.broker.queue_prefix)
            .map_err(|error| SettingError::new("HOOKYARD_AMQP_URL", error))?;
        let github = hookyard_github::Settings {
            requests_in_flight_max: usize::from(self.work.github_requests_max),
            ..hookyard_github::Settings::new(self.github_api_url.clone())
        };
        Ok(Checked { vault_keys, broker, github, sender: self.deliveries.sender()? })
    }
}
