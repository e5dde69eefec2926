//! One connection with one channel, and the waits between connections.

use std::time::Duration;

use backoff::{SystemClock, backoff::Backoff, exponential::ExponentialBackoff};
use futures_util::{StreamExt, stream::BoxStream};
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::time::Instant;

use crate::{
    error::{BrokerError, within},
    settings::{BrokerSettings, CONNECT_TIMEOUT},
    topology,
};

/// How long a polite goodbye may take. The broker answers none while an alarm lasts.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// How long the broker may take to open a channel.
const CHANNEL_LIMIT: Duration = Duration::from_secs(5);

/// Shortest and longest wait between two connections, in milliseconds.
const WAIT_MS_MIN: u64 = 100;
const WAIT_MS_MAX: u64 = 15_000;
/// A connection that lived this long was a good one: the next wait is short again.
const GOOD_LIFE: Duration = Duration::from_secs(10);

/// An open connection with an open channel and the whole topology declared.
pub(crate) struct Link {
    connection: Connection,
    pub(crate) channel: Channel,
}

impl Link {
    /// Connects and declares. `name` is what an operator sees in the broker's list of connections.
    pub(crate) async fn open(settings: &BrokerSettings, name: &str) -> Result<Self, BrokerError> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connecting = Connection::connect_uri(settings.uri(), properties);
        let connection = within(CONNECT_TIMEOUT, "connect", connecting).await?;
        let channel = within(CHANNEL_LIMIT, "open a channel", connection.create_channel()).await?;
        topology::declare(&channel, settings).await?;
        Ok(Self { connection, channel })
    }

    /// What happens to the connection from now on: blocked, unblocked, lost.
    pub(crate) fn events(&self) -> BoxStream<'static, Event> {
        self.connection.events_listener().boxed()
    }

    /// Whether the broker has said that it reads no publications at present.
    pub(crate) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Says goodbye if the broker listens; drops the connection either way.
    pub(crate) async fn close(self) {
        let goodbye = self.connection.close(200, "bye".into());
        if let Err(error) = within(CLOSE_LIMIT, "close the connection", goodbye).await {
            tracing::debug!(%error, "the connection to RabbitMQ was dropped without a goodbye");
        }
    }
}

/// The waits between connections: full jitter under a bound that doubles.
pub(crate) struct Waits {
    backoff: ExponentialBackoff<SystemClock>,
    opened: Option<Instant>,
}

impl Waits {
    pub(crate) fn new() -> Self {
        // The crate draws from interval +- interval * factor. With the factor 1 that is full jitter under
        // twice the interval.
        let mut backoff = ExponentialBackoff {
            initial_interval: Duration::from_millis(WAIT_MS_MIN),
            max_interval: Duration::from_millis(WAIT_MS_MAX / 2),
            multiplier: 2.0,
            randomization_factor: 1.0,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        backoff.reset();
        Self { backoff, opened: None }
    }

    /// A connection opened. Whether it was worth it shows when it ends.
    pub(crate) fn opened(&mut self) {
        self.opened = Some(Instant::now());
    }

    /// The wait before the next connection.
    pub(crate) fn next(&mut self) -> Duration {
        if self.opened.take().is_some_and(|opened| opened.elapsed() >= GOOD_LIFE) {
            self.backoff.reset();
        }
        let longest = Duration::from_millis(WAIT_MS_MAX);
        let wait = self.backoff.next_backoff().unwrap_or(longest);
        wait.clamp(Duration::from_millis(WAIT_MS_MIN), longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_between_a_tenth_of_a_second_and_fifteen_seconds() {
        let mut waits = Waits::new();
        let first = waits.next();
        assert!(first <= Duration::from_millis(2 * WAIT_MS_MIN), "{first:?}");
        for _ in 0..1_000 {
            let wait = waits.next();
            assert!(
                (WAIT_MS_MIN..=WAIT_MS_MAX).contains(&u64::try_from(wait.as_millis()).unwrap()),
                "{wait:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_lived_makes_the_next_wait_short_again() {
        let mut waits = Waits::new();
        for _ in 0..20 {
            waits.next();
        }
        waits.opened();
        tokio::time::advance(GOOD_LIFE).await;
        assert!(waits.next() <= Duration::from_millis(2 * WAIT_MS_MIN));
    }
}
