//! Replays of many deliveries: a portion at a time, at the pace that was asked for.
//!
//! A portion and its place are one transaction, so a replay goes on wherever a worker died.

use std::time::Duration;

use hookyard_domain::job::JobKind;
use hookyard_store::replays::{self, Portion};
use hookyard_store::{StoreError, jobs};
use metrics::counter;
use tracing::{info, warn};

use crate::context::Context;

/// How often replays are looked for.
const PAUSE: Duration = Duration::from_millis(500);

/// Goes on with replays until the stop.
pub(crate) async fn run(context: Context) {
    while context.stop.run_until_stopped(tokio::time::sleep(PAUSE)).await.is_some() {
        loop {
            match next(&context).await {
                Ok(true) if !context.stop.is_stopping() => {}
                Ok(_) => break,
                Err(error) => {
                    // Its lease runs out, and it goes on from its place.
                    warn!("a replay could not go on: {}", error.brief());
                    break;
                }
            }
        }
    }
}

/// Does the next portion of one replay; false when none is due.
async fn next(context: &Context) -> Result<bool, StoreError> {
    let mut conn = context.store.conn().await?;
    let leased = jobs::lease_waiting(&conn, JobKind::Replay, context.owner, 1).await?;
    let Some(lease) = leased.first() else { return Ok(false) };
    let portion = replays::next_portion(&mut conn, lease).await?;
    match portion {
        Portion::More { replayed } | Portion::Completed { replayed } => {
            counter!("hookyard_worker_deliveries_replayed_total").increment(replayed);
        }
        Portion::Cancelled | Portion::Fenced => {}
    }
    if !matches!(portion, Portion::More { .. }) {
        info!(replay.id = %lease.subject, "a replay ended: {portion:?}");
    }
    Ok(true)
}
