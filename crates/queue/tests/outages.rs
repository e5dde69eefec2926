//! Hints through a broker that dies, or raises an alarm. Each test has a broker of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;

use hookyard_queue::{ConsumerState, Pointer, Queue};
use hookyard_testkit::servers::{RabbitMq, RabbitMqConfig, find};

use support::{Yard, events, handed_back, publish, reaches, receive, receive_all, soon, subjects};

struct OwnBroker {
    rabbit: RabbitMq,
    yard: Yard,
    _dir: tempfile::TempDir,
}

impl OwnBroker {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let tools = find::rabbitmq().expect("RabbitMQ is installed");
        let config = RabbitMqConfig { dir: dir.path().join("rabbitmq"), tools };
        let rabbit = RabbitMq::start(config).await.unwrap();
        let yard = Yard::new(rabbit.url());
        Self { rabbit, yard, _dir: dir }
    }

    async fn close(mut self) {
        self.yard.close().await;
        self.rabbit.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_is_found_again_and_nothing_confirmed_is_lost() {
    survives(async |rabbit| rabbit.kill9().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_broker_is_found_again_and_nothing_confirmed_is_lost() {
    survives(async |rabbit| rabbit.stop().await).await;
}

async fn survives(end: impl AsyncFnOnce(&mut RabbitMq) -> anyhow::Result<()>) {
    let mut own = OwnBroker::start().await;
    let (publisher, mut unconfirmed) = own.yard.publisher().await;
    let mut consumer = own.yard.consumer(Queue::Events, 8).await;
    let (mut connected, mut states) = (publisher.connected(), consumer.states());
    consumer.pause();
    reaches(&mut states, |state| *state == ConsumerState::Paused).await;
    let published = events(500);
    publisher.publish_confirmed(published.clone()).await.unwrap();

    end(&mut own.rabbit).await.unwrap();
    reaches(&mut connected, |connected| !*connected).await;
    reaches(&mut states, |state| *state == ConsumerState::Disconnected).await;
    let refused = events(3);
    publisher.offer(refused.clone());
    assert_eq!(handed_back(&mut unconfirmed, 3).await, subjects(&refused));
    let error = publisher.publish_confirmed(refused.clone()).await.unwrap_err();
    assert_eq!(error.pointers.len(), 3);

    own.rabbit.start_again().await.unwrap();
    reaches(&mut connected, |connected| *connected).await;
    consumer.resume();
    assert_eq!(receive(&mut consumer, 500).await, subjects(&published));
    soon(publish(&publisher, &refused)).await;
    assert_eq!(receive(&mut consumer, 3).await, subjects(&refused));
    own.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publications_in_flight_when_the_broker_dies_arrive_or_are_handed_back() {
    let mut own = OwnBroker::start().await;
    let (publisher, mut unconfirmed) = own.yard.publisher().await;
    let published = events(16_000);
    publisher.offer(published.clone());
    own.rabbit.kill9().await.unwrap();
    reaches(&mut publisher.connected(), |connected| !*connected).await;
    own.rabbit.start_again().await.unwrap();
    reaches(&mut publisher.connected(), |connected| *connected).await;
    soon(publish(&publisher, &events(1))).await;

    let mut back = HashSet::new();
    while let Ok(pointers) = unconfirmed.try_recv() {
        back.extend(pointers.into_iter().map(Pointer::subject));
    }
    let mut confirmed = subjects(&published);
    confirmed.retain(|id| !back.contains(id));
    let mut consumer = own.yard.consumer(Queue::Events, 64).await;
    receive_all(&mut consumer, &confirmed).await;
    own.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_memory_alarm_publishing_stops_without_hanging_and_comes_back() {
    let own = OwnBroker::start().await;
    let (publisher, mut unconfirmed) = own.yard.publisher().await;
    let mut consumer = own.yard.consumer(Queue::Events, 8).await;
    let mut connected = publisher.connected();

    own.rabbit.ctl(&["set_vm_memory_high_watermark", "0"]).await.unwrap();
    let stuck = events(10);
    publisher.offer(stuck.clone());
    reaches(&mut connected, |connected| !*connected).await;
    let refused = events(1);
    publisher.offer(refused.clone());
    let back = handed_back(&mut unconfirmed, 11).await;
    assert_eq!(back, subjects(&[stuck.clone(), refused].concat()));

    own.rabbit.ctl(&["set_vm_memory_high_watermark", "0.4"]).await.unwrap();
    reaches(&mut connected, |connected| *connected).await;
    let published = events(2);
    soon(publish(&publisher, &published)).await;
    // What was stuck may have got through after all.
    receive_all(&mut consumer, &subjects(&published)).await;
    own.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_a_memory_alarm_does_not_hang() {
    let own = OwnBroker::start().await;
    let (publisher, mut unconfirmed) = own.yard.publisher().await;
    own.rabbit.ctl(&["set_vm_memory_high_watermark", "0"]).await.unwrap();
    let stuck = events(10);
    publisher.offer(stuck.clone());
    reaches(&mut publisher.connected(), |connected| !*connected).await;
    let own = OwnBroker { yard: own.yard.stop_all().await, ..own };
    assert_eq!(handed_back(&mut unconfirmed, 10).await, subjects(&stuck));
    own.rabbit.ctl(&["set_vm_memory_high_watermark", "0.4"]).await.unwrap();
    own.close().await;
}
