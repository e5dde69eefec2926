//! Runs jobs: routes events, reconciles targets, and sweeps up after crashes.

mod clock;
mod context;
mod dead_queue;
mod deliveries;
mod events;
mod github_app;
mod hold;
mod housekeeping;
mod intake;
mod presence;
mod quarantine;
mod replays;
mod settings;
mod sweep;
mod syncs;
mod tallies;

use std::process::ExitCode;

use anyhow::Context as _;
use hookyard_process::{HealthListener, Readiness, Stop, Tasks, telemetry};
use hookyard_queue::Queue;
use tracing::info;

use crate::context::Context;
use crate::settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let settings: Settings = hookyard_process::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime
        .context("the runtime does not start")
        .and_then(|runtime| runtime.block_on(run(settings)));
    match outcome {
        Ok(code) => code,
        Err(error) => hookyard_process::fail(&error),
    }
}

async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    telemetry::init("hookyard-worker", &settings.log).context("telemetry does not start")?;
    let checked = settings.check()?;
    let (sender, vault_keys) = (checked.sender.clone(), checked.vault_keys.clone());
    let stop = Stop::on_signals().context("the signals cannot be watched")?;
    let tasks = Tasks::new(stop.clone());
    let readiness = Readiness::new(stop.clone());
    let health = HealthListener::bind(settings.health.health_listen).await?;

    // What goes on until the last job is ended has a stop of its own.
    let afterwards = Stop::new();
    let context =
        Context::start(&settings, checked, &readiness, &tasks, &stop, afterwards.clone())?;
    hookyard_store::schema::check(&context.store).await?;
    hookyard_store::partitions::make(
        &context.store.conn().await?,
        hookyard_store::schema::PARTITION_DAYS_AHEAD,
    )
    .await?;
    // It has just answered; an idle worker has no other occasion to notice.
    context.database_ready.set(true, "");

    info!(address = %health.local_addr(), "health and metrics on {}", health.local_addr());
    tasks.spawn_essential("health", health.serve(readiness, afterwards.clone()));
    for queue in &settings.queues {
        match queue {
            Queue::Events => context.work.spawn_essential("events", events::run(context.clone())),
            Queue::Syncs => context.work.spawn_essential("syncs", syncs::run(context.clone())),
            Queue::Deliveries => {
                let (sender, keys) = (sender.clone(), vault_keys.clone());
                let sending = deliveries::run(context.clone(), sender, keys);
                context.work.spawn_essential("deliveries", sending);
                context.work.spawn_essential("replays", replays::run(context.clone()));
            }
        }
    }
    tasks.spawn_essential("sweep", sweep::run(context.clone()));
    tasks.spawn_essential("presence", presence::run(context.clone(), afterwards.clone()));
    tasks.spawn_essential("housekeeping", housekeeping::run(context.clone()));
    tasks.spawn_essential("tallies", tallies::run(context.clone()));
    tasks.spawn_essential("dead queue", dead_queue::run(context.clone()));

    stop.stopped().await;
    info!("taking no more work; finishing what is under way");
    let worked = context.work.drain(settings.drain.deadline()).await;
    afterwards.trigger();
    let drained = tasks.drain(settings.drain.deadline()).await;
    info!(worked, drained, "stopped");
    Ok(if stop.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
