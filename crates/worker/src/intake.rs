//! Taking work: messages become leases, and only as many as there are free slots.
//!
//! ```text
//!   slot free ──▶ messages ──▶ lease (commit) ──▶ ack ──▶ work
//!                    └── broker away: lease straight from the table
//! ```
//!
//! A message is acknowledged as soon as the lease is committed: the lease owns the work, not the message.

use std::sync::Arc;
use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;
use futures_util::FutureExt as _;
use hookyard_domain::ids::RejectedMessageId;
use hookyard_domain::job::JobKind;
use hookyard_queue::{Consumer, ConsumerState, Message};
use hookyard_store::jobs::{Lease, lease, lease_waiting};
use hookyard_store::{Conn, StoreError, rejected_messages};
use metrics::counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{info, warn};
use uuid::Uuid;

use crate::clock;
use crate::context::Context;

/// How often the table is looked at while the broker is away.
pub(crate) const POLL_PAUSE: Duration = Duration::from_millis(200);
/// How long nothing is taken after leasing failed.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// How a queue's work is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) kind: JobKind,
    /// Groups of leases that are worked on at once.
    pub(crate) slots: u16,
    /// Jobs of one group.
    pub(crate) group_max: usize,
}

/// Leased work, and the slot that it occupies until it is dropped.
pub(crate) struct Taken {
    pub(crate) leases: Vec<Lease>,
    pub(crate) slot: OwnedSemaphorePermit,
}

/// Where the next work is to be had.
pub(crate) enum Arrived {
    Messages(Vec<Message>),
    /// The broker is away: look into the table.
    Table,
}

/// Takes work until the stop and hands it to `start`, which must not wait.
pub(crate) async fn run(
    context: Context,
    mut consumer: Consumer,
    shape: Shape,
    start: impl Fn(Taken),
) {
    let slots = Arc::new(Semaphore::new(usize::from(shape.slots)));
    let stop = context.stop.clone();
    let intake = Intake { context, shape };
    // After a find in the table the next look follows at once: where one job was, others may be.
    let mut pause = POLL_PAUSE;
    loop {
        let free = Arc::clone(&slots).acquire_owned();
        let Some(slot) = stop.run_until_stopped(free).await else { break };
        let slot = slot.expect("the semaphore is never closed");
        // Waiting may be cut off by the stop; leasing and handing over may not.
        let arriving = arrive(&intake.context, &mut consumer, shape.group_max, pause);
        let Some(arrived) = stop.run_until_stopped(arriving).await else { break };
        let from_table = matches!(arrived, Arrived::Table);
        let leases = intake.take(arrived, &consumer).await;
        pause = if from_table && !leases.is_empty() { Duration::ZERO } else { POLL_PAUSE };
        if !leases.is_empty() {
            counter!("hookyard_worker_leases_total", "kind" => shape.kind.as_str())
                .increment(leases.len() as u64);
            start(Taken { leases, slot });
        }
    }
    // What was not taken goes back to the queue: the consumer watches the same stop.
    while consumer.next().await.is_some() {}
}

struct Intake {
    context: Context,
    shape: Shape,
}

impl Intake {
    /// Leases what arrived. While PostgreSQL is away nothing is consumed, and nothing requeued in a loop.
    async fn take(&self, arrived: Arrived, consumer: &Consumer) -> Vec<Lease> {
        let taken = match arrived {
            Arrived::Table => self.take_from_table().await,
            Arrived::Messages(messages) => self.take_from_messages(messages).await,
        };
        match taken {
            Ok(leases) => {
                self.context.database_ready.set(true, "");
                leases
            }
            Err(error) => {
                rest(&self.context, consumer, &error).await;
                Vec::new()
            }
        }
    }

    async fn take_from_table(&self) -> Result<Vec<Lease>, StoreError> {
        let conn = self.context.store.conn().await?;
        let limit = i64::try_from(self.shape.group_max).unwrap_or(i64::MAX);
        lease_waiting(&conn, self.shape.kind, self.context.owner, limit).await
    }

    async fn take_from_messages(&self, messages: Vec<Message>) -> Result<Vec<Lease>, StoreError> {
        let subjects = subjects_of(&messages);
        let conn = self.context.store.conn().await?;
        // First what may fail without harm: a lease that is taken must be worked on.
        keep_rejected(&conn, &messages).await?;
        let leases = match subjects.as_slice() {
            [] => Vec::new(),
            subjects => lease(&conn, self.shape.kind, subjects, self.context.owner).await?,
        };
        drop(conn);
        Message::ack_all(messages).await;
        Ok(leases)
    }
}

/// Waits for messages, and takes what is there already up to so many pointers; while the broker is away, waits for
/// `pause` before the next look into the table.
pub(crate) async fn arrive(
    context: &Context,
    consumer: &mut Consumer,
    pointers_max: usize,
    pause: Duration,
) -> Arrived {
    let mut pause = pause;
    loop {
        tokio::select! {
            message = consumer.next() => match message {
                Some(first) => return Arrived::Messages(gather(first, consumer, pointers_max)),
                None => std::future::pending().await,
            },
            () = tokio::time::sleep(pause) => {
                pause = POLL_PAUSE;
                let reachable = consumer.state() != ConsumerState::Disconnected;
                if !(reachable && context.publisher.is_connected()) {
                    return Arrived::Table;
                }
            }
        }
    }
}

fn gather(first: Message, consumer: &mut Consumer, pointers_max: usize) -> Vec<Message> {
    let pointers = |message: &Message| message.pointers.as_ref().map_or(0, Vec::len);
    let mut gathered = pointers(&first);
    let mut messages = vec![first];
    while gathered < pointers_max {
        let Some(Some(message)) = consumer.next().now_or_never() else { break };
        gathered += pointers(&message);
        messages.push(message);
    }
    messages
}

/// Everything that these messages point to.
pub(crate) fn subjects_of(messages: &[Message]) -> Vec<Uuid> {
    let understood = messages.iter().filter_map(|message| message.pointers.as_ref().ok());
    understood.flatten().copied().collect()
}

/// While PostgreSQL is away nothing is consumed, and nothing requeued in a loop.
pub(crate) async fn rest(context: &Context, consumer: &Consumer, error: &StoreError) {
    warn!("nothing can be leased, consuming pauses until PostgreSQL answers: {}", error.brief());
    context.database_ready.set(false, "PostgreSQL cannot be reached");
    consumer.pause();
    // Not every error is an absence: without a rest the same messages would come round at once.
    tokio::time::sleep(FAILURE_PAUSE).await;
    until_database_answers(context).await;
    consumer.resume();
}

/// Keeps what cannot be understood for people to look at.
pub(crate) async fn keep_rejected(conn: &Conn, messages: &[Message]) -> Result<(), StoreError> {
    for message in messages {
        if let Err(reason) = &message.pointers {
            let queue = message.queue.map_or("unknown", |queue| queue.as_str());
            warn!(queue, %reason, "a message cannot be understood; it is kept as a rejected message");
            let id = RejectedMessageId(clock::new_id());
            rejected_messages::insert(conn, id, queue, &reason.to_string(), &message.raw).await?;
        }
    }
    Ok(())
}

/// Waits until PostgreSQL answers, or for the stop.
async fn until_database_answers(context: &Context) {
    let mut pause = ExponentialBackoff {
        initial_interval: Duration::from_millis(100),
        max_interval: Duration::from_secs(5),
        max_elapsed_time: None,
        ..ExponentialBackoff::default()
    };
    let answers = async {
        while context.store.ping().await.is_err() {
            tokio::time::sleep(pause.next_backoff().unwrap_or(Duration::from_secs(5))).await;
        }
    };
    if context.stop.run_until_stopped(answers).await.is_some() {
        info!("PostgreSQL answers again");
    }
}
