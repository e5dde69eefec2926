//! One connection's life as a publisher.
//!
//! A pointer that follows a quiet time leaves at once. Then its queue rests for a few milliseconds, in which more
//! pointers gather and share the next message: what the broker's disk costs is paid by the message. So at low load
//! nothing waits, and at high load messages are full.
//!
//! lapin hands a returned message to whichever confirmation resolves next, so a return does not tell which
//! publication was unroutable. Any return therefore makes everything in flight unconfirmed.

use std::{collections::HashMap, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use hookyard_process::Stop;
use lapin::{BasicProperties, Channel, Confirmation, Event, options::BasicPublishOptions};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    lanes::{Exits, UnconfirmedSink},
    parcel::Parcel,
    rest::{Rest, Rests},
};
use crate::{
    error::{BrokerError, within},
    link::Link,
    message::POINTERS_PER_MESSAGE_MAX,
    metrics,
    queue::Queue,
    settings::BrokerSettings,
};

/// The link's name in metrics.
pub(crate) const LINK: &str = "publisher";
/// How long the broker may take to confirm a publication.
pub(crate) const CONFIRM_LIMIT: Duration = Duration::from_secs(10);
/// Most messages in flight that carry one sync each. lapin's own queue has no bound.
const SYNCS_IN_FLIGHT_MAX: usize = 256;
/// Most packed messages in flight. Apart from the syncs, so that a flood of either delays no other.
const PACKED_IN_FLIGHT_MAX: usize = 8;
/// How long a stopping publisher goes on publishing what waits.
const FLUSH_LIMIT: Duration = Duration::from_secs(10);
/// AMQP's word for a message that survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// Why a session gave its connection up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("the connection was lost")]
    Lost(#[source] lapin::Error),
    #[error("a message was returned: its queue is gone")]
    Returned,
    #[error("a message was refused")]
    Refused,
    #[error("a publication was not confirmed")]
    Unconfirmed(#[from] BrokerError),
    #[error("publications got stuck in an alarm of the broker that is over now")]
    StuckInAlarm,
    #[error("what waited could not be published in time before the stop")]
    NotFlushed,
}

type Confirming = BoxFuture<'static, (u64, Result<Confirmation, BrokerError>)>;

pub(crate) struct Session<'a> {
    channel: Channel,
    exchange: &'a str,
    exits: &'a mut Exits,
    unconfirmed: &'a UnconfirmedSink,
    connected: &'a watch::Sender<bool>,
    link: &'a Link,
    confirming: FuturesUnordered<Confirming>,
    in_flight: HashMap<u64, Parcel>,
    packed_in_flight: usize,
    sent: u64,
    /// The broker has raised an alarm and reads nothing from this connection.
    blocked: bool,
    /// A publication timed out under the alarm: what the connection still holds is stale.
    stuck: bool,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        link: &'a Link,
        settings: &'a BrokerSettings,
        exits: &'a mut Exits,
        unconfirmed: &'a UnconfirmedSink,
        connected: &'a watch::Sender<bool>,
    ) -> Self {
        Self {
            channel: link.channel.clone(),
            exchange: settings.exchange(),
            exits,
            unconfirmed,
            connected,
            link,
            confirming: FuturesUnordered::new(),
            in_flight: HashMap::new(),
            packed_in_flight: 0,
            sent: 0,
            blocked: false,
            stuck: false,
        }
    }

    /// Publishes until the connection fails or, after `stop`, until nothing waits any more. Whatever is in
    /// flight at the end is handed back.
    pub(crate) async fn run(mut self, stop: &Stop) -> Result<(), SessionError> {
        let ended = self.publish(stop).await;
        let leftover =
            self.in_flight.drain().map(|(_, parcel)| parcel).filter(|parcel| !parcel.is_awaited());
        self.unconfirmed.hand_over(leftover.flat_map(|parcel| parcel.pointers).collect());
        ended
    }

    async fn publish(&mut self, stop: &Stop) -> Result<(), SessionError> {
        let mut events = self.link.events();
        // The alarm may have been raised before anybody listened.
        self.set_blocked(self.link.is_blocked());
        let mut flush_until = None;
        let mut rests = Rests::over(Instant::now());
        let mut batch = Vec::with_capacity(POINTERS_PER_MESSAGE_MAX);
        let mut deliveries = Vec::with_capacity(POINTERS_PER_MESSAGE_MAX);
        loop {
            if flush_until.is_some() {
                if self.in_flight.is_empty() && self.exits.are_empty() {
                    return Ok(());
                }
                if self.blocked {
                    return Err(SessionError::NotFlushed);
                }
            }
            let syncs_in_flight = self.in_flight.len() - self.packed_in_flight;
            let sync_room = !self.blocked && syncs_in_flight < SYNCS_IN_FLIGHT_MAX;
            let packed_room = !self.blocked && self.packed_in_flight < PACKED_IN_FLIGHT_MAX;
            let now = Instant::now();
            let resting = rests.next_end(now);
            tokio::select! {
                biased;
                Some(event) = events.next() => self.on_event(event)?,
                Some(confirmed) = self.confirming.next() => self.settle(confirmed)?,
                () = stop.stopped(), if flush_until.is_none() => {
                    self.exits.close();
                    flush_until = Some(Instant::now() + FLUSH_LIMIT);
                }
                () = sleep_until(flush_until.unwrap_or_else(Instant::now)), if flush_until.is_some() => {
                    return Err(SessionError::NotFlushed);
                }
                Some(parcel) = self.exits.awaited.recv(), if sync_room && packed_room => self.send(parcel),
                Some(sync) = self.exits.syncs.recv(), if sync_room && rests.syncs.is_over(now) => {
                    self.send(Parcel::of_sync(&sync));
                    rests.syncs = Rest::after(self.exits.syncs.is_empty(), Instant::now());
                }
                1.. = self.exits.events.recv_many(&mut batch, POINTERS_PER_MESSAGE_MAX),
                    if packed_room && rests.events.is_over(now) => {
                    self.send(Parcel::of_events(&batch));
                    batch.clear();
                    rests.events = Rest::after(self.exits.events.is_empty(), Instant::now());
                }
                1.. = self.exits.deliveries.recv_many(&mut deliveries, POINTERS_PER_MESSAGE_MAX),
                    if packed_room && rests.deliveries.is_over(now) => {
                    self.send(Parcel::of_deliveries(&deliveries));
                    deliveries.clear();
                    rests.deliveries = Rest::after(self.exits.deliveries.is_empty(), Instant::now());
                }
                () = sleep_until(resting.unwrap_or(now)), if resting.is_some() => {}
            }
        }
    }

    fn send(&mut self, mut parcel: Parcel) {
        let body = std::mem::take(&mut parcel.body);
        let publishing = publish_one(
            self.channel.clone(),
            self.exchange.to_owned(),
            parcel.queue,
            body,
            parcel.message_id(),
        );
        let number = self.sent;
        self.sent += 1;
        metrics::published_messages(parcel.queue).increment(1);
        if parcel.queue != Queue::Syncs {
            self.packed_in_flight += 1;
        }
        self.in_flight.insert(number, parcel);
        self.confirming.push(publishing.map(move |confirmed| (number, confirmed)).boxed());
    }

    fn on_event(&mut self, event: Event) -> Result<(), SessionError> {
        match event {
            Event::ConnectionBlocked(reason) => {
                tracing::warn!(reason, "RabbitMQ has raised an alarm and takes no publications");
                self.set_blocked(true);
                self.exits.empty_into(self.unconfirmed);
            }
            Event::ConnectionUnblocked if self.stuck => return Err(SessionError::StuckInAlarm),
            Event::ConnectionUnblocked => {
                tracing::info!("RabbitMQ takes publications again");
                self.set_blocked(false);
            }
            Event::Error(error) => return Err(SessionError::Lost(error)),
            Event::Connected | Event::SendFlow(_) | _ => {}
        }
        Ok(())
    }

    fn set_blocked(&mut self, blocked: bool) {
        self.blocked = blocked;
        self.connected.send_replace(!blocked);
        metrics::connected(LINK).set(if blocked { 0.0 } else { 1.0 });
    }

    /// Settles one confirmation together with all that have resolved by now, so that a return is seen
    /// before the publication that it belongs to counts as confirmed.
    fn settle(
        &mut self,
        first: (u64, Result<Confirmation, BrokerError>),
    ) -> Result<(), SessionError> {
        let mut resolved = vec![first];
        while let Some(Some(next)) = self.confirming.next().now_or_never() {
            resolved.push(next);
        }
        let returned = resolved.iter().filter(|(_, confirmed)| is_return(confirmed)).count();
        if returned > 0 {
            metrics::returned_messages().increment(returned as u64);
            return Err(SessionError::Returned);
        }
        let mut failure = None;
        for (number, confirmed) in resolved {
            match confirmed {
                Ok(Confirmation::Ack(_)) => self.confirmed(number),
                Ok(Confirmation::Nack(_) | Confirmation::NotRequested) => {
                    failure = Some(SessionError::Refused);
                }
                Err(_) if self.blocked => self.give_up(number),
                Err(error) => failure = Some(error.into()),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn confirmed(&mut self, number: u64) {
        let Some(parcel) = self.take(number) else { return };
        metrics::confirmed_pointers(parcel.queue).increment(parcel.pointers.len() as u64);
        let caller = parcel.receipt;
        if caller.is_some_and(|receipt| receipt.send(()).is_err()) {
            tracing::trace!("a publication was confirmed after its caller had stopped waiting");
        }
    }

    fn give_up(&mut self, number: u64) {
        self.stuck = true;
        if let Some(parcel) = self.take(number).filter(|parcel| !parcel.is_awaited()) {
            self.unconfirmed.hand_over(parcel.pointers);
        }
    }

    fn take(&mut self, number: u64) -> Option<Parcel> {
        let parcel = self.in_flight.remove(&number)?;
        if parcel.queue != Queue::Syncs {
            self.packed_in_flight -= 1;
        }
        Some(parcel)
    }
}

fn is_return(confirmed: &Result<Confirmation, BrokerError>) -> bool {
    matches!(confirmed, Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))))
}

/// Publishes one message and awaits its confirmation. Writing alone may take forever under an alarm.
async fn publish_one(
    channel: Channel,
    exchange: String,
    queue: Queue,
    body: Vec<u8>,
    message_id: String,
) -> Result<Confirmation, BrokerError> {
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_message_id(message_id.into());
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let publishing = async {
        let key = queue.as_str().into();
        channel.basic_publish(exchange.into(), key, options, &body, properties).await?.await
    };
    within(CONFIRM_LIMIT, "confirm a publication", publishing).await
}
