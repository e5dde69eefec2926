//! What a good call gets, and what is recorded of it.

use hookyard_testkit::gateway::{Call, Gateway, Worker, sample};
use serde_json::json;

use crate::support::{assert_nothing_to_do, assert_queued, sha};

#[tokio::test]
async fn a_signed_push_becomes_config_objects() {
    let gateway = Gateway::builder().repository(sample).worker(Worker::default()).start().await;

    let moved = gateway
        .push(|repo| {
            repo.write("skills/new/SKILL.md", "---\nname: new\ndescription: New\n---\nHi.\n");
        })
        .await;
    gateway.idle().await;

    assert_eq!(moved.deliveries[0].status, Some(202));
    let paths = gateway
        .db()
        .rows("select path from config_object where status = 'active' order by path")
        .await;
    let expected =
        ["agents/helper.md", "commands/ship.md", "skills/new/SKILL.md", "skills/review/SKILL.md"];
    assert_eq!(paths, expected.map(|path| json!({ "path": path })));
    gateway.finish().await;
}

#[tokio::test]
async fn a_push_is_recorded_with_its_body_its_sync_and_the_job_of_that() {
    let gateway = Gateway::start().await;
    let push = gateway.github_push().delivery("a-delivery").before(&sha('a')).after(&sha('b'));
    let call = Call::from(&push);

    let answer = gateway.post(call.clone()).await;

    assert_queued(&answer);
    assert_eq!(
        answer.json(),
        json!({ "ok": true, "accepted": true, "event": "push", "deliveryId": "a-delivery", "queued": true })
    );
    let event = gateway
        .db()
        .row("select id, type, outcome, provider_delivery_id, git_ref, before_sha, head_sha, convert_from(body, 'UTF8') as body,
                     headers from event")
        .await;
    assert_eq!(event["type"], "github.push");
    assert_eq!(event["outcome"], json!(null));
    assert_eq!(event["provider_delivery_id"], "a-delivery");
    assert_eq!((&event["before_sha"], &event["head_sha"]), (&json!(sha('a')), &json!(sha('b'))));
    assert_eq!(event["body"], String::from_utf8(call.body.to_vec()).unwrap());
    let signature = call.header("x-hub-signature-256").unwrap();
    assert!(!event["headers"].to_string().contains(&signature), "signatures are not stored");
    let sync = gateway
        .db()
        .row("select id, event_id, status, announced_sha from sync_event where trigger = 'push'")
        .await;
    assert_eq!((&sync["event_id"], &sync["announced_sha"]), (&event["id"], &json!(sha('b'))));
    let jobs = gateway.db().rows("select kind, subject_id from job where kind = 'event' or subject_id in (select id from sync_event where trigger = 'push') order by kind").await;
    let expected = json!([{ "kind": "sync", "subject_id": sync["id"] }]);
    assert_eq!(json!(jobs), expected);
    gateway.finish().await;
}

#[tokio::test]
async fn a_form_encoded_call_is_the_same_event() {
    let gateway = Gateway::start().await;
    assert_queued(&gateway.post(gateway.github_push().form()).await);
    let plus = gateway.github_push().git_ref("refs/heads/a+b c&d=%20é").form();
    assert_nothing_to_do(&gateway.post(plus).await, "event ignored", Some("not_tracked"));
    let plus = "select count(*) from event where git_ref = 'refs/heads/a+b c&d=%20é'";
    assert_eq!(gateway.db().count(plus).await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_ping_is_answered_and_recorded() {
    let gateway = Gateway::start().await;
    let ping =
        gateway.github_event("ping", json!({ "zen": "Keep it logically awesome.", "hook_id": 7 }));
    assert_nothing_to_do(&gateway.post(ping).await, "ping", Some("ping"));
    let event = gateway.db().row("select type, outcome, reason from event").await;
    assert_eq!(event, json!({ "type": "github.ping", "outcome": "ignored", "reason": "ping" }));
    gateway.finish().await;
}

#[tokio::test]
async fn a_workspace_has_a_source_of_its_own() {
    let gateway = Gateway::start().await;
    let args = [
        "source",
        "create",
        "--provider",
        "github",
        "--workspace",
        "acme",
        "--slug",
        "own",
        "--secret-stdin",
    ];
    let source = gateway.admin().json_with_input(&args, "another secret").await;
    let path = source["path"].as_str().unwrap();

    let own = gateway.github_push().path(path).secret("another secret");
    assert_queued(&gateway.post(own).await);
    let foreign = gateway.github_push().path(path);
    assert_eq!(gateway.post(foreign).await.status, 401);
    let shared = gateway.github_push().secret("another secret");
    assert_eq!(gateway.post(shared).await.status, 401);

    let owned =
        gateway.db().count("select count(*) from event where workspace_id is not null").await;
    assert_eq!(owned, 1);
    gateway.finish().await;
}
