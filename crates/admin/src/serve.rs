//! `serve`: the admin process, which is API and console.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use hookyard_admin::access::Attempts;
use hookyard_admin::{App, Parts, routes, web};
use hookyard_process::{DrainArgs, HealthArgs, HealthListener, Readiness, Stop, Tasks};
use hookyard_store::Store;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::info;
use url::Url;

use crate::commands::{clock, doctor};
use crate::output::Answer;
use crate::settings::Settings;

/// How often the database is asked whether it answers.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// How many pages may keep themselves up to date at once.
const LIVE_PAGES_MAX: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address of the API and the console
    #[arg(
        long,
        env = "HOOKYARD_ADMIN_LISTEN",
        value_name = "ADDRESS",
        default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8084))
    )]
    admin_listen: SocketAddr,
    /// Where people reach the console; by https, cookies are sent over nothing else
    #[arg(long, env = "HOOKYARD_ADMIN_URL", value_name = "URL")]
    admin_url: Option<Url>,
    #[command(flatten)]
    doctor: doctor::DoctorArgs,
    #[command(flatten)]
    health: HealthArgs<8083>,
    #[command(flatten)]
    drain: DrainArgs,
}

/// Runs until a signal asks it to stop.
pub(crate) async fn run(args: ServeArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let stop = Stop::on_signals()?;
    let store = settings.web_store().await?;
    let web_listener = TcpListener::bind(args.admin_listen).await.with_context(|| {
        format!("cannot listen on {} (HOOKYARD_ADMIN_LISTEN)", args.admin_listen)
    })?;
    let app = app(&args, settings, store.clone(), stop.clone())?;
    let readiness = Readiness::new(stop.clone());
    let database = readiness.gate("database");
    let tasks = Tasks::new(stop.clone());

    // The health listener outlives the work, so that a draining process is still seen to be alive.
    let drained = Stop::new();
    let listener = HealthListener::bind(args.health.health_listen).await?;
    let last = Tasks::new(stop.clone());
    last.spawn_essential("health listener", listener.serve(readiness, drained.clone()));
    tasks.spawn_essential("database check", watch_database(store, database, stop.clone()));
    let web = web::serve(
        web_listener,
        routes::table().router(app),
        stop.clone(),
        tasks.clone(),
        args.drain.deadline(),
    );
    tasks.spawn_essential("API and console", web);

    info!("hookyard-admin is running");
    stop.stopped().await;
    let in_time = tasks.drain(args.drain.deadline()).await;
    drained.trigger();
    last.drain(args.drain.deadline()).await;
    let answer = Answer::new(&json!({ "stopped": true, "drained": in_time }), "")?;
    Ok(if stop.has_failed() { answer.failed() } else { answer })
}

fn app(args: &ServeArgs, settings: &Settings, store: Store, stop: Stop) -> anyhow::Result<App> {
    let (source_ring, vault_ring) = settings.rings()?;
    let github = vault_ring.clone().map(|ring| settings.github_with(&store, ring));
    Ok(App::new(Parts {
        store,
        store_settings: settings.store_settings()?,
        source_ring,
        vault_ring,
        github,
        sender: settings.sender()?,
        broker: doctor::broker(&args.doctor)?,
        event_days: args.doctor.event_days,
        url: args.admin_url.clone(),
        clock: clock::now,
        clock_ms: clock::now_ms,
        stop,
        live: Arc::new(Semaphore::new(LIVE_PAGES_MAX)),
        attempts: Attempts::default(),
    }))
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
