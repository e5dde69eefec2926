//! What every Hookyard process needs, whatever it does: [settings](parse), [telemetry], [stopping](Stop) and a
//! private [health listener](HealthListener).
//!
//! A process is a story with one order: settings, telemetry, connections, work, drain.
//!
//! ```no_run
//! use std::time::Duration;
//! use hookyard_process::{HealthListener, Readiness, Stop, Tasks, telemetry};
//! # async fn story(logging: hookyard_process::LogArgs, address: std::net::SocketAddr) -> anyhow::Result<()> {
//! telemetry::init("hookyard-example", &logging)?;
//! let stop = Stop::on_signals()?;
//! let readiness = Readiness::new(stop.clone());
//! let tasks = Tasks::new(stop.clone());
//!
//! // The health listener outlives the work, so that a draining process is still seen to be alive.
//! let drained = Stop::new();
//! let last = Tasks::new(stop.clone());
//! last.spawn_essential("health listener", HealthListener::bind(address).await?.serve(readiness, drained.clone()));
//!
//! let working = stop.clone();
//! tasks.spawn_essential("work", async move { working.stopped().await });
//! stop.stopped().await;
//! tasks.drain(Duration::from_secs(20)).await;
//! drained.trigger();
//! # Ok(())
//! # }
//! ```

mod exit;
mod health;
mod metrics;
mod readiness;
mod settings;
mod stop;
mod tasks;
pub mod telemetry;

pub use exit::{EXIT_USAGE, SettingError, fail, parse};
pub use health::{HealthError, HealthListener};
pub use readiness::{Closed, Gate, Readiness};
pub use settings::{BrokerArgs, DatabaseArgs, DrainArgs, HealthArgs, LogArgs, LogFormat};
pub use stop::Stop;
pub use tasks::Tasks;
