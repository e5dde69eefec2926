//! Events published by hand.

use serde_json::json;

use crate::yard::{Yard, receiver, text};

const PUBLISH: [&str; 6] = ["events", "publish", "--workspace", "acme", "--type", "post.created"];

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_queued_if_somebody_wants_it_and_is_on_record_if_nobody_does() {
    let (yard, receiver) = (Yard::new().await, receiver().await);
    yard.workspace();
    let publish = [&PUBLISH[..], &["--data", r#"{"title": "Hi"}"#]].concat();
    let ignored = yard.json(&publish);
    assert_eq!((&ignored["queued"], &ignored["type"]), (&json!(false), &json!("post.created")));
    let shown = yard.json(&["events", "show", &text(&ignored, "id")]);
    assert_eq!((&shown["outcome"], &shown["reason"]), (&json!("ignored"), &json!("no_subscriber")));

    yard.connected(&receiver.url_of("/hook"));
    let at = "2026-01-31T12:00:00Z";
    let queued = yard.json(&[&publish[..], &["--occurred-at", at]].concat());
    assert_eq!((&queued["ok"], &queued["queued"]), (&json!(true), &json!(true)));
    let id = text(&queued, "id");
    let shown = yard.json(&["events", "show", &id]);
    assert_eq!((&shown["origin"], &shown["job"]), (&json!("api"), &json!("ready")));
    assert_eq!(shown["headers"]["occurredAt"], at);
    assert_eq!(yard.run(&["events", "show", &id, "--body"]).stdout, "{\"title\": \"Hi\"}\n");
    assert_eq!(text(&yard.json(&["audit", "list"])["items"][0], "action"), "event.publish");
}

#[tokio::test]
async fn the_same_event_under_the_same_key_is_recorded_once() {
    let yard = Yard::new().await;
    yard.workspace();
    let publish = |data: &str, key: &str| {
        yard.run(&[&PUBLISH[..], &["--data", data, "--idempotency-key", key, "--json"]].concat())
    };
    let first = publish("{}", "k-1").json();
    let again = publish("{}", "k-1").json();
    assert_eq!((&again["id"], &again["queued"]), (&first["id"], &first["queued"]));
    assert_eq!((&first["repeated"], &again["repeated"]), (&json!(false), &json!(true)));
    let other = publish(r#"{"n":1}"#, "k-1");
    assert!(other.code == 1 && other.stderr.contains("idempotency key"), "{other:?}");
    assert_ne!(publish("{}", "k-2").json()["id"], first["id"]);
    assert_eq!(yard.number("select count(*) as n from event").await, 2);
}

#[tokio::test]
async fn what_is_no_event_of_an_application_is_refused() {
    let yard = Yard::new().await;
    yard.workspace();
    let publish = ["events", "publish", "--workspace", "acme"];
    for (event_type, data, says) in [
        ("post..created", "{}", "no event type"),
        ("github.push", "{}", "Hookyard's own"),
        ("integration.connected", "{}", "Hookyard's own"),
        ("post.created", "[]", "data"),
        ("post.created", "{", "not JSON"),
        ("post.created", r#"{"a": "\u0000"}"#, "data"),
    ] {
        let ran = yard.run(&[&publish[..], &["--type", event_type, "--data", data]].concat());
        assert!(ran.code == 64 && ran.stderr.contains(says), "{event_type} {data} {ran:?}");
    }
    let key = [&PUBLISH[..], &["--data", "{}", "--idempotency-key", "a b"]].concat();
    assert_eq!(yard.run(&key).code, 64);
    let elsewhere = ["events", "publish", "--workspace", "else", "--type", "a.b", "--data", "{}"];
    assert_eq!(yard.run(&elsewhere).code, 2);
    assert_eq!(yard.number("select count(*) as n from event").await, 0);
}
