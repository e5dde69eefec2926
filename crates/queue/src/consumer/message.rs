//! A received message, and what may be said to the broker about it.

use std::time::Duration;

use futures_util::future::join_all;
use lapin::{
    Acker,
    message::Delivery,
    options::{BasicAckOptions, BasicNackOptions},
};
use tokio::sync::mpsc;
use tokio_util::task::task_tracker::TaskTrackerToken;
use uuid::Uuid;

use crate::{
    error::within,
    message::{Undecodable, decode},
    metrics,
    queue::{Feed, Queue},
};

/// How long it may take to write an acknowledgement.
const SETTLE_LIMIT: Duration = Duration::from_secs(5);

/// A message from a queue. The broker holds it until it is acknowledged; one that is dropped goes back to
/// the queue, and so does one whose connection is lost.
#[derive(Debug)]
pub struct Message {
    /// The ids of the rows that it points to.
    pub pointers: Result<Vec<Uuid>, Undecodable>,
    /// Its body as it came.
    pub raw: Vec<u8>,
    /// The queue that it was published to; of a dead letter, the queue where it died. None when it came by
    /// no route of ours.
    pub queue: Option<Queue>,
    /// Whether the broker has handed it out before.
    pub redelivered: bool,
    slip: Slip,
}

impl Message {
    pub(crate) fn new(delivery: Delivery, slip: Slip) -> Self {
        let queue = Queue::from_routing_key(delivery.routing_key.as_str());
        let pointers =
            queue.map_or(Err(Undecodable::UnknownQueue), |queue| decode(queue, &delivery.data));
        Self { pointers, raw: delivery.data, queue, redelivered: delivery.redelivered, slip }
    }

    /// Lets the broker forget the message. False when the broker can no longer be told, because the
    /// message's channel is gone; it will then hand the message out again.
    pub async fn ack(mut self) -> bool {
        self.slip.ack().await
    }

    /// Acknowledges several messages, which takes hardly longer than one. Returns how many of them the
    /// broker could be told about.
    pub async fn ack_all(messages: Vec<Self>) -> usize {
        join_all(messages.into_iter().map(Self::ack)).await.into_iter().filter(|told| *told).count()
    }

    /// Gives the message back to its queue. Each time counts towards the queue's delivery limit: a message
    /// that cannot be handled at present is a reason to pause, not to requeue.
    pub async fn requeue(mut self) -> bool {
        self.slip.requeue().await
    }
}

/// The right to settle one message, once.
#[derive(Debug)]
pub(crate) struct Slip {
    pub(crate) feed: Feed,
    pub(crate) acker: Acker,
    /// Where the acker goes when nobody settles the message. Never full: it has room for every message that
    /// the broker hands out before it waits.
    pub(crate) dropped: mpsc::Sender<Acker>,
    /// Tells the session, which waits for it before it says goodbye, that the message is still out.
    pub(crate) _out: TaskTrackerToken,
    pub(crate) settled: bool,
}

impl Slip {
    async fn ack(&mut self) -> bool {
        self.settled = true;
        let told =
            within(SETTLE_LIMIT, "acknowledge", self.acker.ack(BasicAckOptions::default())).await;
        let told = matches!(told, Ok(true));
        if told {
            metrics::acknowledged_messages(self.feed).increment(1);
        } else {
            metrics::lost_acknowledgements(self.feed).increment(1);
        }
        told
    }

    async fn requeue(&mut self) -> bool {
        self.settled = true;
        requeue(self.feed, &self.acker).await
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        // An error says that the session is over; the broker has the message back already.
        if !self.settled && self.dropped.try_send(self.acker.clone()).is_err() {
            tracing::trace!("a message was dropped after its connection");
        }
    }
}

/// Gives one message back to its queue.
pub(crate) async fn requeue(feed: Feed, acker: &Acker) -> bool {
    let options = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
    let told = matches!(within(SETTLE_LIMIT, "requeue", acker.nack(options)).await, Ok(true));
    if told {
        metrics::requeued_messages(feed).increment(1);
    }
    told
}
