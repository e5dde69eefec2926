//! What is counted: each end once, each arrival once, however often and by however many it is counted.

use hookyard_domain::sync_event::SyncReason;
use hookyard_domain::tally::Metric;
use hookyard_store::rollups::{self, Span};
use hookyard_store::sync_events::{End, Spent, end, park};
use hookyard_store::tallies;
use jiff::Timestamp;

use crate::support::{Yard, sha};

async fn counted(yard: &Yard, bucket_s: i32) -> Vec<(Metric, i64)> {
    let span = Span { since: Timestamp::UNIX_EPOCH, bucket_s };
    let found = rollups::counted(&yard.owner().await, yard.workspace, span).await.unwrap();
    found.iter().map(|it| (it.metric, it.count)).collect()
}

async fn fold(yard: &Yard) -> Option<i64> {
    tallies::fold(&mut yard.worker().await).await.unwrap()
}

#[tokio::test]
async fn a_sync_is_counted_when_it_ends_and_not_before() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push(&sha('a')).await;
    let (lease, work) = yard.start(sync).await;
    let _held = park(&mut yard.worker().await, &lease, &work, 0, Spent::default()).await.unwrap();
    assert_eq!(fold(&yard).await, Some(0));
    yard.run("update job set due_at = now() where kind = 'sync'").await;
    let (lease, work) = yard.start(sync).await;
    let ignored = End::Ignored { reason: SyncReason::Disconnected, target: None, recheck_ms: None };
    let _held = end(&mut yard.worker().await, &lease, &work, &ignored, 0).await.unwrap();
    assert_eq!(fold(&yard).await, Some(1));
    assert_eq!(fold(&yard).await, Some(0));
    for bucket_s in [60, 900, 3600] {
        assert_eq!(counted(&yard, bucket_s).await, [(Metric::SyncIgnored, 1)], "{bucket_s}");
    }
}

#[tokio::test]
async fn arrivals_are_counted_once_and_only_those_that_are_surely_recorded() {
    let mut yard = Yard::new().await;
    yard.queue_push(&sha('a')).await;
    let count = async || tallies::count_arrivals(&mut yard.worker().await).await.unwrap();
    assert_eq!(count().await, Some(0), "it may not be the only one of its moment yet");
    yard.run(
        "insert into event_workspace (workspace_id, event_id)
         select id, uuid_v7(now() - n * interval '1 minute') from workspace, generate_series(1, 3) n",
    )
    .await;
    yard.run("update arrivals_counted set up_to = uuid_v7(now() - interval '1 hour')").await;
    assert_eq!(count().await, Some(3));
    assert_eq!(count().await, Some(0));
    fold(&yard).await;
    let minutes = counted(&yard, 60).await;
    assert_eq!(minutes, [(Metric::Arrived, 1); 3]);
}

#[tokio::test]
async fn workers_that_fold_at_once_lose_and_double_nothing() {
    let yard = Yard::new().await;
    yard.run(
        "insert into tally (workspace_id, metric, count)
         select id, 'delivery_delivered', 1 from workspace, generate_series(1, 2000)",
    )
    .await;
    let fold = async || {
        for _ in 0..3 {
            tallies::fold(&mut yard.worker().await).await.unwrap();
        }
    };
    tokio::join!(fold(), fold(), fold());
    assert_eq!(counted(&yard, 3600).await, [(Metric::DeliveryDelivered, 2000)]);
}
