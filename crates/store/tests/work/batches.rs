//! Batches that overlap, on several connections at once.

use std::collections::HashSet;
use std::sync::Arc;

use hookyard_domain::ids::EventId;
use hookyard_store::ingest::{Arrival, Recorded};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::support::{GRACE_MS, Yard, sha};

const CONNECTIONS: usize = 3;
const ROUNDS: usize = 60;
const BATCH: usize = 40;

/// The same calls for every connection, in another order for each, with event ids of its own.
fn shuffled(batch: &[Arrival], connection: usize) -> Vec<Arrival> {
    let mut copy: Vec<Arrival> =
        batch.iter().map(|it| Arrival { event: EventId(Uuid::now_v7()), ..it.clone() }).collect();
    match connection % 3 {
        0 => {}
        1 => copy.reverse(),
        _ => copy.sort_by_key(|_| Uuid::new_v4()),
    }
    copy
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_batches_never_deadlock_and_record_each_call_once() {
    let mut yard = Yard::new().await;
    let start = Arc::new(Barrier::new(CONNECTIONS));
    let rounds: Arc<Vec<Vec<Arrival>>> = Arc::new(
        (0..ROUNDS)
            .map(|round| {
                let head = sha(char::from(b'a' + u8::try_from(round % 6).unwrap()));
                let mut batch: Vec<Arrival> = (0..BATCH).map(|_| yard.push(&head)).collect();
                // Some share their bodies, so that the hashes' keys overlap as well.
                for n in (1..BATCH).step_by(4) {
                    batch[n].body_key = batch[n - 1].body_key;
                }
                batch
            })
            .collect(),
    );
    let mut recording = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let committer = yard.committer().await;
        let (rounds, start) = (Arc::clone(&rounds), Arc::clone(&start));
        recording.spawn(async move {
            let mut first: Vec<[u8; 16]> = Vec::new();
            for batch in rounds.iter() {
                let batch = shuffled(batch, connection);
                start.wait().await;
                let recorded = committer.record(&batch, GRACE_MS).await.expect("no deadlock");
                first.extend(
                    batch
                        .iter()
                        .zip(recorded)
                        .filter(|(_, recorded)| *recorded != Recorded::Duplicate)
                        .filter_map(|(arrival, _)| arrival.id_key),
                );
            }
            first
        });
    }
    let first: Vec<[u8; 16]> = recording.join_all().await.into_iter().flatten().collect();
    assert_eq!(first.len(), ROUNDS * BATCH, "each call was new to exactly one connection");
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), first.len());
    let recorded = i64::try_from(first.len()).unwrap();
    assert_eq!(yard.count("select count(*) from event").await, recorded);
    assert_eq!(
        yard.count("select count(distinct provider_delivery_id) from event").await,
        recorded
    );
    // A quarter of them has the body of another.
    let replays = "select count(*) from event where outcome = 'replay'";
    assert_eq!(yard.count(replays).await, recorded / 4);
    let routed = "select count(*) from job where kind = 'event'";
    assert_eq!(yard.count(routed).await, 0, "the syncs of a push are its work");
    let promised = "select count(*) from sync_event where (status = 'queued')
                       <> exists (select 1 from job where subject_id = sync_event.id and kind = 'sync')";
    assert_eq!(yard.count(promised).await, 0, "a sync has a job exactly while it is queued");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_that_come_at_once_are_one_event() {
    const COPIES: usize = 60;
    let mut yard = Yard::new().await;
    let push = yard.push(&sha('a'));
    let start = Arc::new(Barrier::new(6));
    let mut recording = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let committer = yard.committer().await;
        let (push, start) = (push.clone(), Arc::clone(&start));
        recording.spawn(async move {
            let mut new = 0;
            for _ in 0..COPIES / 6 {
                let copy = Arrival { event: EventId(Uuid::now_v7()), ..push.clone() };
                start.wait().await;
                let recorded = committer.record(&[copy], GRACE_MS).await.unwrap();
                new += usize::from(recorded != [Recorded::Duplicate]);
            }
            new
        });
    }
    assert_eq!(recording.join_all().await.into_iter().sum::<usize>(), 1);
    assert_eq!(yard.count("select count(*) from event").await, 1);
    assert_eq!(yard.jobs().await, 1);
}
