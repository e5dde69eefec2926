//! Branches that go, come back, lag, or move on while somebody reads them.

use hookyard_testkit::gateway::{Gateway, PATIENCE, Worker, sample, until};
use hookyard_testkit::github_sim::{MoveBranch, RouteKind};
use serde_json::json;

use crate::support::{
    active, assert_counts_add_up, assert_equals, counts, fate, faults, newest_fate, newest_sync,
    no_faults, put, requests, runs, slow, started, target,
};

/// For how long the simulated GitHub goes on to show a branch where it was.
const LAG_MS: u64 = 1_500;

/// The sample repository, imported, with a worker that looks for a push for longer than the lag.
async fn patient() -> Gateway {
    let worker = Worker::default().env("HOOKYARD_LOOK_AGAIN_MS", "400");
    let gateway = Gateway::builder().repository(sample).worker(worker).start().await;
    gateway.idle().await;
    gateway
}

async fn move_to(gateway: &Gateway, request: MoveBranch) -> String {
    gateway.github().move_branch("main", request).await.unwrap().after
}

#[tokio::test]
async fn a_deleted_branch_keeps_its_objects_and_its_return_goes_on_from_there() {
    let gateway = started().await;
    let head = gateway.github().head("main").unwrap();
    move_to(&gateway, MoveBranch::deleted()).await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "ignored: branch_deleted");
    assert_eq!(target(&gateway).await["status"], "branch_deleted");
    assert_equals(&gateway, &head).await;
    move_to(&gateway, MoveBranch::to(head.as_str())).await;
    gateway.idle().await;
    assert_eq!(target(&gateway).await["status"], "active");
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &head).await;
    assert_eq!(gateway.db().count("select count(*) from config_object_version").await, 3);
    gateway.finish().await;
}

#[tokio::test]
async fn a_push_that_github_does_not_show_yet_is_looked_for_again() {
    let gateway = patient().await;
    let commit = gateway.repo().write("agents/two.md", "# Two\n").commit("two").unwrap();
    let request = MoveBranch { visible_after_ms: LAG_MS, ..MoveBranch::to(commit) };
    let head = move_to(&gateway, request).await;
    gateway.idle().await;
    let sync = newest_sync(&gateway).await;
    assert_eq!((fate(&sync), &sync["attempts"]), ("completed".to_owned(), &json!(1)));
    assert!(sync["looks"].as_i64().unwrap() >= 1, "{sync}");
    assert_equals(&gateway, &head).await;
    gateway.finish().await;
}

#[tokio::test]
async fn the_last_of_several_pushes_counts_even_while_github_shows_none_of_them() {
    let gateway = patient().await;
    let mut head = String::new();
    for n in 0..3 {
        let commit =
            gateway.repo().write("agents/two.md", format!("# {n}\n")).commit("more").unwrap();
        let request = MoveBranch { visible_after_ms: LAG_MS, ..MoveBranch::to(commit) };
        head = move_to(&gateway, request).await;
    }
    gateway.idle().await;
    assert_equals(&gateway, &head).await;
    gateway.finish().await;
}

#[tokio::test]
async fn pushes_during_a_sync_are_superseded_but_for_the_last() {
    let gateway = started().await;
    faults(&gateway, [slow(RouteKind::Tree, 60_000).times(1)]);
    put(&gateway, "agents/two.md", "# 0\n").await;
    runs(&gateway).await;
    let mut head = String::new();
    for n in 1..=4 {
        head = put(&gateway, "agents/two.md", format!("# {n}\n")).await.after;
    }
    no_faults(&gateway);
    gateway.idle().await;
    assert_equals(&gateway, &head).await;
    let superseded = "select count(*) from sync_event where reason = 'superseded'";
    assert_eq!(gateway.db().count(superseded).await, 3 + gateway_setup_superseded(&gateway).await);
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

/// Adding several mappings queues a sync each; those that met were superseded as well.
async fn gateway_setup_superseded(gateway: &Gateway) -> i64 {
    let sql = "select count(*) from sync_event where reason = 'superseded' and trigger <> 'push'";
    gateway.db().count(sql).await
}

#[tokio::test]
async fn a_late_delivery_changes_nothing() {
    let gateway = started().await;
    let [one, two] = ["# One\n", "# Two\n"]
        .map(|text| gateway.repo().write("agents/two.md", text).commit("more").unwrap());
    let late = MoveBranch { delay_ms: 700, ..MoveBranch::to(one) };
    move_to(&gateway, late).await;
    let head = move_to(&gateway, MoveBranch::to(two)).await;
    counts(&gateway, "select count(*) from event where type = 'github.push'", 2).await;
    gateway.idle().await;
    assert_equals(&gateway, &head).await;
    gateway.finish().await;
}

#[tokio::test]
async fn an_unchanged_branch_costs_one_conditional_request() {
    let gateway = started().await;
    let head = gateway.github().head("main").unwrap();
    let (total, trees) = (gateway.github().requests_total(), requests(&gateway, RouteKind::Tree));
    // It says that something is new, and nothing is.
    let push = gateway.github_push();
    assert_eq!(gateway.post(push).await.status, 202);
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_eq!(requests(&gateway, RouteKind::Tree), trees);
    assert_eq!(gateway.github().requests_total() - total, 1);
    assert_equals(&gateway, &head).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_branch_that_moves_while_it_is_read_is_read_as_it_was_and_then_as_it_is() {
    let gateway = started().await;
    faults(&gateway, [slow(RouteKind::Blob, 800).times(1)]);
    let blobs = requests(&gateway, RouteKind::Blob);
    let first = put(&gateway, "agents/two.md", "# First\n").await.after;
    until("the first tree is known", PATIENCE, async || {
        requests(&gateway, RouteKind::Blob) > blobs
    })
    .await;
    let second = put(&gateway, "agents/two.md", "# Second\n").await.after;
    no_faults(&gateway);
    gateway.idle().await;
    assert_equals(&gateway, &second).await;
    let applied: Vec<String> = gateway
        .db()
        .rows("select applied_sha from sync_event where trigger = 'push' and status = 'completed' order by seq")
        .await
        .iter()
        .map(|row| crate::support::text(row, "applied_sha"))
        .collect();
    assert_eq!(applied, [first, second]);
    gateway.finish().await;
}

#[tokio::test]
async fn two_workers_never_reconcile_one_target_at_once() {
    let gateway = Gateway::builder()
        .repository(sample)
        .worker(Worker::default())
        .worker(Worker::default().queues("syncs"))
        .start()
        .await;
    gateway.idle().await;
    let mut head = String::new();
    for n in 0..12 {
        head = put(&gateway, "agents/two.md", format!("# {n}\n")).await.after;
    }
    gateway.idle().await;
    assert_equals(&gateway, &head).await;
    until("no sync is left", PATIENCE, async || {
        gateway
            .db()
            .count("select count(*) from sync_event where status in ('queued', 'running')")
            .await
            == 0
    })
    .await;
    assert_eq!(active(&gateway).await.len(), 4);
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}
