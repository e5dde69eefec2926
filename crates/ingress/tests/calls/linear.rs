//! Linear's calls. Linear counts only exactly 200 as success, and tells the time under its signature.

use hookyard_testkit::gateway::{Call, Gateway};
use serde_json::{Value, json};

use crate::support::{assert_duplicate, assert_nothing_to_do, assert_refused, events};

const HOUR_MS: i64 = 60 * 60 * 1_000;
const STALE: &str = "stale or missing timestamp";

#[tokio::test]
async fn success_is_exactly_200_also_for_what_is_queued() {
    let gateway = Gateway::start().await;
    let issue = gateway.linear_issue().delivery("a-delivery");
    let first = gateway.post(&issue).await;
    assert_nothing_to_do(&first, "event ignored", Some("not_handled"));
    assert_eq!(
        (first.text("event"), first.text("deliveryId")),
        ("Issue".to_owned(), "a-delivery".to_owned())
    );
    let again = gateway.post(&issue).await;
    assert_eq!((again.status, &again.json()["accepted"]), (200, &json!(true)), "{again:?}");
    let event = gateway.db().row("select type, provider_delivery_id as delivery from event").await;
    assert_eq!(event, json!({ "type": "linear.Issue.create", "delivery": "a-delivery" }));
    gateway.finish().await;
}

#[tokio::test]
async fn a_call_must_be_signed_by_linears_secret() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.linear_issue());
    let other = Call::from(gateway.linear_issue().secret("not the secret"));
    let other_signature = other.header("linear-signature").unwrap();
    let signature = call.header("linear-signature").unwrap();
    for refused in [
        other,
        Call::from(gateway.linear_issue().secret(&gateway.seeds().github_secret)),
        call.clone().without("linear-signature"),
        call.clone().set("linear-signature", format!("sha256={signature}")),
        call.clone().with("x-linear-signature", &other_signature),
        call.clone()
            .set("linear-signature", &other_signature)
            .with("x-linear-signature", &signature),
    ] {
        assert_refused(&gateway.post(refused).await, 401, "invalid signature");
    }
    assert_eq!(events(&gateway).await, 0);
    assert!(gateway.post(call.with("x-linear-signature", &signature)).await.is_success());
    gateway.finish().await;
}

#[tokio::test]
async fn the_former_names_of_two_headers_are_understood() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.linear_issue().without_delivery());
    let signature = call.header("linear-signature").unwrap();
    let former = call
        .without("linear-signature")
        .with("x-linear-signature", signature)
        .with("x-linear-event-id", "formerly");
    let answer = gateway.post(former).await;
    assert_eq!((answer.status, answer.text("deliveryId")), (200, "formerly".to_owned()));

    let both =
        Call::from(gateway.linear_issue().delivery("now")).with("x-linear-event-id", "formerly");
    assert_eq!(gateway.post(both).await.text("deliveryId"), "now");
    gateway.finish().await;
}

#[tokio::test]
async fn without_a_delivery_id_the_body_stands_for_itself() {
    let gateway = Gateway::start().await;
    let issue = gateway.linear_issue().without_delivery();
    let first = gateway.post(&issue).await;
    assert_eq!((first.status, &first.json()["deliveryId"]), (200, &Value::Null));
    assert_eq!(gateway.post(&issue).await.status, 200);
    assert_eq!(events(&gateway).await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_time_that_is_missing_too_old_or_to_come_is_refused() {
    let gateway = Gateway::start().await;
    for stale in [
        gateway.linear_issue().aged_ms(9 * HOUR_MS),
        gateway.linear_issue().aged_ms(-2 * 60_000),
        gateway
            .linear_issue()
            .edit(|issue| drop(issue.as_object_mut().unwrap().remove("webhookTimestamp"))),
        gateway.linear_issue().edit(|issue| issue["webhookTimestamp"] = json!("today")),
        gateway.linear_issue().edit(|issue| issue["webhookTimestamp"] = json!(1e300)),
    ] {
        assert_refused(&gateway.post(stale).await, 401, STALE);
    }
    // The header is not signed and does not help.
    let old = Call::from(gateway.linear_issue().aged_ms(9 * HOUR_MS));
    let now = Call::from(gateway.linear_issue()).header("linear-timestamp").unwrap();
    assert_refused(&gateway.post(old.set("linear-timestamp", now)).await, 401, STALE);
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_late_call_is_taken_if_it_was_never_seen() {
    let gateway = Gateway::start().await;
    let late = gateway.linear_issue().aged_ms(7 * HOUR_MS).delivery("late");
    assert_nothing_to_do(&gateway.post(&late).await, "event ignored", Some("not_handled"));
    // Seen by now: a repetition is no second chance.
    assert_duplicate(&gateway.post(&late).await);
    let other_id = gateway.post(late.delivery("another")).await;
    assert_nothing_to_do(&other_id, "duplicate", Some("replay"));
    assert_eq!(gateway.db().count("select count(*) from job where kind = 'event'").await, 0);
    gateway.finish().await;
}
