//! Hints over a network that cuts connections and swallows what is sent.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;

use hookyard_queue::{ConsumerState, Queue};
use hookyard_testkit::{
    proxy::{Proxy, Weather},
    servers::test_env,
};

use support::{Yard, events, handed_back, publish, reaches, receive, receive_all, soon, subjects};

/// The tests' broker behind a proxy, with a heartbeat of a second.
async fn yard_behind_proxy() -> (Yard, Proxy) {
    let url = test_env().amqp_url;
    let (login, place) = url.rsplit_once('@').unwrap();
    let (address, vhost) = place.split_once('/').unwrap_or((place, "%2f"));
    let proxy = Proxy::start(address.parse::<SocketAddr>().unwrap()).await.unwrap();
    let yard = Yard::new(format!("{login}@{}/{vhost}?heartbeat=1", proxy.address()));
    (yard, proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_is_opened_again() {
    let (yard, proxy) = yard_behind_proxy().await;
    let (publisher, _unconfirmed) = yard.publisher().await;
    let mut consumer = yard.consumer(Queue::Events, 4).await;
    let (mut connected, mut states) = (publisher.connected(), consumer.states());
    proxy.cut();
    reaches(&mut connected, |connected| !*connected).await;
    reaches(&mut states, |state| *state == ConsumerState::Disconnected).await;
    let published = events(3);
    soon(publish(&publisher, &published)).await;
    assert_eq!(receive(&mut consumer, 3).await, subjects(&published));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_swallows_everything_is_noticed_on_both_sides() {
    let (yard, proxy) = yard_behind_proxy().await;
    let (publisher, mut unconfirmed) = yard.publisher().await;
    let mut consumer = yard.consumer(Queue::Events, 4).await;
    let (mut connected, mut states) = (publisher.connected(), consumer.states());
    proxy.set(Weather::Blackhole);
    let swallowed = events(5);
    publisher.offer(swallowed.clone());
    reaches(&mut connected, |connected| !*connected).await;
    reaches(&mut states, |state| *state == ConsumerState::Disconnected).await;
    assert_eq!(handed_back(&mut unconfirmed, 5).await, subjects(&swallowed));
    proxy.set(Weather::Clear);
    proxy.cut();
    let published = events(3);
    soon(publish(&publisher, &published)).await;
    // What was swallowed may have got through at the last moment.
    receive_all(&mut consumer, &subjects(&published)).await;
    yard.close().await;
}
