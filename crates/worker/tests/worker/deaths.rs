//! Workers that die, freeze, or are told to stop.

use hookyard_testkit::gateway::{Gateway, INSTALLATION_ID, PATIENCE, Worker, sample, until};
use hookyard_testkit::github_sim::RouteKind;
use serde_json::json;

use crate::support::{
    assert_counts_add_up, assert_equals, counts, fate, faults, newest_fate, newest_sync, no_faults,
    put, runs, slow, started, text,
};

/// Leases end now: what a minute would do.
const EXPIRE: &str = "update job set due_at = now() where state = 'leased'";

#[tokio::test]
async fn the_work_of_a_killed_worker_is_done_by_the_next() {
    let gateway = started().await;
    faults(&gateway, [slow(RouteKind::Blob, 60_000).times(1)]);
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    runs(&gateway).await;
    gateway.worker(0).kill9().await;
    no_faults(&gateway);
    gateway.worker(0).start().await;
    gateway.db().execute(EXPIRE).await;
    gateway.idle().await;
    let sync = newest_sync(&gateway).await;
    assert_eq!((fate(&sync), &sync["attempts"]), ("completed".to_owned(), &json!(2)));
    assert_equals(&gateway, &moved.after).await;
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_worker_that_wakes_up_after_its_lease_changes_nothing() {
    let gateway = Gateway::builder()
        .repository(sample)
        .worker(Worker::default())
        .worker(Worker::default())
        .start()
        .await;
    gateway.idle().await;
    // The other one must not take it first.
    gateway.worker(1).stop().await;
    faults(&gateway, [slow(RouteKind::Blob, 700).times(1)]);
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    runs(&gateway).await;
    gateway.worker(0).freeze();
    gateway.worker(1).start().await;
    gateway.db().execute(EXPIRE).await;
    // The broker may hand the message to the frozen one again: the other finds the job when it seems lost.
    until("the other has done the work", PATIENCE, async || {
        gateway.db().execute("update job set due_at = now() where state = 'ready'").await;
        gateway.db().count("select count(*) from job").await == 0
    })
    .await;
    gateway.worker(0).thaw();
    gateway.worker(0).ready().await;
    let next = put(&gateway, "agents/two.md", "# Three\n").await;
    gateway.idle().await;
    assert_equals(&gateway, &next.after).await;
    assert_ne!(moved.after, next.after);
    let versions = "select count(*) from config_object_version join config_object on config_object_id = config_object.id
                     where path = 'agents/two.md'";
    assert_eq!(gateway.db().count(versions).await, 2, "each content once");
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn what_kills_every_worker_is_given_up_and_its_neighbours_are_not() {
    let gateway = started().await;
    // Five workers ended while they ran it.
    gateway.worker(0).stop().await;
    let poison = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.db().execute("update job set runs = 5 where kind = 'sync'").await;
    gateway.worker(0).start().await;
    gateway.idle().await;
    let sync = newest_sync(&gateway).await;
    assert_eq!(fate(&sync), "failed: worker_died");
    assert_eq!(text(&sync, "announced_sha"), poison.after);
    let letters = gateway.admin().json(&["dead-letters", "list"]).await;
    assert_eq!(letters["items"][0]["reason"], "worker_died");

    let next = put(&gateway, "agents/two.md", "# Three\n").await;
    gateway.idle().await;
    assert_equals(&gateway, &next.after).await;

    gateway.worker(0).stop().await;
    gateway.post(gateway.github_event("installation", json!({"action": "suspend"}))).await;
    gateway.db().execute("update job set runs = 5 where kind = 'event'").await;
    gateway.worker(0).start().await;
    gateway.idle().await;
    let event =
        gateway.db().row("select outcome, reason from event where type like '%suspend'").await;
    assert_eq!(event, json!({"outcome": "failed", "reason": "worker_died"}));
    let account = gateway.db().row("select status from connector_account").await;
    assert_eq!(account["status"], "active");
    gateway.finish().await;
}

#[tokio::test]
async fn a_stopping_worker_finishes_what_it_has_begun() {
    let gateway = started().await;
    faults(&gateway, [slow(RouteKind::Blob, 1_000).times(1)]);
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    runs(&gateway).await;
    assert!(gateway.worker(0).stop().await.success());
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &moved.after).await;
    gateway.worker(0).start().await;
    gateway.finish().await;
}

#[tokio::test]
async fn what_a_stopping_worker_cannot_finish_in_time_it_hands_back() {
    let gateway = Gateway::builder()
        .repository(sample)
        .worker(Worker::default().env("HOOKYARD_DRAIN_MS", "2500"))
        .start()
        .await;
    gateway.idle().await;
    faults(&gateway, [slow(RouteKind::Blob, 120_000).times(1)]);
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    runs(&gateway).await;
    assert!(gateway.worker(0).stop().await.success());
    let handed_back =
        "select count(*) from job where kind = 'sync' and state <> 'leased' and runs = 0";
    assert_eq!(gateway.db().count(handed_back).await, 1);
    no_faults(&gateway);
    gateway.worker(0).start().await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    let sync = newest_sync(&gateway).await;
    assert_eq!(sync["attempts"], json!(1), "what was handed back was no attempt");
    gateway.finish().await;
}

#[tokio::test]
async fn a_worker_of_events_leaves_syncs_alone() {
    let gateway = Gateway::builder()
        .repository(sample)
        .worker(Worker::default().queues("events"))
        .may_leave_jobs()
        .start()
        .await;
    put(&gateway, "agents/two.md", "# Two\n").await;
    let unsuspended = gateway.github_event("installation", json!({ "action": "unsuspend" }));
    assert_eq!(gateway.post(unsuspended).await.status, 202);
    let routed = "select count(*) from event where type = 'github.installation.unsuspend'
                   and not exists (select 1 from job where subject_id = event.id)";
    counts(&gateway, routed, 1).await;
    let waiting = "select count(*) from sync_event where status <> 'queued'";
    assert_eq!(gateway.db().count(waiting).await, 0);
    assert_eq!(gateway.db().count("select count(*) from job where runs > 0").await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn killing_one_of_several_workers_leaves_the_others_at_work() {
    let gateway = Gateway::builder()
        .repository(sample)
        .worker(Worker::default().queues("syncs"))
        .worker(Worker::default().queues("events"))
        .worker(Worker::default().queues("events"))
        .start()
        .await;
    gateway.idle().await;
    for n in 0..10 {
        // No two bodies alike: the second would be a repetition.
        let unsuspended =
            json!({ "action": "unsuspend", "installation": { "id": INSTALLATION_ID, "n": n } });
        let unsuspended = gateway.github_event("installation", unsuspended);
        assert_eq!(gateway.post(unsuspended).await.status, 202);
        if n == 2 {
            gateway.worker(2).kill9().await;
        }
        put(&gateway, "agents/two.md", format!("# {n}\n")).await;
    }
    // What the dead one had leased waits for the end of its lease; nothing else waits for anything.
    until("all other work is done", PATIENCE, async || {
        gateway.db().count("select count(*) from job where state <> 'leased'").await == 0
    })
    .await;
    gateway.worker(2).start().await;
    gateway.db().execute(EXPIRE).await;
    gateway.idle().await;
    gateway.finish().await;
}
