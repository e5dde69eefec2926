//! Says that this worker is there, and at the end that it has stopped.

use std::time::Duration;

use hookyard_domain::ids::WorkerId;
use hookyard_process::Stop;
use hookyard_store::{StoreError, workers};
use tracing::debug;

use crate::context::Context;

/// Where Linux says what the host is called.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// Says it until the last job is ended.
pub(crate) async fn run(context: Context, afterwards: Stop) {
    let name = name();
    loop {
        if let Err(error) = beat(&context, &name).await {
            // Whoever leases says louder that PostgreSQL is away.
            debug!("this worker could not say that it is there: {}", error.brief());
        }
        let pause = tokio::time::sleep(Duration::from_millis(workers::BEAT_MS));
        if afterwards.run_until_stopped(pause).await.is_none() {
            break;
        }
    }
    if let Err(error) = stopped(&context).await {
        debug!("this worker could not say that it stops: {}", error.brief());
    }
}

async fn beat(context: &Context, name: &str) -> Result<(), StoreError> {
    let conn = context.store.conn().await?;
    workers::beat(&conn, WorkerId(context.owner), name, env!("CARGO_PKG_VERSION")).await
}

async fn stopped(context: &Context) -> Result<(), StoreError> {
    let conn = context.store.conn().await?;
    workers::stopped(&conn, WorkerId(context.owner)).await
}

/// The host and the process, such as `yard-1:4711`.
fn name() -> String {
    let host = std::fs::read_to_string(HOST_NAME).unwrap_or_default();
    let host = match host.trim() {
        "" => "worker",
        host => host,
    };
    format!("{host}:{}", std::process::id())
}
