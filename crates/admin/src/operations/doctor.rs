//! Is everything in place, does all work move, and what is to be done where not.

mod broker;
mod database;
mod keys;
mod outbound;
mod work;

use hookyard_queue::BrokerSettings;
use hookyard_store::{Conn, Store, StoreError};
use hookyard_vault::KeyRing;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CheckLevel)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Diagnosis {
    /// The worst of the checks.
    pub level: Level,
    pub checks: Vec<Check>,
}

/// Looks at everything. Never fails: what cannot be asked is a failed check.
pub async fn examine(examination: &Examination<'_>) -> Diagnosis {
    let mut checks = Vec::new();
    match examination.store.conn().await {
        Ok(conn) => in_database(examination, &conn, &mut checks).await,
        Err(error) => checks.push(unanswered("database", &error)),
    }
    checks.push(broker::check(examination.broker.as_ref()).await);
    let level = checks.iter().map(|check| check.level).max().unwrap_or(Level::Ok);
    Diagnosis { level, checks }
}

async fn in_database(examination: &Examination<'_>, conn: &Conn, checks: &mut Vec<Check>) {
    checks.push(Check::ok("database", "PostgreSQL answers"));
    let schema = answered(database::SCHEMA, database::schema(conn).await);
    let usable = schema.level == Level::Ok;
    checks.push(schema);
    if !usable {
        return;
    }
    checks.push(answered(database::ROLES, database::roles(conn).await));
    checks.push(answered(database::CLOCK, database::clock(conn, examination.now).await));
    checks.push(answered(database::PARTITIONS, database::partitions_ahead(conn).await));
    checks.push(answered(
        database::RETENTION,
        database::retention(conn, examination.retention_days).await,
    ));
    checks.push(answered(keys::SOURCES, keys::sources(conn, examination.source_ring).await));
    checks.push(answered(keys::VAULT, keys::vault(conn, examination.vault_ring).await));
    checks.push(answered(work::JOBS, work::jobs(conn).await));
    checks.push(answered(work::SYNCS, work::syncs(conn).await));
    checks.push(answered(work::SOURCES, work::sources(conn).await));
    checks.push(answered(work::CONFIRMATIONS, work::confirmations(conn).await));
    checks.push(answered(outbound::CONNECTIONS, outbound::connections(conn).await));
    checks.push(answered(outbound::DELIVERIES, outbound::deliveries(conn).await));
    checks.push(answered(work::DEAD_LETTERS, work::dead_letters(conn).await));
    checks.push(answered(work::REJECTED, work::rejected(conn).await));
}

/// The check, or that the database did not answer it.
fn answered(name: &'static str, check: Result<Check, StoreError>) -> Check {
    check.unwrap_or_else(|error| unanswered(name, &error))
}

fn unanswered(name: &'static str, error: &StoreError) -> Check {
    let advice =
        "check HOOKYARD_DATABASE_URL, that PostgreSQL runs, and that the role may read every table";
    Check::fail(name, causes(error), advice)
}

/// A failure and its causes, in one line.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(|cause| cause.to_string().replace('\n', " ")).collect::<Vec<_>>().join(": ")
}

/// A few ids in one line.
fn listed<I: std::fmt::Display>(ids: &[I]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
