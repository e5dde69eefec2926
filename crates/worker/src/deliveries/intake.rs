//! Taking deliveries: from messages, from lanes whose jobs wait, and from the table while the broker is away.
//!
//! ```text
//!   messages ──▶ lease ──┬─▶ send          no place in its lane, or for its workspace: parked
//!                ack     └─▶ parked
//!   a place is free ──▶ lease parked ──▶ send
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookyard_queue::{Consumer, Message};
use hookyard_store::StoreError;
use hookyard_store::delivery_jobs::{self, Leased, Limits};
use metrics::counter;

use super::desk::Desk;
use crate::intake::{Arrived, POLL_PAUSE, arrive, keep_rejected, rest, subjects_of};

/// Deliveries leased with one statement.
pub(super) const LEASED_MAX: usize = 128;
/// How long leasing waits for places when there are hardly any: what is leased without one is parked, and that is
/// another write.
const PATIENCE: Duration = Duration::from_millis(250);

/// Takes work from messages until the stop.
pub(super) async fn run(desk: Arc<Desk>, mut consumer: Consumer, limits: Limits) {
    let stop = desk.context.stop.clone();
    let mut pause = POLL_PAUSE;
    loop {
        let arriving = async {
            let arrived = arrive(&desk.context, &mut consumer, LEASED_MAX, pause).await;
            desk.places.wait_for_room(desk.places.batch(LEASED_MAX), PATIENCE).await;
            arrived
        };
        // Waiting may be cut off by the stop; leasing and handing over may not. A dropped message goes back.
        let Some(arrived) = stop.run_until_stopped(arriving).await else { break };
        let from_table = matches!(arrived, Arrived::Table);
        let taken = match take(&desk, arrived, limits).await {
            Ok(taken) => taken,
            Err(error) => {
                rest(&desk.context, &consumer, &error).await;
                continue;
            }
        };
        desk.context.database_ready.set(true, "");
        // After a find in the table the next look follows at once: where one job was, others may be.
        pause = if from_table && taken > 0 { Duration::ZERO } else { POLL_PAUSE };
    }
    while consumer.next().await.is_some() {}
}

/// Leases what arrived and starts it; returns how much there was.
async fn take(desk: &Arc<Desk>, arrived: Arrived, limits: Limits) -> Result<usize, StoreError> {
    let owner = desk.context.owner;
    let messages = match arrived {
        Arrived::Messages(messages) => messages,
        Arrived::Table => {
            let conn = desk.context.store.conn().await?;
            let limit = i64::try_from(LEASED_MAX).expect("a hundred");
            let asked = Instant::now();
            let leased = delivery_jobs::lease_ready(&conn, owner, limit, limits).await?;
            drop(conn);
            let taken = leased.work.len() + leased.parked.len();
            start(desk, leased, asked).await;
            return Ok(taken);
        }
    };
    // First what may fail without harm: a lease that is taken must be worked on.
    keep_rejected(&desk.context.store.conn().await?, &messages).await?;
    let mut taken = 0;
    for some in subjects_of(&messages).chunks(LEASED_MAX) {
        let asked = Instant::now();
        let conn = desk.context.store.conn().await?;
        let leased = delivery_jobs::lease(&conn, some, owner, limits).await?;
        drop(conn);
        taken += leased.work.len();
        start(desk, leased, asked).await;
    }
    Message::ack_all(messages).await;
    Ok(taken)
}

/// Sends what was leased, and remembers which lanes wait.
pub(super) async fn start(desk: &Arc<Desk>, leased: Leased, asked: Instant) {
    if !leased.parked.is_empty() {
        counter!("hookyard_worker_deliveries_parked_total").increment(leased.parked.len() as u64);
        desk.lanes.wait(leased.parked, Instant::now());
    }
    if !leased.work.is_empty() {
        counter!("hookyard_worker_leases_total", "kind" => "delivery")
            .increment(leased.work.len() as u64);
        desk.start(leased.work, asked).await;
    }
}
