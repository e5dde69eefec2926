//! Which events go to which connection.

use serde_json::json;

use crate::yard::{Yard, items, receiver, text};

const USAGE: i32 = 64;

/// A connection of kind `webhook`, and the beginning of a command that subscribes it.
async fn connected(yard: &Yard) -> String {
    let receiver = receiver().await;
    yard.workspace();
    text(&yard.connected(&receiver.url_of("/hook")), "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_added_paused_resumed_and_removed() {
    let yard = Yard::new().await;
    let connection = connected(&yard).await;
    let dir = tempfile::tempdir().unwrap();
    let template = dir.path().join("template");
    std::fs::write(&template, r#"{"text": {{ data.title }}}"#).unwrap();
    let added = yard.json(&[
        "subscription",
        "add",
        "--connection",
        &connection,
        "--event-type",
        "post.*",
        "sync.failed",
        "--filter",
        "priority == 'high'",
        "--template-file",
        template.to_str().unwrap(),
        "--retry",
        "persistent",
    ]);
    assert_eq!(added["eventTypes"], json!(["post.*", "sync.failed"]));
    assert_eq!(
        (text(&added, "filter"), &added["active"]),
        ("priority == 'high'".into(), &json!(true))
    );
    assert_eq!(added["retryPolicy"], json!({"preset": "persistent"}));
    let id = text(&added, "id");
    for (command, active) in [("pause", false), ("pause", false), ("resume", true)] {
        assert_eq!(yard.json(&["subscription", command, &id])["active"], active);
    }
    assert_eq!(yard.json(&["subscription", "show", &id])["template"], added["template"]);
    assert_eq!(yard.json(&["subscription", "remove", &id])["id"], json!(id));
    assert_eq!(yard.run(&["subscription", "remove", &id]).code, 2);
    let all = yard.json(&["audit", "list"]);
    let actions: Vec<String> = items(&all).iter().map(|line| text(line, "action")).collect();
    let expected =
        ["subscription.remove", "subscription.resume", "subscription.pause", "subscription.add"];
    assert_eq!(actions[..4], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_never_work_is_refused_when_it_is_saved() {
    let yard = Yard::new().await;
    let connection = connected(&yard).await;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let looping = file(
        "looping",
        "{% for a in range(1000) %}{% for b in range(1000) %}{{ b }}{% endfor %}{% endfor %}",
    );
    let unclosed = file("unclosed", "{{ data.title");
    let no_json = file("no-json", "hello {{ data.title }}");
    let long = file("long", &"x".repeat(8193));
    let add = ["subscription", "add", "--connection", &connection, "--event-type"];
    for (arguments, says) in [
        (&["post*"][..], "no pattern of event types"),
        (&["*", "--filter", "priority =="], "no JMESPath expression"),
        (&["*", "--filter", "sort_by(a, &b)"], "a filter has no"),
        (&["*", "--template-file", &looping], "template"),
        (&["*", "--template-file", &unclosed], "does not parse"),
        (&["*", "--template-file", &no_json], "not JSON"),
        (&["*", "--template-file", &long], "at most 8192 bytes"),
        (&["*", "--retry", "stubborn"], "--retry"),
        (&["*", "--retry", r#"{"attempts":99,"baseMs":1,"longestMs":1}"#], "1 to 30 times"),
    ] {
        let ran = yard.run(&[&add[..], arguments].concat());
        assert!(ran.code == USAGE && ran.stderr.contains(says), "{arguments:?} {ran:?}");
    }
    assert_eq!(items(&yard.json(&["subscription", "list"])).len(), 1, "the default one");
    let unknown = ["subscription", "add", "--connection", "conn_01h455vb4pex5vsknk084sn02q"];
    assert_eq!(yard.run(&[&unknown[..], &["--event-type", "*"]].concat()).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_policy_of_ones_own_is_kept_as_it_was_written() {
    let yard = Yard::new().await;
    let connection = connected(&yard).await;
    let policy = r#"{"attempts":5,"baseMs":1000,"longestMs":60000,"retry4xx":true}"#;
    let add = ["subscription", "add", "--connection", &connection, "--event-type", "*"];
    let added = yard.json(&[&add[..], &["--retry", policy]].concat());
    assert_eq!(added["retryPolicy"], serde_json::from_str::<serde_json::Value>(policy).unwrap());
    assert_eq!(yard.json(&add)["retryPolicy"], json!(null));
}
