//! Hints through a broker that works: published, consumed, paused, drained, and refused when they are garbage.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;

use hookyard_queue::{
    Broker, ConsumerState, Feed, Message, POINTERS_PER_MESSAGE_MAX, Pointer, Queue, Undecodable,
};
use hookyard_testkit::servers::test_env;
use lapin::{
    BasicProperties,
    options::{BasicPublishOptions, QueueDeleteOptions},
    types::FieldTable,
};

use support::{Yard, events, handed_back, publish, reaches, receive, soon, sorted, subjects, sync};

fn yard() -> Yard {
    Yard::new(test_env().amqp_url)
}

#[tokio::test(flavor = "multi_thread")]
async fn offered_events_arrive_packed_and_each_once() {
    let yard = yard();
    let (publisher, _unconfirmed) = yard.publisher().await;
    let published = events(1_000);
    publisher.offer(published.clone());
    let mut consumer = yard.consumer(Queue::Events, 16).await;
    let mut ids = Vec::new();
    let mut messages = 0;
    while ids.len() < published.len() {
        let message = soon(consumer.next()).await.unwrap();
        ids.extend(message.pointers.clone().unwrap());
        messages += 1;
        assert!(message.ack().await);
    }
    assert_eq!(sorted(ids), subjects(&published));
    assert!(messages <= published.len() / POINTERS_PER_MESSAGE_MAX + 8, "{messages} messages");
    yard.waiting(Queue::Events, 0).await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn confirmed_publications_lie_in_their_queues() {
    let yard = yard();
    let (publisher, _unconfirmed) = yard.publisher().await;
    let mut published = events(300);
    published.extend([sync(), sync()]);
    publisher.publish_confirmed(published.clone()).await.unwrap();
    yard.waiting(Queue::Events, 3).await;
    yard.waiting(Queue::Syncs, 2).await;
    let mut syncs = yard.consumer(Queue::Syncs, 1).await;
    assert_eq!(receive(&mut syncs, 2).await, subjects(&published[300..]));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_route_is_handed_back_and_the_route_is_declared_again() {
    let yard = yard();
    let (publisher, mut unconfirmed) = yard.publisher().await;
    let (_connection, raw) = yard.raw().await;
    raw.queue_unbind(
        yard.name("events").into(),
        yard.prefix.as_str().into(),
        "events".into(),
        FieldTable::default(),
    )
    .await
    .unwrap();
    let lost = events(200);
    publisher.offer(lost.clone());
    let mut missing: HashSet<_> = subjects(&lost).into_iter().collect();
    for pointer in soon(unconfirmed.recv()).await.unwrap() {
        missing.remove(&pointer.subject());
    }
    assert!(missing.len() < lost.len(), "something came back");
    // What had not been sent by then goes out over the new route, or comes back as well.
    let mut consumer = yard.consumer(Queue::Events, 4).await;
    while !missing.is_empty() {
        let ids = tokio::select! {
            pointers = soon(unconfirmed.recv()) => pointers.unwrap().into_iter().map(Pointer::subject).collect(),
            message = soon(consumer.next()) => message.unwrap().pointers.clone().unwrap(),
        };
        missing.retain(|id| !ids.contains(id));
    }
    soon(publish(&publisher, &lost)).await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_survives_the_deletion_of_its_queue() {
    let yard = yard();
    let (publisher, _unconfirmed) = yard.publisher().await;
    let mut consumer = yard.consumer(Queue::Events, 4).await;
    let (_connection, raw) = yard.raw().await;
    let mut states = consumer.states();
    raw.queue_delete(yard.name("events").into(), QueueDeleteOptions::default()).await.unwrap();
    reaches(&mut states, |state| *state == ConsumerState::Disconnected).await;
    reaches(&mut states, |state| *state == ConsumerState::Consuming).await;
    let published = events(5);
    publisher.publish_confirmed(published.clone()).await.unwrap();
    assert_eq!(receive(&mut consumer, 5).await, subjects(&published));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_delivered_as_such_and_harms_nothing_after_it() {
    let yard = yard();
    let (publisher, _unconfirmed) = yard.publisher().await;
    let (_connection, raw) = yard.raw().await;
    let garbage = b"\xff\x00{\"kind\":".as_slice();
    raw.basic_publish(
        yard.prefix.as_str().into(),
        "events".into(),
        BasicPublishOptions::default(),
        garbage,
        BasicProperties::default(),
    )
    .await
    .unwrap();
    let mut consumer = yard.consumer(Queue::Events, 4).await;
    let message = soon(consumer.next()).await.unwrap();
    assert!(matches!(message.pointers, Err(Undecodable::Malformed { .. })));
    assert_eq!(message.raw, garbage);
    assert!(message.ack().await);
    let published = events(1);
    publisher.offer(published.clone());
    assert_eq!(receive(&mut consumer, 1).await, subjects(&published));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_handed_out_too_often_is_found_in_the_dead_letter_queue_with_its_origin() {
    let yard = yard();
    let (publisher, _unconfirmed) = yard.publisher().await;
    let published = events(1);
    publisher.publish_confirmed(published.clone()).await.unwrap();
    let mut dead = yard.consumer(Feed::Dead, 4).await;
    let mut consumer = yard.consumer(Queue::Events, 1).await;
    let letter = soon(async {
        loop {
            tokio::select! {
                Some(message) = consumer.next() => assert!(message.requeue().await),
                Some(letter) = dead.next() => return letter,
            }
        }
    })
    .await;
    assert_eq!(letter.queue, Some(Queue::Events));
    assert_eq!(letter.pointers.clone().unwrap(), subjects(&published));
    assert!(letter.ack().await);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_gives_back_what_nobody_took_and_a_resume_loses_nothing() {
    let yard = yard();
    let (publisher, _unconfirmed) = yard.publisher().await;
    let mut consumer = yard.consumer(Queue::Syncs, 8).await;
    let published = [sync(), sync(), sync(), sync(), sync()];
    publisher.publish_confirmed(published.to_vec()).await.unwrap();
    let taken = soon(consumer.next()).await.unwrap();
    consumer.pause();
    reaches(&mut consumer.states(), |state| *state == ConsumerState::Paused).await;
    yard.waiting(Queue::Syncs, 4).await;
    assert!(futures_util::FutureExt::now_or_never(consumer.next()).is_none());
    let mut ids = taken.pointers.clone().unwrap();
    assert!(taken.ack().await, "what was taken can be acknowledged during a pause");
    consumer.resume();
    ids.extend(receive(&mut consumer, 4).await);
    assert_eq!(sorted(ids), subjects(&published));
    yard.waiting(Queue::Syncs, 0).await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_message_goes_back_to_its_queue() {
    let yard = yard();
    let (publisher, _unconfirmed) = yard.publisher().await;
    let mut consumer = yard.consumer(Queue::Events, 1).await;
    let published = events(1);
    publisher.publish_confirmed(published.clone()).await.unwrap();
    drop(soon(consumer.next()).await.unwrap());
    let again = soon(consumer.next()).await.unwrap();
    assert!(again.redelivered);
    assert_eq!(again.pointers.clone().unwrap(), subjects(&published));
    assert!(again.ack().await);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_leaves_in_the_queue_exactly_what_was_not_taken() {
    let yard = yard();
    let (publisher, _unconfirmed) = yard.publisher().await;
    let published: Vec<_> = std::iter::repeat_with(sync).take(30).collect();
    publisher.publish_confirmed(published.clone()).await.unwrap();
    let mut consumer = yard.consumer(Queue::Syncs, 10).await;
    let mut taken = Vec::new();
    for _ in 0..5 {
        taken.push(soon(consumer.next()).await.unwrap());
    }
    yard.stop.trigger();
    assert!(consumer.next().await.is_none());
    let worked_on =
        taken.iter().flat_map(|message| message.pointers.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(Message::ack_all(taken).await, 5, "acknowledgements arrive during the stop");
    let yard = yard.stop_all().await;
    yard.waiting(Queue::Syncs, 25).await;
    let mut consumer = yard.consumer(Queue::Syncs, 10).await;
    let rest = receive(&mut consumer, 25).await;
    assert_eq!(sorted([worked_on, rest].concat()), subjects(&published));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_publishes_what_still_waits() {
    let yard = yard();
    let (publisher, mut unconfirmed) = yard.publisher().await;
    let published = events(10_000);
    publisher.offer(published.clone());
    let yard = yard.stop_all().await;
    publisher.offer(events(1));
    handed_back(&mut unconfirmed, 1).await;
    assert!(unconfirmed.try_recv().is_err(), "nothing but the late offer came back");
    let mut consumer = yard.consumer(Queue::Events, 16).await;
    assert_eq!(receive(&mut consumer, 10_000).await, subjects(&published));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_is_handed_back() {
    let yard = yard();
    let (publisher, mut unconfirmed) = yard.publisher().await;
    let published = events(100_000);
    // One call fills the lane faster than it can be emptied.
    publisher.offer(published.clone());
    let refused = soon(unconfirmed.recv()).await.unwrap().len();
    assert!(refused > 0 && refused < published.len(), "{refused} refused");
    let mut consumer = yard.consumer(Queue::Events, 64).await;
    receive(&mut consumer, published.len() - refused).await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inspector_finds_a_deleted_queue_again() {
    let yard = yard();
    let broker = Broker::new(yard.settings.clone());
    assert_eq!(broker.waiting(Queue::Deliveries).await.unwrap(), 0);
    let (_connection, raw) = yard.raw().await;
    raw.queue_delete(yard.name("deliveries").into(), QueueDeleteOptions::default()).await.unwrap();
    assert!(broker.waiting(Queue::Deliveries).await.is_err());
    assert_eq!(broker.waiting(Queue::Deliveries).await.unwrap(), 0);
    broker.close().await;
    yard.close().await;
}
