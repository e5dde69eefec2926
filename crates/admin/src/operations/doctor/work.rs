//! The work: does it move, and what waits for a person.

use hookyard_store::{Conn, StoreError, doctor};

use super::{Check, listed};

pub(super) const JOBS: &str = "jobs";
pub(super) const SYNCS: &str = "sync events";
pub(super) const SOURCES: &str = "sources";
pub(super) const CONFIRMATIONS: &str = "confirmations";
pub(super) const DEAD_LETTERS: &str = "dead letters";
pub(super) const REJECTED: &str = "rejected messages";

pub(super) async fn jobs(conn: &Conn) -> Result<Check, StoreError> {
    let stuck = doctor::stuck_jobs(conn).await?;
    if stuck.ready == 0 && stuck.leased == 0 {
        return Ok(Check::ok(JOBS, "none is stuck"));
    }
    Ok(Check::fail(
        JOBS,
        format!(
            "{} wait for more than five minutes, {} are held by leases that ended",
            stuck.ready, stuck.leased
        ),
        "start a worker for their queues, or more of them; see `hookyard-admin jobs` and the workers' logs",
    ))
}

pub(super) async fn syncs(conn: &Conn) -> Result<Check, StoreError> {
    let lost = doctor::syncs_without_job(conn).await?;
    if lost.is_empty() {
        return Ok(Check::ok(SYNCS, "every unfinished one has its job"));
    }
    Ok(Check::fail(
        SYNCS,
        format!("no job will finish {}", listed(&lost)),
        "queue a sync of their targets with `hookyard-admin connector target resync ID`",
    ))
}

pub(super) async fn sources(conn: &Conn) -> Result<Check, StoreError> {
    let bare = doctor::sources_without_secret(conn).await?;
    if bare.is_empty() {
        return Ok(Check::ok(SOURCES, "every source has a secret"));
    }
    Ok(Check::fail(
        SOURCES,
        format!("no valid secret, so every delivery is answered 503: {}", listed(&bare)),
        "run `hookyard-admin source rotate ID --secret-stdin`, or `source disable ID`",
    ))
}

pub(super) async fn confirmations(conn: &Conn) -> Result<Check, StoreError> {
    let waiting = doctor::targets_to_confirm(conn).await?;
    if waiting.is_empty() {
        return Ok(Check::ok(CONFIRMATIONS, "no target waits for one"));
    }
    Ok(Check::warn(
        CONFIRMATIONS,
        format!("a sync would delete much of {}", listed(&waiting)),
        "if that is right, run `hookyard-admin connector target resync ID --allow-deletions`",
    ))
}

pub(super) async fn dead_letters(conn: &Conn) -> Result<Check, StoreError> {
    Ok(match doctor::open_dead_letters(conn).await? {
        0 => Check::ok(DEAD_LETTERS, "none"),
        count => Check::warn(
            DEAD_LETTERS,
            format!("{}{count} are not settled", at_least(count)),
            "see `hookyard-admin dead-letters list`; replay or drop them",
        ),
    })
}

pub(super) async fn rejected(conn: &Conn) -> Result<Check, StoreError> {
    Ok(match doctor::rejected_lately(conn).await? {
        0 => Check::ok(REJECTED, "none within a day"),
        count => Check::warn(
            REJECTED,
            format!("{}{count} within a day", at_least(count)),
            "something else publishes into Hookyard's queues; see `hookyard-admin rejected-messages list`",
        ),
    })
}

fn at_least(count: i64) -> &'static str {
    if count >= doctor::COUNT_MAX { "at least " } else { "" }
}
