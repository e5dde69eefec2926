//! Subscriptions changed, and tried before they are.

use serde_json::{Value, json};

use crate::yard::{Yard, items, receiver, text};

async fn connected(yard: &Yard) -> String {
    let receiver = receiver().await;
    yard.workspace();
    text(&yard.connected(&receiver.url_of("/hook/0123456789abcdef")), "id")
}

/// What `subscription try` says, whether the event would be sent or not.
fn tried(yard: &Yard, arguments: &[&str]) -> (i32, Value) {
    let ran = yard.run(&[&["subscription", "try"], arguments, &["--json"]].concat());
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_shows_the_request_and_none_of_its_proofs_or_its_path() {
    let yard = Yard::new().await;
    let connection = connected(&yard).await;
    let event = ["--event-type", "order.paid", "--data", r#"{"priority": "high"}"#];
    let filter = ["--connection", &connection, "--filter", "priority == 'high'"];
    let (code, sent) = tried(&yard, &[&filter[..], &event].concat());
    assert_eq!((code, &sent["matched"], &sent["filter"]), (0, &json!(true), &json!("passes")));
    let request = &sent["request"];
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["type"], &body["data"]["priority"]), (&json!("order.paid"), &json!("high")));
    assert_eq!(request["headers"]["x-webhook-event"], "order.paid");
    assert_eq!(request["headers"]["webhook-signature"], "(made with the key)");
    assert_eq!(request["headers"]["x-webhook-secret"], "(made with the key)");
    assert!(!sent.to_string().contains("0123456789abcdef"), "{sent}");

    let other = ["--connection", &connection, "--filter", "priority == 'low'"];
    let (code, sent) = tried(&yard, &[&other[..], &event].concat());
    assert_eq!((code, &sent["filter"]), (1, &json!("does_not_pass")));
    assert_eq!(yard.number("select count(*) as n from delivery").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_subscription_is_tried_on_an_event_of_its_own_workspace_only() {
    let yard = Yard::new().await;
    let connection = connected(&yard).await;
    let publish = ["events", "publish", "--workspace"];
    let mine =
        [&publish[..], &["acme", "--type", "post.created", "--data", r#"{"n": 1}"#]].concat();
    let mine = yard.id(&mine);
    yard.id(&["workspace", "create", "other", "--name", "Other"]);
    let theirs = [&publish[..], &["other", "--type", "post.created", "--data", r#"{"n": 2}"#]];
    let theirs = yard.id(&theirs.concat());
    let all = yard.json(&["subscription", "list", "--connection", &connection]);
    let id = text(&items(&all)[0], "id");
    let (code, sent) = tried(&yard, &[&id, "--event", &mine]);
    assert_eq!((code, &sent["matched"]), (0, &json!(true)));
    let refused = yard.run(&["subscription", "try", &id, "--event", &theirs]);
    assert_eq!(refused.code, 2, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_could_never_work_is_not_tried() {
    let yard = Yard::new().await;
    let connection = connected(&yard).await;
    let dir = tempfile::tempdir().unwrap();
    let template = dir.path().join("template");
    std::fs::write(&template, r#"{"n": {{ data.n | round }}}"#).unwrap();
    let arguments = [
        "subscription",
        "try",
        "--connection",
        &connection,
        "--template-file",
        template.to_str().unwrap(),
        "--event-type",
        "post.created",
        "--data",
        "{}",
    ];
    let refused = yard.run(&arguments);
    assert!(refused.code == 64 && refused.stderr.contains("template"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_changed_in_part() {
    let yard = Yard::new().await;
    let connection = connected(&yard).await;
    let all = yard.json(&["subscription", "list", "--connection", &connection]);
    let id = text(&items(&all)[0], "id");
    let update = ["subscription", "update", &id];
    let filtered = yard.json(&[&update[..], &["--filter", "n == `1`"]].concat());
    assert_eq!((&filtered["filter"], &filtered["eventTypes"]), (&json!("n == `1`"), &json!(["*"])));
    let narrowed = yard.json(&[&update[..], &["--event-type", "post.*"]].concat());
    assert_eq!(
        (&narrowed["filter"], &narrowed["eventTypes"]),
        (&json!("n == `1`"), &json!(["post.*"]))
    );
    let bare = yard.json(&[&update[..], &["--filter", "", "--retry", "persistent"]].concat());
    assert_eq!(
        (&bare["filter"], &bare["retryPolicy"]),
        (&json!(null), &json!({ "preset": "persistent" }))
    );
    let broken = yard.run(&[&update[..], &["--filter", "a ==="]].concat());
    assert_eq!(broken.code, 64, "{broken:?}");
    let line = &items(&yard.json(&["audit", "list", "--subject", &id]))[0].clone();
    assert_eq!(line["before"]["filter"], "n == `1`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_renamed_unless_another_has_that_name() {
    let yard = Yard::new().await;
    let connection = connected(&yard).await;
    let rename = ["connection", "rename", &connection, "--name"];
    assert_eq!(yard.json(&[&rename[..], &["ci"]].concat())["name"], "ci");
    let receiver = receiver().await;
    yard.connected(&receiver.url_of("/hook"));
    let taken = yard.run(&[&rename[..], &["default"]].concat());
    assert!(taken.code == 1 && taken.stderr.contains("already"), "{taken:?}");
}
