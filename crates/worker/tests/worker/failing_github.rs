//! GitHub as it is on a bad day.

use hookyard_testkit::gateway::{Gateway, PATIENCE, Worker, sample, until};
use hookyard_testkit::github_sim::{ChangeTokens, Fault, FaultKind, RouteKind};
use serde_json::json;

use crate::support::{
    active, assert_counts_add_up, assert_equals, counts, fate, faults, newest_fate, newest_sync,
    no_faults, put, requests, started,
};

fn limit(route: RouteKind, kind: FaultKind, seconds: u64) -> Fault {
    Fault { retry_after_s: Some(seconds), ..Fault::new(route, kind) }
}

#[tokio::test]
async fn both_rate_limits_are_waited_for_without_spending_an_attempt() {
    let gateway = started().await;
    for (kind, status) in [
        (FaultKind::RateLimitPrimary, 403),
        (FaultKind::RateLimitSecondary, 403),
        (FaultKind::RateLimitSecondary, 429),
    ] {
        let fault = Fault { status: Some(status), ..limit(RouteKind::Tree, kind, 1) };
        faults(&gateway, [fault.times(1)]);
        let moved = put(&gateway, "agents/two.md", format!("# {kind:?} {status}\n")).await;
        gateway.idle().await;
        let sync = newest_sync(&gateway).await;
        assert_eq!((fate(&sync), &sync["attempts"]), ("completed".to_owned(), &json!(1)));
        assert_equals(&gateway, &moved.after).await;
    }
    gateway.finish().await;
}

#[tokio::test]
async fn failures_in_passing_are_tried_again() {
    let gateway = started().await;
    let failing = [
        Fault::new(RouteKind::Ref, FaultKind::Status),
        Fault { status: Some(502), ..Fault::new(RouteKind::Tree, FaultKind::Status) },
        Fault::new(RouteKind::Tree, FaultKind::Reset),
        Fault::new(RouteKind::Blob, FaultKind::Corrupt),
        Fault { status: Some(503), ..Fault::new(RouteKind::Blob, FaultKind::Status) },
    ];
    faults(&gateway, failing.map(|fault| fault.times(1)));
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    let sync = newest_sync(&gateway).await;
    assert_eq!(fate(&sync), "completed");
    // The client tries some of them again by itself.
    assert!((1..=6).contains(&sync["attempts"].as_i64().unwrap()), "{sync}");
    assert_equals(&gateway, &moved.after).await;
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_retry_fetches_only_what_is_still_missing() {
    const FILES: u64 = 60;
    let gateway = started().await;
    let before = requests(&gateway, RouteKind::Blob);
    let failing =
        Fault { probability: Some(0.2), ..Fault::new(RouteKind::Blob, FaultKind::Status) };
    faults(&gateway, [failing.times(5)]);
    let moved = gateway
        .push(|repo| {
            for n in 0..FILES {
                repo.write(format!("skills/{n}.md"), format!("# {n}\n"));
            }
        })
        .await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    // At most sixteen are in flight when one fails.
    let fetched = requests(&gateway, RouteKind::Blob) - before;
    assert!((FILES..=FILES + 5 * 16).contains(&fetched), "{fetched} blobs");
    gateway.finish().await;
}

#[tokio::test]
async fn what_never_succeeds_ends_as_a_dead_letter_that_can_be_replayed() {
    let gateway = Gateway::builder()
        .repository(sample)
        .worker(Worker::default().env("HOOKYARD_SYNC_ATTEMPTS_MAX", "3"))
        .start()
        .await;
    gateway.idle().await;
    faults(&gateway, [Fault::new(RouteKind::Tree, FaultKind::Status)]);
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    let sync = newest_sync(&gateway).await;
    assert_eq!(fate(&sync), "failed: attempts_exhausted");
    assert_eq!(sync["attempts"], json!(3));
    assert!(sync["error"].as_str().unwrap().contains("500"), "{sync}");
    assert_eq!(active(&gateway).await.len(), 3);

    no_faults(&gateway);
    let letters = gateway.admin().json(&["dead-letters", "list"]).await;
    let letter = letters["items"][0]["id"].as_str().unwrap().to_owned();
    gateway.admin().json(&["dead-letters", "replay", &letter]).await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &moved.after).await;
    let letters = gateway.admin().json(&["dead-letters", "list"]).await;
    assert_eq!(letters["items"], json!([]));
    gateway.finish().await;
}

#[tokio::test]
async fn revoked_and_lagging_tokens_are_replaced() {
    let gateway = started().await;
    gateway.github().change_tokens(ChangeTokens {
        revoke: true,
        lag_ms: Some(30),
        ..ChangeTokens::default()
    });
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &moved.after).await;
    gateway.finish().await;
}

#[tokio::test]
async fn without_an_app_syncs_wait_and_are_not_lost() {
    let gateway = Gateway::builder()
        .repository(sample)
        .worker(Worker::default())
        .may_leave_jobs()
        .start()
        .await;
    gateway.idle().await;
    gateway
        .db()
        .execute("create table kept as select * from github_app; delete from github_app")
        .await;
    put(&gateway, "agents/two.md", "# Two\n").await;
    let waits = "select count(*) from sync_event join job on subject_id = sync_event.id
                  where status = 'queued' and state = 'scheduled' and attempts = 0";
    counts(&gateway, waits, 1).await;
    gateway
        .db()
        .execute("insert into github_app select * from kept; update job set due_at = now()")
        .await;
    until("the sync is completed", PATIENCE, async || newest_fate(&gateway).await == "completed")
        .await;
    gateway.finish().await;
}
