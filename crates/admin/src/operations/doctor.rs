//! Is everything in place, does all work move, and what is to be done where not.

mod broker;
mod database;
mod keys;
mod work;

use hookyard_queue::BrokerSettings;
use hookyard_store::{Store, StoreError};
use hookyard_vault::KeyRing;
use jiff::Timestamp;
use serde::Serialize;

/// What the checks need. What is not given is not checked, which is told.
#[derive(Debug)]
pub struct Examination<'a> {
    pub store: &'a Store,
    pub broker: Option<BrokerSettings>,
    pub source_ring: Option<&'a KeyRing>,
    pub vault_ring: Option<&'a KeyRing>,
    /// How many days the bodies of events are kept.
    pub retention_days: i32,
    /// This machine's clock.
    pub now: Timestamp,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    /// Something to look at; everything works.
    Warn,
    /// Something does not work.
    Fail,
}

impl Level {
    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub level: Level,
    pub found: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, level: Level::Ok, found: found.into(), advice: None }
    }

    fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: Level::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    fn fail(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: Level::Fail, found: found.into(), advice: Some(advice.into()) }
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// The worst of the checks.
    pub level: Level,
    pub checks: Vec<Check>,
}

/// Looks at everything. Never fails: what cannot be asked is a failed check.
pub async fn examine(examination: &Examination<'_>) -> Diagnosis {
    let mut checks = Vec::new();
    let database = async {
        database::check(examination, &mut checks).await?;
        keys::check(examination, &mut checks).await?;
        work::check(examination, &mut checks).await
    };
    if let Err(error) = database.await {
        let advice = "check HOOKYARD_DATABASE_URL, that PostgreSQL runs, and that the role may read every table";
        checks.push(Check::fail("database", causes(&error), advice));
    }
    broker::check(examination.broker.as_ref(), &mut checks).await;
    let level = checks.iter().map(|check| check.level).max().unwrap_or(Level::Ok);
    Diagnosis { level, checks }
}

/// A failure and its causes, in one line.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A few ids in one line.
fn listed<I: std::fmt::Display>(ids: &[I]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

type Checks = Vec<Check>;
type Checked = Result<(), StoreError>;
