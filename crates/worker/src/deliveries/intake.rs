//! Taking deliveries: from messages, from lanes whose jobs wait, and from the table while the broker is away.
//!
//! ```text
//!   messages ──▶ lease ──┬─▶ send          no place in its lane, or for its workspace: parked
//!                ack     └─▶ parked
//!   a place is free ──▶ lease parked ──▶ send
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use hookyard_queue::{Consumer, ConsumerState, Message};
use hookyard_store::StoreError;
use hookyard_store::delivery_jobs::{self, Leased, Limits};
use metrics::counter;
use uuid::Uuid;

use super::desk::Desk;
use crate::intake::{keep_rejected, until_database_answers};

/// Deliveries leased with one statement.
pub(super) const LEASED_MAX: usize = 128;
/// How long leasing waits for places when there are hardly any: what is leased without one is parked, and that is
/// another write.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often the table is looked at while the broker is away.
const POLL_PAUSE: Duration = Duration::from_millis(200);
/// How long nothing is taken after leasing failed.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// What is to be leased next.
enum Arrived {
    Messages(Vec<Message>),
    Table,
}

/// Takes work from messages until the stop.
pub(super) async fn run(desk: Arc<Desk>, mut consumer: Consumer, limits: Limits) {
    let stop = desk.context.stop.clone();
    let mut pause = POLL_PAUSE;
    loop {
        let arriving = async {
            let arrived = wait(&desk, &mut consumer, pause).await;
            desk.places.wait_for_room(desk.places.batch(LEASED_MAX), PATIENCE).await;
            arrived
        };
        // Waiting may be cut off by the stop; leasing and handing over may not. A dropped message goes back.
        let Some(arrived) = stop.run_until_stopped(arriving).await else { break };
        let from_table = matches!(arrived, Arrived::Table);
        let taken = match take(&desk, arrived, limits).await {
            Ok(taken) => taken,
            Err(error) => {
                rest(&desk, &consumer, &error).await;
                continue;
            }
        };
        desk.context.database_ready.set(true, "");
        // After a find in the table the next look follows at once: where one job was, others may be.
        pause = if from_table && taken > 0 { Duration::ZERO } else { POLL_PAUSE };
    }
    while consumer.next().await.is_some() {}
}

/// Waits for messages; while the broker is away, for `pause` before the next look into the table.
async fn wait(desk: &Desk, consumer: &mut Consumer, pause: Duration) -> Arrived {
    let mut pause = pause;
    loop {
        tokio::select! {
            message = consumer.next() => match message {
                Some(first) => return Arrived::Messages(gather(first, consumer)),
                None => std::future::pending().await,
            },
            () = tokio::time::sleep(pause) => {
                pause = POLL_PAUSE;
                let reachable = consumer.state() != ConsumerState::Disconnected;
                if !(reachable && desk.context.publisher.is_connected()) {
                    return Arrived::Table;
                }
            }
        }
    }
}

fn gather(first: Message, consumer: &mut Consumer) -> Vec<Message> {
    let pointers = |message: &Message| message.pointers.as_ref().map_or(0, Vec::len);
    let mut gathered = pointers(&first);
    let mut messages = vec![first];
    while gathered < LEASED_MAX {
        let Some(Some(message)) = consumer.next().now_or_never() else { break };
        gathered += pointers(&message);
        messages.push(message);
    }
    messages
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
    let subjects: Vec<Uuid> = messages
        .iter()
        .filter_map(|message| message.pointers.as_ref().ok())
        .flatten()
        .copied()
        .collect();
    let mut taken = 0;
    for some in subjects.chunks(LEASED_MAX) {
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

/// While PostgreSQL is away nothing is consumed, and nothing requeued in a loop.
async fn rest(desk: &Desk, consumer: &Consumer, error: &StoreError) {
    tracing::warn!(
        "no delivery can be leased, consuming pauses until PostgreSQL answers: {}",
        error.brief()
    );
    desk.context.database_ready.set(false, "PostgreSQL cannot be reached");
    consumer.pause();
    tokio::time::sleep(FAILURE_PAUSE).await;
    until_database_answers(&desk.context).await;
    consumer.resume();
}
