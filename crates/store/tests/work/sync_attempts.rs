//! What is on record of each attempt of a sync.

use hookyard_domain::ids::WorkerId;
use hookyard_domain::sync_attempt::{AttemptCause, AttemptOutcome};
use hookyard_domain::sync_event::SyncReason;
use hookyard_store::sync_attempts::{self, SyncAttempt};
use hookyard_store::sync_events::{End, Spent, end, park, retry};
use hookyard_store::workers;
use uuid::Uuid;

use crate::support::{Yard, sha};

const DUE: &str = "update job set due_at = now() - interval '1 second' where kind = 'sync'";

async fn told(yard: &Yard, sync: hookyard_domain::ids::SyncEventId) -> Vec<SyncAttempt> {
    sync_attempts::of(&yard.owner().await, sync).await.unwrap()
}

#[tokio::test]
async fn each_lease_that_ran_a_sync_is_on_record_with_how_it_ended() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push(&sha('a')).await;

    let (lease, work) = yard.start(sync).await;
    let cause = Some(AttemptCause::RateLimited);
    let spent = Spent { github_requests: 2, cause, look: false };
    let _held = park(&mut yard.worker().await, &lease, &work, 60_000, spent).await.unwrap();
    yard.run(DUE).await;

    let (lease, work) = yard.start(sync).await;
    let spent = Spent { cause: Some(AttemptCause::Unreachable), ..spent };
    let _held = retry(&mut yard.worker().await, &lease, &work, 5_000, "502", spent).await.unwrap();
    yard.run(DUE).await;

    // Its worker is not heard of again.
    yard.start(sync).await;
    yard.run(DUE).await;

    let (lease, work) = yard.start(sync).await;
    let ignored = End::Ignored { reason: SyncReason::Disconnected, target: None, recheck_ms: None };
    let _held = end(&mut yard.worker().await, &lease, &work, &ignored, 3).await.unwrap();

    let attempts = told(&yard, sync).await;
    let outcomes: Vec<_> = attempts.iter().map(|it| (it.number, it.outcome, it.cause)).collect();
    let expected = [
        (1, Some(AttemptOutcome::PutOff), Some(AttemptCause::RateLimited)),
        (2, Some(AttemptOutcome::Failed), Some(AttemptCause::Unreachable)),
        (3, Some(AttemptOutcome::Lost), None),
        (4, Some(AttemptOutcome::Finished), None),
    ];
    assert_eq!(outcomes, expected);
    let epochs: Vec<i64> = attempts.iter().map(|it| it.lease_epoch).collect();
    assert!(epochs.is_sorted() && epochs[0] < epochs[3], "{epochs:?}");
    assert!(attempts.iter().all(|it| it.ended_at.unwrap() >= it.started_at));
    let wait = attempts[1].next_attempt_at.unwrap() - attempts[1].ended_at.unwrap();
    assert_eq!(wait.get_milliseconds() + wait.get_seconds() * 1000, 5_000);
    assert_eq!(attempts[1].error.as_deref(), Some("502"));
    assert_eq!(attempts[3].github_requests, 3);
}

#[tokio::test]
async fn an_attempt_names_the_worker_that_held_the_lease() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push(&sha('a')).await;
    yard.start(sync).await;
    let owner = told(&yard, sync).await[0].worker_id.unwrap();
    workers::beat(&yard.worker().await, owner, "yard-1:7", "1.0.0").await.unwrap();
    workers::beat(&yard.worker().await, owner, "yard-1:7", "1.0.0").await.unwrap();
    assert_eq!(told(&yard, sync).await[0].worker.as_deref(), Some("yard-1:7"));
}

#[tokio::test]
async fn a_worker_that_falls_silent_is_not_alive_and_one_that_stopped_is_not_missed() {
    let yard = Yard::new().await;
    let [silent, stopped, alive] = [(); 3].map(|()| WorkerId(Uuid::now_v7()));
    let conn = yard.worker().await;
    for id in [silent, stopped] {
        workers::beat(&conn, id, "yard-1:7", "1.0.0").await.unwrap();
    }
    workers::stopped(&conn, stopped).await.unwrap();
    yard.run("update worker set seen_at = now() - interval '2 minutes'").await;
    workers::beat(&conn, alive, "yard-2:7", "1.0.0").await.unwrap();
    let running = workers::running(&yard.owner().await).await.unwrap();
    let seen: Vec<_> = running.iter().map(|it| (it.id, it.alive)).collect();
    assert_eq!(seen, [(alive, true), (silent, false)]);
}
