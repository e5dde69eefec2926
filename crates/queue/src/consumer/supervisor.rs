//! Keeps a session running: opens a connection, runs a session on it until it ends, waits, starts again.

use std::sync::Arc;

use hookyard_process::Stop;
use tokio::{sync::watch, time::sleep};

use super::{ConsumerState, inbox::Inbox, session::Session};
use crate::{
    link::{Link, Waits},
    metrics,
    queue::Feed,
    settings::BrokerSettings,
};

pub(crate) struct Supervisor {
    pub(crate) settings: BrokerSettings,
    pub(crate) feed: Feed,
    pub(crate) prefetch: u16,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) flow: watch::Receiver<bool>,
    pub(crate) state: watch::Sender<ConsumerState>,
    pub(crate) stop: Stop,
}

impl Supervisor {
    pub(crate) async fn run(mut self) {
        let mut waits = Waits::new();
        let queue = self.feed.as_str();
        let name = format!("hookyard consumer of {queue}");
        metrics::connected(queue).set(0.0);
        while !self.is_over() {
            let opening = Link::open(&self.settings, &name);
            let Some(opened) = self.stop.run_until_stopped(opening).await else { break };
            match opened {
                Ok(link) => {
                    waits.opened();
                    self.run_session(link).await;
                }
                Err(error) => {
                    metrics::lost_connections(queue).increment(1);
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, queue, "no connection to RabbitMQ for consuming {queue}");
                }
            }
            if !self.is_over() {
                let wait = waits.next();
                self.stop.run_until_stopped(sleep(wait)).await;
            }
        }
        self.stop.stopped().await;
    }

    /// Whether messages are of no use to anybody any more.
    fn is_over(&self) -> bool {
        self.stop.is_stopping() || self.flow.has_changed().is_err()
    }

    async fn run_session(&mut self, link: Link) {
        let queue = self.feed.as_str();
        tracing::info!(queue, "consuming {queue} from RabbitMQ");
        metrics::connected(queue).set(1.0);
        let ended = Session::new(&link, self).run().await;
        self.state.send_replace(ConsumerState::Disconnected);
        metrics::connected(queue).set(0.0);
        if let Err(error) = ended {
            metrics::lost_connections(queue).increment(1);
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, queue, "the connection for consuming {queue} is given up");
        }
        // Their channel is gone, and the broker hands them out again.
        drop(self.inbox.empty());
        link.close().await;
    }
}
