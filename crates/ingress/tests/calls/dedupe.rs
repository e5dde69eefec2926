//! Every delivery is recorded once, however often and under whatever id it comes.

use hookyard_testkit::gateway::{Answer, Call, Caller, Gateway, Worker};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{assert_duplicate, assert_nothing_to_do, assert_queued, events, sha};

/// Posts all calls at once.
pub(crate) async fn at_once(caller: &Caller, calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let mut posting = JoinSet::new();
    for call in calls {
        let caller = caller.clone();
        posting.spawn(async move { caller.post(call).await });
    }
    posting.join_all().await
}

fn reasons(answers: &[Answer], reason: &str) -> usize {
    answers.iter().filter(|answer| answer.text("reason") == reason).count()
}

#[tokio::test]
async fn two_hundred_copies_of_one_delivery_are_one_event() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());

    let answers = at_once(gateway.caller(), vec![call; 200]).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert_eq!(reasons(&answers, "duplicate"), 199);
    assert_eq!(events(&gateway).await, 1);
    let syncs = gateway.db().count("select count(*) from sync_event where trigger = 'push'").await;
    assert_eq!(syncs, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn one_body_under_many_ids_at_once_is_processed_once() {
    let gateway = Gateway::start().await;
    let push = gateway.github_push();
    let copies = (0..50).map(|n| Call::from(push.clone().delivery(&format!("d-{n}"))));

    let answers = at_once(gateway.caller(), copies).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert_eq!(reasons(&answers, "duplicate"), 49);
    let replays = gateway.db().count("select count(*) from event where outcome = 'replay'").await;
    assert_eq!((events(&gateway).await, replays), (50, 49));
    gateway.finish().await;
}

#[tokio::test]
async fn the_same_body_under_another_id_is_recorded_as_a_replay() {
    let gateway = Gateway::start().await;
    let push = gateway.github_push();
    assert_queued(&gateway.post(push.clone().delivery("first")).await);
    let replay = gateway.post(push.clone().delivery("second")).await;
    assert_nothing_to_do(&replay, "duplicate", Some("replay"));

    let sql = "select replay.outcome, first.provider_delivery_id as repeats
                 from event replay join event first on first.id = replay.repeats
                where replay.provider_delivery_id = 'second'";
    assert_eq!(gateway.db().row(sql).await, json!({ "outcome": "replay", "repeats": "first" }));
    let jobs = "select count(*) from job where subject_id in (select id from event where outcome = 'replay')";
    assert_eq!(gateway.db().count(jobs).await, 0);
    // Its own redelivery changes nothing either.
    assert_duplicate(&gateway.post(push.delivery("second")).await);
    gateway.finish().await;
}

#[tokio::test]
async fn a_body_comes_again_when_its_window_is_over() {
    let gateway = Gateway::start().await;
    let push = gateway.github_event("issues", json!({ "action": "opened" }));
    gateway.post(push.clone().delivery("first")).await;
    gateway.db().execute("update dedupe set seen_at = now() - interval '25 hours'").await;
    let again = gateway.post(push.delivery("second")).await;
    assert_nothing_to_do(&again, "event ignored", Some("not_handled"));
    gateway.finish().await;
}

#[tokio::test]
async fn one_delivery_id_of_two_hooks_is_two_events() {
    let gateway = Gateway::start().await;
    let one = gateway.github_push().delivery("shared").hook("1");
    let other = gateway.github_push().delivery("shared").hook("2");
    assert_queued(&gateway.post(&one).await);
    assert_queued(&gateway.post(&other).await);
    assert_duplicate(&gateway.post(&one).await);
    assert_eq!(events(&gateway).await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn a_redelivery_of_an_ignored_event_gives_it_another_chance_once_at_a_time() {
    let gateway = Gateway::start().await;
    let push = gateway.github_push().git_ref("refs/heads/other");
    assert_nothing_to_do(&gateway.post(&push).await, "event ignored", Some("not_tracked"));
    for _ in 0..3 {
        assert_queued(&gateway.post(&push).await);
    }
    assert_eq!(events(&gateway).await, 1);
    assert_eq!(gateway.db().count("select count(*) from job where kind = 'event'").await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn many_redeliveries_of_an_ignored_event_at_once_make_one_job() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push().git_ref("refs/heads/other"));
    gateway.post(call.clone()).await;
    for answer in at_once(gateway.caller(), vec![call; 50]).await {
        assert_queued(&answer);
    }
    assert_eq!(gateway.db().count("select count(*) from job where kind = 'event'").await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_redelivery_of_a_failed_event_gives_it_another_chance() {
    let gateway = Gateway::start().await;
    let call = gateway.github_event("repository", repository("archived"));
    assert_queued(&gateway.post(&call).await);
    gateway
        .db()
        .execute("delete from job; update event set outcome = 'failed', reason = 'worker_died'")
        .await;
    assert_queued(&gateway.post(&call).await);
    assert_eq!(
        gateway.db().count("select count(*) from job where kind = 'event' and again").await,
        1
    );
    gateway.finish().await;
}

#[tokio::test]
async fn a_redelivery_of_a_done_event_is_a_duplicate() {
    let gateway = Gateway::builder()
        .worker(Worker::default().queues("events"))
        .may_leave_jobs()
        .start()
        .await;
    let call = gateway.github_event("repository", repository("archived"));
    assert_queued(&gateway.post(&call).await);
    let done =
        async || gateway.db().count("select count(*) from job where kind = 'event'").await == 0;
    hookyard_testkit::gateway::until(
        "the event is routed",
        hookyard_testkit::gateway::PATIENCE,
        done,
    )
    .await;
    assert_duplicate(&gateway.post(&call).await);
    assert_eq!(gateway.db().count("select count(*) from job where kind = 'event'").await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_head_that_is_queued_already_is_redundant() {
    let gateway = Gateway::start().await;
    assert_queued(&gateway.post(gateway.github_push().after(&sha('a'))).await);
    let again = gateway.post(gateway.github_push().after(&sha('a'))).await;
    assert_nothing_to_do(&again, "event ignored", Some("redundant"));
    gateway.finish().await;
}

#[tokio::test]
async fn a_then_b_then_back_to_a_are_all_queued() {
    let gateway = Gateway::start().await;
    for digit in ['a', 'b', 'a'] {
        assert_queued(&gateway.post(gateway.github_push().after(&sha(digit))).await);
    }
    let heads = gateway
        .db()
        .rows("select left(announced_sha, 1) as head from sync_event where trigger = 'push' order by seq")
        .await;
    assert_eq!(json!(heads), json!([{ "head": "a" }, { "head": "b" }, { "head": "a" }]));
    gateway.finish().await;
}

fn repository(action: &str) -> serde_json::Value {
    json!({ "action": action, "repository": { "id": 9_001, "full_name": "octo-org/skills", "default_branch": "main" } })
}
