//! Asking the broker about its queues.

use tokio::sync::Mutex;

use crate::{error::BrokerError, link::Link, queue::Feed, settings::BrokerSettings, topology};

/// Answers questions about the queues over a connection of its own, opened by the first question and again
/// by the next one after a failure.
pub struct Broker {
    settings: BrokerSettings,
    link: Mutex<Option<Link>>,
}

impl Broker {
    /// Opens nothing yet.
    pub fn new(settings: BrokerSettings) -> Self {
        Self { settings, link: Mutex::new(None) }
    }

    /// How many messages wait in a queue, without those that consumers hold. A queue that is
    /// missing is an error once: the next question declares it.
    pub async fn waiting(&self, feed: impl Into<Feed>) -> Result<u32, BrokerError> {
        let mut kept = self.link.lock().await;
        // Taken out while it is asked: a failed or abandoned question leaves no doubtful connection behind.
        let link = match kept.take() {
            Some(link) => link,
            None => Link::open(&self.settings, "hookyard inspector").await?,
        };
        match topology::waiting(&link.channel, &self.settings, feed.into()).await {
            Ok(count) => {
                *kept = Some(link);
                Ok(count)
            }
            Err(error) => {
                link.close().await;
                Err(error)
            }
        }
    }

    /// Says goodbye to the broker.
    pub async fn close(self) {
        if let Some(link) = self.link.into_inner() {
            link.close().await;
        }
    }
}
