//! The settings that several processes share, as groups to flatten into a process' own.
//!
//! A secret is a [`SecretString`] with `hide_env_values`: clap then shows it neither in its help nor in an error,
//! and its `Debug` is redacted. What a secret must look like is checked after parsing, because clap quotes the
//! values that a value parser refuses; see [`crate::SettingError`].

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::SecretString;
use tracing_subscriber::filter::Targets;

/// A drain longer than this is a hang.
const DRAIN_MS_MAX: u64 = 3_600_000;

/// What is logged, and how.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// What is logged: a level, or `target=level`, several separated by commas
    #[arg(
        long,
        env = "HOOKYARD_LOG",
        value_name = "FILTER",
        default_value = "info",
        global = true
    )]
    pub log: Targets,

    /// How log lines look
    #[arg(long, env = "HOOKYARD_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
}

/// The form of a log line on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line for people; coloured on a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// The private listener's address; `PORT` is the process' default port on the loopback interface.
#[derive(Debug, Clone, Args)]
pub struct HealthArgs<const PORT: u16> {
    /// Address of the private listener: /healthz, /readyz and /metrics
    #[arg(
        long,
        env = "HOOKYARD_HEALTH_LISTEN",
        value_name = "ADDRESS",
        default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))
    )]
    pub health_listen: SocketAddr,
}

/// How long a stopping process may finish what it has begun.
#[derive(Debug, Clone, Args)]
pub struct DrainArgs {
    /// Milliseconds that work in flight may take after the signal to stop
    #[arg(
        long,
        env = "HOOKYARD_DRAIN_MS",
        value_name = "MS",
        default_value_t = 20_000,
        value_parser = clap::value_parser!(u64).range(..=DRAIN_MS_MAX)
    )]
    pub drain_ms: u64,
}

impl DrainArgs {
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}

/// Where PostgreSQL is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// PostgreSQL, as `postgres://user:password@host:port/database`; `?sslmode=require` for TLS
    #[arg(long, env = "HOOKYARD_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: SecretString,
}

/// Where RabbitMQ is, and how Hookyard's queues are called there.
#[derive(Debug, Clone, Args)]
pub struct BrokerArgs {
    /// RabbitMQ, as `amqp://user:password@host:port/vhost`
    #[arg(long, env = "HOOKYARD_AMQP_URL", value_name = "URL", hide_env_values = true)]
    pub amqp_url: SecretString,

    /// First part of the names of queues and exchange; deployments that share a broker differ in it
    #[arg(long, env = "HOOKYARD_QUEUE_PREFIX", value_name = "NAME", default_value = "hookyard")]
    pub queue_prefix: String,
}
