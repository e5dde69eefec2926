//! Several at once: workers at one lane, fan-outs of one event, a cancellation against a lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hookyard_domain::ids::DeliveryId;
use hookyard_store::deliveries::{Cancelled, cancel};
use hookyard_store::delivery_jobs::{HealthRules, Limits, Work, lease, lease_parked, record};
use hookyard_store::fan_out;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{Yard, delivered};

const WORKERS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_lease_at_once_never_take_more_than_the_places_of_a_lane() {
    const PLACES: i64 = 7;
    const DELIVERIES: usize = 400;
    let yard = Yard::new().await;
    let connection = yard.connect("a", &["*"]).await;
    yard.run("update connection set concurrency_max = 7").await;
    let deliveries = Arc::new(yard.owe(DELIVERIES).await);
    let lane = yard.lane(connection);
    let (held, most) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let left = Arc::new(AtomicI64::new(i64::try_from(DELIVERIES).unwrap()));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let store = yard.worker_store();
        let deliveries = Arc::clone(&deliveries);
        let (held, most, left) = (Arc::clone(&held), Arc::clone(&most), Arc::clone(&left));
        workers.spawn(async move {
            let owner = Uuid::now_v7();
            let mut conn = store.conn().await.unwrap();
            let mut turn = worker;
            while left.load(Ordering::Acquire) > 0 {
                turn += 1;
                let limits = Limits::default();
                let work: Vec<Work> = if turn % 2 == 0 {
                    lease(&conn, &deliveries, owner, limits).await.unwrap().work
                } else {
                    lease_parked(&conn, &[lane], owner, 5, limits).await.unwrap()
                };
                // Counted while all of them are leased, and no longer: less than the truth, never more.
                let taken = i64::try_from(work.len()).unwrap();
                most.fetch_max(held.fetch_add(taken, Ordering::AcqRel) + taken, Ordering::AcqRel);
                tokio::task::yield_now().await;
                held.fetch_sub(taken, Ordering::AcqRel);
                let tries: Vec<_> = work.iter().map(delivered).collect();
                let recorded = record(&mut conn, &tries, HealthRules::default()).await.unwrap();
                assert_eq!(recorded.deliveries.len(), work.len(), "no lease was lost");
                left.fetch_sub(taken, Ordering::AcqRel);
            }
        });
    }
    let mut seen = 0;
    while left.load(Ordering::Acquire) > 0 {
        seen = seen.max(yard.count("select count(*) from job where state = 'leased'").await);
    }
    workers.join_all().await;
    let most = most.load(Ordering::Acquire).max(seen);
    assert!((1..=PLACES).contains(&most), "{most} were leased at once");
    assert_eq!(yard.jobs().await, 0);
    assert_eq!(yard.count("select count(*) from attempt").await, 400);
    assert_eq!(yard.count("select count(*) from delivery where state = 'delivered'").await, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fanning_out_at_once_or_again_never_doubles() {
    const ROUNDS: usize = 20;
    let yard = Yard::new().await;
    for name in ["a", "b", "c"] {
        yard.connect(name, &["*"]).await;
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(yard.publish("post.created", 10).await);
    }
    let (rounds, start) = (Arc::new(rounds), Arc::new(Barrier::new(WORKERS)));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let store = yard.worker_store();
        let (rounds, start) = (Arc::clone(&rounds), Arc::clone(&start));
        workers.spawn(async move {
            let mut conn = store.conn().await.unwrap();
            let mut made = 0;
            for events in rounds.iter() {
                let mut candidates = fan_out::candidates(&conn, events).await.unwrap();
                if worker % 2 == 1 {
                    candidates.reverse();
                }
                start.wait().await;
                let tx = conn.begin().await.unwrap();
                made += fan_out::deliver(&tx, &candidates).await.unwrap().len();
                tx.commit().await.unwrap();
            }
            made
        });
    }
    let made: usize = workers.join_all().await.into_iter().sum();
    assert_eq!(made, ROUNDS * 10 * 3);
    for table in ["select count(*) from delivery", "select count(*) from job"] {
        assert_eq!(yard.count(table).await, 600, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_and_a_lease_at_once_never_both_win() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    yard.run("update connection set concurrency_max = 1000").await;
    let deliveries = yard.owe(200).await;
    let admin = yard.role("hookyard_admin").await;
    let worker = yard.worker().await;
    let (mut called_off, mut leased) = (0, 0);
    for delivery in deliveries {
        let asked = [delivery];
        let (cancelled, got) = tokio::join!(
            cancel(&admin, DeliveryId(delivery), "by hand"),
            lease(&worker, &asked, Uuid::now_v7(), Limits::default()),
        );
        let works = got.unwrap().work;
        match cancelled.unwrap() {
            Cancelled::Now => {
                assert!(works.is_empty(), "it was confirmed, and leased");
                called_off += 1;
                assert_eq!(yard.state(delivery).await, "cancelled");
            }
            Cancelled::InFlight => {
                // It was called off before the worker had read what it is about, or the worker has it.
                leased += 1;
                let tries: Vec<_> = works.iter().map(delivered).collect();
                yard.record(&tries).await;
            }
            // The lease had ended it for the cancellation's sake already.
            other @ (Cancelled::Over(_) | Cancelled::NotFound) => panic!("{other:?}"),
        }
    }
    assert_eq!(called_off + leased, 200);
    assert_eq!(yard.jobs().await, 0);
    let open = "select count(*) from delivery where state in ('pending', 'failed')";
    assert_eq!(yard.count(open).await, 0);
}
