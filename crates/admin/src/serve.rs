//! `serve`: the admin process.

use std::time::Duration;

use clap::Args;
use hookyard_process::{DrainArgs, HealthArgs, HealthListener, Readiness, Stop, Tasks};
use hookyard_store::Store;
use serde_json::json;
use tracing::info;

use crate::output::Answer;
use crate::settings::Settings;

/// How often the database is asked whether it answers.
const PING_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    health: HealthArgs<8083>,
    #[command(flatten)]
    drain: DrainArgs,
}

/// Runs until a signal asks it to stop.
pub(crate) async fn run(args: ServeArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let stop = Stop::on_signals()?;
    let store = settings.store().await?;
    let readiness = Readiness::new(stop.clone());
    let database = readiness.gate("database");
    let tasks = Tasks::new(stop.clone());

    // The health listener outlives the work, so that a draining process is still seen to be alive.
    let drained = Stop::new();
    let listener = HealthListener::bind(args.health.health_listen).await?;
    let last = Tasks::new(stop.clone());
    last.spawn_essential("health listener", listener.serve(readiness, drained.clone()));
    tasks.spawn_essential("database check", watch_database(store, database, stop.clone()));

    info!("hookyard-admin is running");
    stop.stopped().await;
    let in_time = tasks.drain(args.drain.deadline()).await;
    drained.trigger();
    last.drain(args.drain.deadline()).await;
    let answer = Answer::new(&json!({ "stopped": true, "drained": in_time }), "")?;
    Ok(if stop.has_failed() { answer.failed() } else { answer })
}

async fn watch_database(store: Store, gate: hookyard_process::Gate, stop: Stop) {
    let mut ticks = tokio::time::interval(PING_INTERVAL);
    while stop.run_until_stopped(ticks.tick()).await.is_some() {
        match stop.run_until_stopped(store.ping()).await {
            Some(Ok(())) => gate.set(true, ""),
            Some(Err(error)) => gate.set(false, &error.to_string()),
            None => return,
        }
    }
}
