//! Receiving hints.
//!
//! One task owns the connection. It puts messages into an inbox as they arrive, notices when the broker
//! cancels the consumer (its queue was deleted, or moved), and comes back by itself. Pausing and stopping
//! give back what nobody has taken yet, and leave what was taken to those who took it.

mod inbox;
mod message;
mod session;
mod supervisor;

use std::sync::Arc;

use hookyard_process::{Stop, Tasks};
use tokio::sync::watch;

use self::{inbox::Inbox, supervisor::Supervisor};
use crate::{queue::Feed, settings::BrokerSettings};

pub use self::message::Message;

/// What a consumer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsumerState {
    /// There is no connection; another is tried again and again.
    Disconnected,
    /// Messages arrive.
    Consuming,
    /// Connected, and asked to take no messages.
    Paused,
}

/// Receives the messages of one queue over one supervised connection. Dropping it ends the consuming.
pub struct Consumer {
    inbox: Arc<Inbox>,
    flowing: watch::Sender<bool>,
    state: watch::Receiver<ConsumerState>,
    stop: Stop,
}

impl Consumer {
    /// Starts the task that consumes. Returns at once; the connection opens in the background.
    ///
    /// The broker hands out at most `prefetch` messages that are not settled; at least one. After `stop`,
    /// what nobody has taken goes back to the queue, [`Self::next`] ends, and the task waits some seconds for
    /// messages that were taken to be settled before it says goodbye.
    pub fn start(
        settings: BrokerSettings,
        feed: impl Into<Feed>,
        prefetch: u16,
        tasks: &Tasks,
        stop: Stop,
    ) -> Self {
        let inbox = Arc::new(Inbox::default());
        let (flowing, flow) = watch::channel(true);
        let (state_in, state) = watch::channel(ConsumerState::Disconnected);
        let supervisor = Supervisor {
            settings,
            feed: feed.into(),
            prefetch: prefetch.max(1),
            inbox: Arc::clone(&inbox),
            flow,
            state: state_in,
            stop: stop.clone(),
        };
        tasks.spawn_essential("consumer", supervisor.run());
        Self { inbox, flowing, state, stop }
    }

    /// The next message; none after the stop. Safe to cancel.
    pub async fn next(&mut self) -> Option<Message> {
        self.stop.run_until_stopped(self.inbox.next()).await
    }

    /// Takes no more messages: for when PostgreSQL is away and none could be worked on. What has arrived and
    /// was not taken goes back to the queue, once.
    pub fn pause(&self) {
        self.inbox.hold(true);
        self.flowing.send_replace(false);
    }

    /// Takes messages again.
    pub fn resume(&self) {
        self.inbox.hold(false);
        self.flowing.send_replace(true);
    }

    /// What the consumer is doing now.
    pub fn state(&self) -> ConsumerState {
        *self.state.borrow()
    }

    /// Follows [`Self::state`].
    pub fn states(&self) -> watch::Receiver<ConsumerState> {
        self.state.clone()
    }
}
