//! `bench sweep`: a large backlog in the broker is not amplified.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hookyard_domain::ids::EventId;
use hookyard_queue::{Publication, Queue};
use uuid::Uuid;

use super::house::House;
use super::member::Member;
use super::numbers::whole;
use super::pipeline::until_at_rest;
use super::pointers;
use super::report::Table;
use crate::say;

const JOBS: u32 = 500_000;
/// How long sweeps look at the untouched backlog.
const WATCHED: Duration = Duration::from_secs(15);
const REPUBLISHED: &str = "hookyard_worker_jobs_republished_total";
/// A sweep must take less of a backlog for lost.
const SHARE_MAX: f64 = 0.01;
/// Nobody listens there; the backlog's events need no GitHub.
const NO_GITHUB: &str = "http://127.0.0.1:9";

/// Sweeps a backlog whose jobs are all overdue, first with nobody working on it and then while it is worked off.
pub(super) async fn measure(house: &House) -> Result<Vec<Table>> {
    say::step(&format!(
        "Making {} overdue jobs, each with its pointer in the broker",
        whole(f64::from(JOBS))
    ));
    let waiting = fill(house).await?;
    let mut table = Table::new(&[
        "overdue jobs whose pointers wait in the broker",
        "seconds",
        "published again",
        "share",
    ]);

    let idle = house.worker("syncs", NO_GITHUB).await?;
    tokio::time::sleep(WATCHED).await;
    let untouched = republished(&idle, &mut table, "nobody works on them", WATCHED).await?;
    idle.stop().await?;

    let worker = house.worker("events,syncs", NO_GITHUB).await?;
    let begun = Instant::now();
    until_at_rest(house).await?;
    let drained =
        republished(&worker, &mut table, "while they are worked off", begun.elapsed()).await?;
    worker.stop().await?;
    ensure!(
        untouched + drained < SHARE_MAX * f64::from(JOBS),
        "the sweep published {} pointers again, more than a hundredth of the backlog",
        untouched + drained
    );
    let mut messages = Table::new(&["backlog", "count"]);
    messages.row(["jobs".to_owned(), whole(f64::from(JOBS))]);
    messages.row(["messages, up to 128 pointers each".to_owned(), whole(f64::from(waiting))]);
    Ok(vec![messages, table])
}

async fn republished(
    worker: &Member,
    table: &mut Table,
    name: &str,
    took: Duration,
) -> Result<f64> {
    let count = worker.metric(REPUBLISHED).await?;
    let share = count / f64::from(JOBS) * 100.0;
    say::detail(&format!("{name}: {count} published again"));
    table.row([
        name.to_owned(),
        format!("{:.1}", took.as_secs_f64()),
        whole(count),
        format!("{share:.2} %"),
    ]);
    Ok(count)
}

/// Writes events and jobs and publishes their pointers; the messages that wait afterwards.
async fn fill(house: &House) -> Result<u32> {
    const SQL: &str = "with made as (
            insert into event (id, origin, type, body, body_bytes)
            select uuid_v7(now()), 'webhook', 'github.push', body, length(body)
              from generate_series(1, $1::int4), convert_to($2, 'UTF8') body
         returning id
        ), jobs as (
            insert into job (subject_id, kind, state, due_at)
            select id, 'event', 'ready', now() - interval '1 second' from made
        )
        select id from made";
    /// Of an installation that nobody has connected.
    const PUSH: &str = r#"{"ref": "refs/heads/main", "after": "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "repository": {"id": 1, "full_name": "octo-org/skills"}, "installation": {"id": 1}}"#;
    let rows = house.owner.query(SQL, &[&i32::try_from(JOBS)?, &PUSH]).await?;
    house.owner.batch_execute("analyze event; analyze job").await?;
    let events = rows.iter().map(|row| Publication::Event(EventId(row.get::<_, Uuid>(0))));
    pointers::publish(house, Queue::Events, events.collect()).await
}
