//! Putting pointers into the broker as the processes do.

use std::time::Duration;

use anyhow::{Result, ensure};
use hookyard_process::{Stop, Tasks};
use hookyard_queue::{Broker, BrokerSettings, Publication, Publisher, Queue};
use hookyard_testkit::servers::wait;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::house::House;

const PUBLISHED_AT_ONCE: usize = 25_600;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const DRAIN_LIMIT: Duration = Duration::from_secs(20);

/// Publishes everything, confirmed; returns the messages that wait in `queue` afterwards.
pub(super) async fn publish(
    house: &House,
    queue: Queue,
    publications: Vec<Publication>,
) -> Result<u32> {
    let settings =
        BrokerSettings::new(SecretString::from(house.servers.rabbitmq.url()), "hookyard")?;
    let stop = Stop::new();
    let tasks = Tasks::new(stop.clone());
    let (unconfirmed, _nobody_listens) = mpsc::channel(1);
    let publisher = Publisher::start(settings.clone(), unconfirmed, &tasks, stop.clone());
    let connected = wait::until(CONNECT_LIMIT, || publisher.is_connected()).await;
    ensure!(connected, "no connection to RabbitMQ within {CONNECT_LIMIT:?}");
    for some in publications.chunks(PUBLISHED_AT_ONCE) {
        publisher.publish_confirmed(some.to_vec()).await?;
    }
    let waiting = Broker::new(settings).waiting(queue).await?;
    stop.trigger();
    tasks.drain(DRAIN_LIMIT).await;
    Ok(waiting)
}
