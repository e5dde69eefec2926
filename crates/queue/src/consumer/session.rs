//! One connection's life as a consumer.

use std::time::Duration;

use futures_util::{StreamExt, stream::BoxStream};
use lapin::{
    Acker, Channel, Event,
    options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at, timeout},
};
use tokio_util::task::TaskTracker;

use super::{
    ConsumerState,
    message::{Message, Slip, requeue},
    supervisor::Supervisor,
};
use crate::{
    error::{BrokerError, within},
    link::Link,
    topology,
};

/// How long the broker may take for one request of a consumer.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);
/// How often the queue is checked. A deletion is normally announced at once; but a queue that is deleted and
/// declared again at the same moment can leave a consumer that the broker counts and sends nothing to.
const CHECK_EVERY: Duration = Duration::from_secs(30);
/// How long messages that were taken have to be settled after the stop.
const SETTLE_LIMIT: Duration = Duration::from_secs(5);
/// The consumer's tag. There is one consumer in a channel.
const TAG: &str = "hookyard";

/// Why a session gave its connection up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("the broker has cancelled the consumer: its queue is gone, or moves")]
    Cancelled,
    #[error("messages wait in the queue and none arrives")]
    Stalled,
    #[error("the connection was lost")]
    Lost(#[source] lapin::Error),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

enum Interrupted {
    ByFlow,
    ByStop,
}

pub(crate) struct Session<'a> {
    channel: Channel,
    owner: &'a mut Supervisor,
    check: Interval,
    /// Whether anything arrived since the last check.
    received: bool,
    /// Whether messages waited at the last check although none had arrived.
    suspected: bool,
    out: TaskTracker,
    dropped: (mpsc::Sender<Acker>, mpsc::Receiver<Acker>),
    events: BoxStream<'static, Event>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(link: &Link, owner: &'a mut Supervisor) -> Self {
        let mut check = interval_at(Instant::now() + CHECK_EVERY, CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let dropped = mpsc::channel(usize::from(owner.prefetch));
        let (channel, events) = (link.channel.clone(), link.events());
        let out = TaskTracker::new();
        Self { channel, owner, check, received: false, suspected: false, out, dropped, events }
    }

    /// Consumes until the connection fails or the stop is complete.
    pub(crate) async fn run(mut self) -> Result<(), SessionError> {
        // Before the consumer exists: lapin's own buffer has no bound but this one.
        let bounding = self.channel.basic_qos(self.owner.prefetch, BasicQosOptions::default());
        within(REQUEST_LIMIT, "bound the messages in flight", bounding).await?;
        loop {
            let flowing = *self.owner.flow.borrow();
            let interrupted = if flowing { self.consume().await? } else { self.pause().await? };
            if matches!(interrupted, Interrupted::ByStop) {
                self.finish().await;
                return Ok(());
            }
        }
    }

    async fn consume(&mut self) -> Result<Interrupted, SessionError> {
        let name = self.owner.settings.queue_name(self.owner.feed);
        let options = BasicConsumeOptions::default();
        let consuming =
            self.channel.basic_consume(name.into(), TAG.into(), options, FieldTable::default());
        let mut messages = within(REQUEST_LIMIT, "consume", consuming).await?;
        self.owner.state.send_replace(ConsumerState::Consuming);
        let interrupted = loop {
            tokio::select! {
                biased;
                () = self.owner.stop.stopped() => break Interrupted::ByStop,
                interrupted = turned(&mut self.owner.flow, false) => break interrupted,
                _ = self.check.tick() => self.check_flow().await?,
                Some(acker) = self.dropped.1.recv() => {
                    requeue(self.owner.feed, &acker).await;
                }
                message = messages.next() => match message {
                    Some(Ok(delivery)) => self.receive(delivery),
                    Some(Err(error)) => return Err(SessionError::Lost(error)),
                    None => return Err(SessionError::Cancelled),
                },
            }
        };
        self.cancel(messages).await?;
        Ok(interrupted)
    }

    fn receive(&mut self, delivery: lapin::message::Delivery) {
        let feed = self.owner.feed;
        crate::metrics::consumed_messages(feed).increment(1);
        self.received = true;
        let slip = Slip {
            feed,
            acker: delivery.acker.clone(),
            dropped: self.dropped.0.clone(),
            _out: self.out.token(),
            settled: false,
        };
        self.owner.inbox.put(Message::new(delivery, slip));
    }

    /// Ends the consumer and gives back what has arrived and was not taken: first what the inbox holds, then
    /// what was still on its way.
    async fn cancel(&mut self, mut messages: lapin::Consumer) -> Result<(), SessionError> {
        let cancelling = self.channel.basic_cancel(TAG.into(), BasicCancelOptions::default());
        within(REQUEST_LIMIT, "cancel the consumer", cancelling).await?;
        for message in self.owner.inbox.empty() {
            message.requeue().await;
        }
        let rest = async {
            while let Some(delivery) = messages.next().await {
                requeue(self.owner.feed, &delivery?.acker).await;
            }
            Ok(())
        };
        Ok(within(REQUEST_LIMIT, "hand over what was on its way", rest).await?)
    }

    async fn pause(&mut self) -> Result<Interrupted, SessionError> {
        self.owner.state.send_replace(ConsumerState::Paused);
        loop {
            tokio::select! {
                biased;
                () = self.owner.stop.stopped() => return Ok(Interrupted::ByStop),
                interrupted = turned(&mut self.owner.flow, true) => return Ok(interrupted),
                Some(event) = self.events.next() => if let Event::Error(error) = event {
                    return Err(SessionError::Lost(error));
                },
                _ = self.check.tick() => drop(self.waiting().await?),
                Some(acker) = self.dropped.1.recv() => {
                    requeue(self.owner.feed, &acker).await;
                }
            }
        }
    }

    /// Fails when messages have waited for a whole interval while nobody here was busy and none arrived.
    async fn check_flow(&mut self) -> Result<(), SessionError> {
        let waiting = self.waiting().await?;
        let idle = !std::mem::take(&mut self.received) && self.out.is_empty();
        let suspected = waiting > 0 && idle;
        if std::mem::replace(&mut self.suspected, suspected) && suspected {
            return Err(SessionError::Stalled);
        }
        Ok(())
    }

    async fn waiting(&mut self) -> Result<u32, BrokerError> {
        topology::waiting(&self.channel, &self.owner.settings, self.owner.feed).await
    }

    /// Waits for the messages that were taken, so that their acknowledgements still find a channel.
    async fn finish(mut self) {
        self.out.close();
        let settled = async {
            loop {
                tokio::select! {
                    () = self.out.wait() => break,
                    Some(acker) = self.dropped.1.recv() => {
                        requeue(self.owner.feed, &acker).await;
                    }
                }
            }
        };
        if timeout(SETTLE_LIMIT, settled).await.is_err() {
            let queue = self.owner.feed.as_str();
            tracing::warn!(
                queue,
                messages = self.out.len(),
                "stopping before all messages were acknowledged"
            );
        }
        // The last slips may have been dropped together with their tokens.
        while let Ok(acker) = self.dropped.1.try_recv() {
            requeue(self.owner.feed, &acker).await;
        }
    }
}

/// Completes when the flow is `wanted`, or when nobody is left who would receive anything.
async fn turned(flow: &mut watch::Receiver<bool>, wanted: bool) -> Interrupted {
    match flow.wait_for(|flowing| *flowing == wanted).await {
        Ok(_) => Interrupted::ByFlow,
        Err(_) => Interrupted::ByStop,
    }
}
