//! What a gateway leaves in a broker that others use too.

use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{Connection, ConnectionProperties};

const QUEUES: [&str; 4] = ["events", "syncs", "deliveries", "dead"];

/// Deletes the queues and exchanges of this prefix; the processes that used them must have ended.
pub(super) async fn delete(amqp_url: &str, prefix: &str) -> Result<(), lapin::Error> {
    let connection = Connection::connect(amqp_url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in QUEUES {
        let name = format!("{prefix}.{queue}");
        channel.queue_delete(name.into(), QueueDeleteOptions::default()).await?;
    }
    for exchange in [prefix.to_owned(), format!("{prefix}.dead")] {
        channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await?;
    }
    connection.close(200, "bye".into()).await
}
