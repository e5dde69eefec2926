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
use tokio::sync::mpsc;
use tracing::warn;

use super::desk::Desk;
use super::places::{Coming, Mix};
use crate::intake::{Arrived, POLL_PAUSE, arrive, keep_rejected, rest, subjects_of};

/// Deliveries leased with one statement.
pub(super) const LEASED_MAX: usize = 128;
/// How long leasing waits for places when there are hardly any: what is leased without one is parked, and that is
/// another write.
const PATIENCE: Duration = Duration::from_millis(250);

/// A leased batch on its way to be started.
struct Batch {
    leased: Leased,
    asked: Instant,
    coming: Coming,
}

/// Takes work from messages until the stop.
///
/// While the events of one batch are read and its calls are started, the next is leased.
pub(super) async fn run(desk: Arc<Desk>, consumer: Consumer, limits: Limits) {
    let (batches, mut leased) = mpsc::channel(1);
    let starting = async {
        while let Some(Batch { leased, asked, coming }) = leased.recv().await {
            start(&desk, leased, asked).await;
            drop(coming);
        }
    };
    tokio::join!(lease(&desk, consumer, limits, batches), starting);
}

async fn lease(
    desk: &Arc<Desk>,
    mut consumer: Consumer,
    limits: Limits,
    batches: mpsc::Sender<Batch>,
) {
    let stop = desk.context.stop.clone();
    let mut pause = POLL_PAUSE;
    let mut last = Mix::default();
    loop {
        let arriving = async {
            let arrived = arrive(&desk.context, &mut consumer, LEASED_MAX, pause).await;
            desk.places.wait_for_room(desk.places.batch(LEASED_MAX), &last, PATIENCE).await;
            arrived
        };
        // Waiting may be cut off by the stop; leasing and handing over may not. A dropped message goes back.
        let Some(arrived) = stop.run_until_stopped(arriving).await else { break };
        let from_table = matches!(arrived, Arrived::Table);
        let taken = match take(desk, arrived, limits, &batches).await {
            Ok(taken) => taken,
            Err(error) => {
                rest(&desk.context, &consumer, &error).await;
                continue;
            }
        };
        desk.context.database_ready.set(true, "");
        // After a find in the table the next look follows at once: where one job was, others may be.
        pause = if from_table && taken.any { Duration::ZERO } else { POLL_PAUSE };
        last = taken.mix;
    }
    while consumer.next().await.is_some() {}
}

/// What was leased at last.
#[derive(Default)]
struct Taken {
    any: bool,
    mix: Mix,
}

/// Leases what arrived and passes it on.
async fn take(
    desk: &Arc<Desk>,
    arrived: Arrived,
    limits: Limits,
    batches: &mpsc::Sender<Batch>,
) -> Result<Taken, StoreError> {
    let owner = desk.context.owner;
    let messages = match arrived {
        Arrived::Messages(messages) => messages,
        Arrived::Table => {
            let conn = desk.context.store.conn().await?;
            let limit = i64::try_from(LEASED_MAX).expect("a hundred");
            let asked = Instant::now();
            let leased = delivery_jobs::lease_ready(&conn, owner, limit, limits).await?;
            drop(conn);
            return Ok(pass_on(desk, leased, asked, batches).await);
        }
    };
    // First what may fail without harm: a lease that is taken must be worked on.
    keep_rejected(&desk.context.store.conn().await?, &messages).await?;
    let mut taken = Taken::default();
    for some in subjects_of(&messages).chunks(LEASED_MAX) {
        let asked = Instant::now();
        let conn = desk.context.store.conn().await?;
        let leased = delivery_jobs::lease(&conn, some, owner, limits).await?;
        drop(conn);
        taken = pass_on(desk, leased, asked, batches).await;
    }
    Message::ack_all(messages).await;
    Ok(taken)
}

async fn pass_on(
    desk: &Arc<Desk>,
    leased: Leased,
    asked: Instant,
    batches: &mpsc::Sender<Batch>,
) -> Taken {
    let mix = workspaces_of(&leased);
    let taken =
        Taken { any: !leased.work.is_empty() || !leased.parked.is_empty(), mix: mix.clone() };
    let batch = Batch { leased, asked, coming: desk.places.announce(mix) };
    if batches.send(batch).await.is_err() {
        warn!("a batch of deliveries was not started: their leases run out");
    }
    taken
}

fn workspaces_of(leased: &Leased) -> Mix {
    leased.work.iter().map(|it| it.receiver.lane.workspace).collect()
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
