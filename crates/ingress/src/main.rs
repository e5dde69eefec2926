//! The public listener: it proves who sent a webhook or published an event, records it exactly once, enqueues and
//! answers.

mod answer;
mod arrival;
mod body;
mod budget;
mod clock;
mod framing;
mod gateway;
mod last_word;
mod listener;
mod publication;
mod publishing;
mod recorder;
mod route;
mod settings;
mod signature_failures;
mod source_cache;
mod token_cache;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use hookyard_process::{HealthListener, Readiness, SettingError, Stop, Tasks, telemetry};
use hookyard_store::{Store, StoreSettings};
use tracing::{info, warn};

use crate::gateway::Gateway;
use crate::settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let settings: Settings = hookyard_process::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.threads())
        .enable_all()
        .build();
    let outcome = runtime
        .context("the runtime does not start")
        .and_then(|runtime| runtime.block_on(run(settings)));
    match outcome {
        Ok(code) => code,
        Err(error) => hookyard_process::fail(&error),
    }
}

async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    telemetry::init("hookyard-ingress", &settings.log).context("telemetry does not start")?;
    let secrets = settings.check()?;
    let stop = Stop::on_signals().context("the signals cannot be watched")?;
    let tasks = Tasks::new(stop.clone());
    let readiness = Readiness::new(stop.clone());

    let health = HealthListener::bind(settings.health.health_listen).await?;
    let listener = listener::bind(settings.listen).await?;
    let store_settings = StoreSettings {
        connections_max: 4,
        wait_ms_max: settings.recording.record_ms_max,
        ..StoreSettings::new(settings.database.database_url.clone(), "hookyard-ingress")
    };
    let store = Store::new(&store_settings)
        .map_err(|error| SettingError::new("HOOKYARD_DATABASE_URL", error))?;
    check_schema(&store).await?;

    // What goes on until the last call is answered has a stop of its own.
    let afterwards = Stop::new();
    let publisher = publishing::start(secrets.broker, &store, &tasks, afterwards.clone());
    let recorder =
        recorder::start(&store_settings, &publisher, &readiness, &settings.recording, &tasks);
    let keys = secrets.source_keys;
    let gateway = Arc::new(Gateway::new(&settings, keys, store, recorder, &tasks));

    info!(address = %listener.local_addr()?, "listening for webhooks on {}", listener.local_addr()?);
    info!(address = %health.local_addr(), "health and metrics on {}", health.local_addr());
    tasks.spawn_essential("health", health.serve(readiness, afterwards.clone()));
    listener::serve(listener, &gateway, &stop, &tasks, settings.ending()).await;

    drop(gateway); // The last sender of the recorder: its committers end when they have answered.
    drop(publisher); // The committers' clones end with them, and then what marks the unpublished.
    afterwards.trigger();
    let drained = tasks.drain(settings.drain.deadline()).await;
    info!(drained, "stopped");
    Ok(if stop.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Checks the schema, where the database can be reached.
///
/// Without it the process starts nevertheless: it answers 503 until the database is there.
async fn check_schema(store: &Store) -> anyhow::Result<()> {
    match hookyard_store::schema::check(store).await {
        Err(error) if error.is_unavailable() => {
            let error = format!("{:#}", anyhow::Error::from(error));
            warn!(error, "PostgreSQL cannot be reached yet; answering 503 until it can");
            Ok(())
        }
        checked => Ok(checked?),
    }
}
