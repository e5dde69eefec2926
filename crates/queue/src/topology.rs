//! The exchange and the queues, declared again by every connection that opens.
//!
//! Only what RabbitMQ 3.10 knows and 4.x kept: durable quorum queues with a delivery limit and a
//! dead-letter exchange. Arguments are part of a queue's identity; changing one here means deleting the
//! queue in brokers that already have it.

use std::time::Duration;

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use crate::{
    error::{BrokerError, within},
    queue::{Feed, Queue},
    settings::BrokerSettings,
};

/// How often the broker may hand out a message before it goes to the dead-letter queue. It guards against
/// a message that kills its consumers, and is no retry counter: jobs are counted in PostgreSQL.
const DELIVERY_LIMIT: i32 = 20;
/// Most messages in the dead-letter queue; beyond it the oldest go. The jobs that they hinted at are in PostgreSQL;
/// of what could not be read nothing is left, but no job depends on a message.
const DEAD_MESSAGES_MAX: i32 = 100_000;
/// How long the broker may take for one declaration. A quorum queue's takes the longest: it elects a leader.
const DECLARE_LIMIT: Duration = Duration::from_secs(10);

/// Declares everything. Harmless where it exists already.
pub(crate) async fn declare(
    channel: &Channel,
    settings: &BrokerSettings,
) -> Result<(), BrokerError> {
    let dead = settings.queue_name(Feed::Dead);
    declare_exchange(channel, settings.exchange(), ExchangeKind::Direct).await?;
    // A fanout of its own, so that a dead letter keeps the routing key that tells its queue.
    declare_exchange(channel, &dead, ExchangeKind::Fanout).await?;
    declare_queue(channel, &dead, &[("x-max-length", AMQPValue::LongInt(DEAD_MESSAGES_MAX))])
        .await?;
    bind(channel, &dead, &dead, "").await?;
    for queue in Queue::ALL {
        let name = settings.queue_name(Feed::Work(*queue));
        let arguments = [
            ("x-delivery-limit", AMQPValue::LongInt(DELIVERY_LIMIT)),
            ("x-dead-letter-exchange", AMQPValue::LongString(dead.as_str().into())),
        ];
        declare_queue(channel, &name, &arguments).await?;
        bind(channel, &name, settings.exchange(), queue.as_str()).await?;
    }
    Ok(())
}

/// How many messages wait in a feed's queue, without those that consumers hold. Fails when the queue is
/// gone, and the broker then closes the channel.
pub(crate) async fn waiting(
    channel: &Channel,
    settings: &BrokerSettings,
    feed: Feed,
) -> Result<u32, BrokerError> {
    let name = settings.queue_name(feed);
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let looked = channel.queue_declare(name.as_str().into(), options, FieldTable::default());
    Ok(within(DECLARE_LIMIT, "look at a queue", looked).await?.message_count())
}

async fn declare_exchange(
    channel: &Channel,
    name: &str,
    kind: ExchangeKind,
) -> Result<(), BrokerError> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let declared = channel.exchange_declare(name.into(), kind, options, FieldTable::default());
    within(DECLARE_LIMIT, "declare an exchange", declared).await
}

async fn declare_queue(
    channel: &Channel,
    name: &str,
    arguments: &[(&str, AMQPValue)],
) -> Result<(), BrokerError> {
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let mut table = FieldTable::default();
    table.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    for (key, value) in arguments {
        table.insert((*key).into(), value.clone());
    }
    let declared = channel.queue_declare(name.into(), options, table);
    within(DECLARE_LIMIT, "declare a queue", declared).await?;
    Ok(())
}

async fn bind(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    key: &str,
) -> Result<(), BrokerError> {
    let bound = channel.queue_bind(
        queue.into(),
        exchange.into(),
        key.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    within(DECLARE_LIMIT, "bind a queue", bound).await
}
