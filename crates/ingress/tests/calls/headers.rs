//! Headers that are missing, doubled or too long. None but the signature's is trusted, and none breaks anything.

use hookyard_testkit::gateway::{Call, Gateway};

use crate::support::{assert_duplicate, assert_queued, assert_refused, events};

#[tokio::test]
async fn a_call_without_an_event_is_refused_after_a_good_signature() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let error = "missing X-GitHub-Event header";
    assert_refused(&gateway.post(call.clone().without("x-github-event")).await, 400, error);
    assert_refused(&gateway.post(call.set("x-github-event", "")).await, 400, error);
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn without_a_delivery_id_the_body_stands_for_itself() {
    let gateway = Gateway::start().await;
    let call = gateway.github_push().without_delivery();
    let first = gateway.post(&call).await;
    assert_queued(&first);
    assert_eq!(first.json()["deliveryId"], serde_json::Value::Null);
    assert_duplicate(&gateway.post(&call).await);
    assert_queued(&gateway.post(gateway.github_push().without_delivery()).await);
    assert_eq!(events(&gateway).await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn a_delivery_id_must_be_short_and_visible() {
    let gateway = Gateway::start().await;
    let long = Call::from(gateway.github_push()).set("x-github-delivery", "d".repeat(10 * 1024));
    let error = "X-GitHub-Delivery header is longer than 255 bytes";
    assert_refused(&gateway.post(long).await, 400, error);
    for odd in ["a b", "ä", "\u{1f600}"] {
        let call = Call::from(gateway.github_push()).set("x-github-delivery", odd);
        assert_eq!(gateway.post(call).await.status, 400, "{odd}");
    }
    assert_queued(&gateway.post(gateway.github_push().delivery(&"d".repeat(255))).await);
    assert_eq!(events(&gateway).await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_doubled_header_must_say_the_same_twice() {
    let gateway = Gateway::start().await;
    for (name, other) in [
        ("x-github-event", "issues"),
        ("x-github-delivery", "another"),
        ("x-github-hook-id", "1"),
        ("content-type", "application/x-www-form-urlencoded"),
    ] {
        let call = Call::from(gateway.github_push());
        let same = call.header(name).unwrap();
        assert_queued(&gateway.post(call.clone().with(name, &same)).await);
        let answer = gateway.post(Call::from(gateway.github_push()).with(name, other)).await;
        assert_eq!(answer.status, 400, "{name}: {answer:?}");
        assert!(answer.text("error").starts_with("conflicting "), "{name}: {answer:?}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_refused() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let many = (0..100).fold(call.clone(), |call, n| call.with(&format!("x-header-{n}"), "x"));
    let answer = gateway.raw(&many.bytes()).await.unwrap();
    assert_refused(&answer, 431, "too many headers, or too long ones");
    let long = call.clone().with("x-header", "x".repeat(200 * 1024));
    let mut connection = gateway.connect().await;
    connection.send(&long.bytes()).await;
    // The connection may be reset before the answer is read: the rest of the header was never taken.
    assert!(connection.answer().await.is_none_or(|answer| answer.status == 431));
    assert_eq!(events(&gateway).await, 0);
    assert_queued(&gateway.post(call).await);
    gateway.finish().await;
}
