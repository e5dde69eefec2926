//! What the tests share: names of their own in a broker, a raw channel, and patience.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{collections::HashSet, time::Duration};

use hookyard_domain::ids::{EventId, InstanceId, SyncEventId, TargetId};
use hookyard_process::{Stop, Tasks};
use hookyard_queue::{
    Broker, BrokerSettings, Consumer, ConsumerState, Feed, Pointer, Publication, Publisher, Queue,
    SyncMessage,
};
use hookyard_testkit::gateway::until;
use lapin::{Channel, Connection, ConnectionProperties, options::QueueDeleteOptions};
use secrecy::SecretString;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use uuid::Uuid;

/// How long a condition may take to come true before the test has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A corner of a broker with names of its own.
pub(crate) struct Yard {
    pub(crate) settings: BrokerSettings,
    pub(crate) prefix: String,
    pub(crate) stop: Stop,
    pub(crate) tasks: Tasks,
    url: String,
}

impl Yard {
    pub(crate) fn new(url: String) -> Self {
        let prefix = format!("test-{}", Uuid::new_v4().simple());
        let settings = BrokerSettings::new(SecretString::from(url.clone()), &prefix).unwrap();
        let stop = Stop::new();
        Self { settings, prefix, tasks: Tasks::new(stop.clone()), stop, url }
    }

    /// A publisher that is connected, and the pointers that it hands back.
    pub(crate) async fn publisher(&self) -> (Publisher, mpsc::Receiver<Vec<Pointer>>) {
        let (unconfirmed_in, unconfirmed) = mpsc::channel(1_024);
        let publisher =
            Publisher::start(self.settings.clone(), unconfirmed_in, &self.tasks, self.stop.clone());
        reaches(&mut publisher.connected(), |connected| *connected).await;
        (publisher, unconfirmed)
    }

    /// A consumer that is connected.
    pub(crate) async fn consumer(&self, feed: impl Into<Feed>, prefetch: u16) -> Consumer {
        let consumer =
            Consumer::start(self.settings.clone(), feed, prefetch, &self.tasks, self.stop.clone());
        reaches(&mut consumer.states(), |state| *state == ConsumerState::Consuming).await;
        consumer
    }

    pub(crate) fn name(&self, queue: &str) -> String {
        format!("{}.{queue}", self.prefix)
    }

    /// A channel that knows nothing of this crate.
    pub(crate) async fn raw(&self) -> (Connection, Channel) {
        let connection =
            Connection::connect(&self.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    /// Waits until so many messages lie in a queue.
    pub(crate) async fn waiting(&self, feed: impl Into<Feed>, expected: u32) {
        let broker = Broker::new(self.settings.clone());
        let feed = feed.into();
        let counted = async || broker.waiting(feed).await.unwrap() == expected;
        until(&format!("{expected} messages wait in {}", feed.as_str()), PATIENCE, counted).await;
        broker.close().await;
    }

    /// Stops everything, and all tasks end in time. The same corner, ready for new tasks.
    pub(crate) async fn stop_all(self) -> Self {
        self.stop.trigger();
        assert!(self.tasks.drain(PATIENCE).await, "the tasks did not end");
        assert!(!self.stop.has_failed(), "a task panicked");
        let stop = Stop::new();
        Self { tasks: Tasks::new(stop.clone()), stop, ..self }
    }

    /// Stops everything and leaves nothing in the broker.
    pub(crate) async fn close(self) {
        let yard = self.stop_all().await;
        yard.delete_all().await;
    }

    async fn delete_all(&self) {
        let (connection, channel) = self.raw().await;
        for queue in Queue::ALL.iter().map(|queue| queue.as_str()).chain(["dead"]) {
            channel
                .queue_delete(self.name(queue).into(), QueueDeleteOptions::default())
                .await
                .unwrap();
        }
        for exchange in [self.prefix.clone(), self.name("dead")] {
            channel
                .exchange_delete(exchange.into(), lapin::options::ExchangeDeleteOptions::default())
                .await
                .unwrap();
        }
        connection.close(200, "bye".into()).await.unwrap();
    }
}

/// Waits until a watched value is as wanted.
pub(crate) async fn reaches<T>(watched: &mut watch::Receiver<T>, wanted: impl FnMut(&T) -> bool) {
    timeout(PATIENCE, watched.wait_for(wanted))
        .await
        .expect("the state was not reached")
        .expect("watched");
}

/// Awaits what must happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it did not happen")
}

/// So many different events.
pub(crate) fn events(count: usize) -> Vec<Publication> {
    (0..count).map(|_| Publication::Event(EventId(Uuid::now_v7()))).collect()
}

/// A sync of some target.
pub(crate) fn sync() -> Publication {
    Publication::Sync(Box::new(SyncMessage {
        connector_type: "github".to_owned(),
        connector_instance_id: InstanceId(Uuid::now_v7()),
        connector_target_id: TargetId(Uuid::now_v7()),
        connector_sync_event_id: SyncEventId(Uuid::now_v7()),
        delivery_id: None,
        installation_id: 1,
        repository_id: 2,
        repository_full_name: "octo/skills".to_owned(),
        git_ref: "refs/heads/main".to_owned(),
        head_sha: Some("6dcb09b5b57875f334f61aebed695e2e4193db5e".to_owned()),
    }))
}

/// The ids that publications point to, sorted.
pub(crate) fn subjects(publications: &[Publication]) -> Vec<Uuid> {
    sorted(publications.iter().map(|publication| publication.pointer().subject()).collect())
}

pub(crate) fn sorted(mut ids: Vec<Uuid>) -> Vec<Uuid> {
    ids.sort_unstable();
    ids
}

/// Publishes as soon as there is a broker that confirms it.
pub(crate) async fn publish(publisher: &Publisher, publications: &[Publication]) {
    let mut connected = publisher.connected();
    loop {
        reaches(&mut connected, |connected| *connected).await;
        if publisher.publish_confirmed(publications.to_vec()).await.is_ok() {
            return;
        }
    }
}

/// Receives and acknowledges until so many different pointers have come.
pub(crate) async fn receive(consumer: &mut Consumer, count: usize) -> Vec<Uuid> {
    let mut ids = Vec::new();
    while ids.len() < count {
        let message = soon(consumer.next()).await.expect("not stopped");
        ids.extend(message.pointers.clone().unwrap());
        message.ack().await;
        ids = sorted(ids);
        ids.dedup();
    }
    ids
}

/// Receives and acknowledges until all `wanted` have come, perhaps with others.
pub(crate) async fn receive_all(consumer: &mut Consumer, wanted: &[Uuid]) {
    let mut missing: HashSet<Uuid> = wanted.iter().copied().collect();
    while !missing.is_empty() {
        let message = soon(consumer.next()).await.expect("not stopped");
        for id in message.pointers.as_ref().unwrap() {
            missing.remove(id);
        }
        message.ack().await;
    }
}

/// Collects what a publisher hands back until so many different pointers have come.
pub(crate) async fn handed_back(
    unconfirmed: &mut mpsc::Receiver<Vec<Pointer>>,
    count: usize,
) -> Vec<Uuid> {
    let mut ids = Vec::new();
    while ids.len() < count {
        let pointers = soon(unconfirmed.recv()).await.expect("the publisher runs");
        ids.extend(pointers.into_iter().map(Pointer::subject));
        ids = sorted(ids);
        ids.dedup();
    }
    ids
}
