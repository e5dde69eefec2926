//! Linear's scheme: its documented example, freshness, and the two generations of header names.

mod support;

use hookyard_sources::sign::sign_linear;
use hookyard_sources::{Envelope, Rejection, linear_envelope};
use serde_json::{Value, json};
use support::{NOW_MS, SECRET, fixture, linear};

const HOUR_MS: i64 = 60 * 60 * 1_000;

fn issue_at(timestamp: impl Into<Value>) -> String {
    let timestamp: Value = timestamp.into();
    json!({
        "type": "Issue", "action": "create", "webhookTimestamp": timestamp,
        "webhookId": "hook-1", "organizationId": "org-1", "data": {"id": "i"},
    })
    .to_string()
}

fn issue() -> String {
    issue_at(NOW_MS)
}

#[test]
fn the_documented_example_verifies_with_the_signature_that_its_own_library_accepts() {
    let vectors: Value = serde_json::from_slice(&fixture("vectors.json")).unwrap();
    for vector in vectors["linear"].as_array().unwrap() {
        let sent_ms = vector["webhookTimestamp"].as_i64().unwrap();
        let call = linear(vector["body"].as_str().unwrap())
            .secrets(&[vector["secret"].as_str().unwrap()])
            .instead("Linear-Signature", vector["header"].as_str().unwrap())
            .with("Linear-Delivery", "234d1a4e-b617-4388-90fe-adc3633d6b72")
            .at(sent_ms);
        let verified = call.verify().unwrap();
        assert_eq!(verified.event_type, "linear.Comment.create");
        assert_eq!(verified.provider_event, "Comment");
        assert_eq!(verified.delivery_id.as_deref(), Some("234d1a4e-b617-4388-90fe-adc3633d6b72"));
        assert_eq!(verified.hook_id.as_deref(), Some("000042e3-d123-4980-b49f-8e140eef9329"));
        assert!(verified.fresh);
        let Envelope::Linear(envelope) = verified.envelope else { panic!("another provider's") };
        assert_eq!(envelope.webhook_timestamp_ms, Some(sent_ms));
        assert_eq!(
            envelope.organization_id.as_deref(),
            Some("dc844923-f9a4-40a3-825c-dea7747e57d6")
        );
    }
}

#[test]
fn the_documented_example_is_read_from_its_file() {
    let envelope = linear_envelope(&fixture("linear/comment_create.docs.json")).unwrap();
    assert_eq!(envelope.entity.as_deref(), Some("Comment"));
    assert_eq!(envelope.action.as_deref(), Some("create"));
}

#[test]
fn only_the_signed_time_decides_how_fresh_a_call_is() {
    for (age_ms, expected) in [
        (-60_001, Err(Rejection::Stale)),
        (-60_000, Ok(true)),
        (60_000, Ok(true)),
        (60_001, Ok(false)),
        (8 * HOUR_MS, Ok(false)),
        (8 * HOUR_MS + 1, Err(Rejection::Stale)),
    ] {
        let call = linear(issue()).with("Linear-Timestamp", NOW_MS.to_string()).at(NOW_MS + age_ms);
        assert_eq!(call.verify().map(|verified| verified.fresh), expected, "age {age_ms} ms");
    }
}

#[test]
fn a_time_that_is_missing_or_no_whole_number_is_stale() {
    let times = [
        Value::Null,
        json!(NOW_MS.to_string()),
        json!(1.5),
        json!(true),
        json!({"a": 1}),
        json!(u64::MAX),
        json!(i64::MIN),
    ];
    for time in times {
        let call = linear(issue_at(time.clone()));
        assert_eq!(call.verify(), Err(Rejection::Stale), "{time}");
    }
    let missing = linear(r#"{"type":"Issue","action":"create"}"#);
    assert_eq!(
        missing.with("Linear-Timestamp", NOW_MS.to_string()).verify(),
        Err(Rejection::Stale)
    );
}

#[test]
fn either_name_of_the_signature_header_serves() {
    let good = sign_linear(SECRET.as_bytes(), issue().as_bytes());
    let other = sign_linear(b"another secret", issue().as_bytes());
    let call = linear(issue()).without("Linear-Signature");
    assert_eq!(call.verify(), Err(Rejection::MissingSignature));
    call.clone().with("x-linear-signature", &good).verify().unwrap();
    call.clone().with("x-linear-signature", good.to_uppercase()).verify().unwrap();

    let both = call.with("Linear-Signature", &good);
    both.clone().with("x-linear-signature", &good).verify().unwrap();
    for conflicting in [other.as_str(), "", "sha256=", &good[..62]] {
        let call = both.clone().with("x-linear-signature", conflicting);
        assert_eq!(call.verify(), Err(Rejection::WrongSignature), "{conflicting:?}");
    }
}

#[test]
fn every_other_signature_is_refused() {
    let good = sign_linear(SECRET.as_bytes(), issue().as_bytes());
    for wrong in [
        String::new(),
        good[..63].to_owned(),
        format!("{good}{good}"),
        format!("sha256={good}"),
        sign_linear(b"another secret", issue().as_bytes()),
    ] {
        let call = linear(issue()).instead("Linear-Signature", &wrong);
        assert_eq!(call.verify(), Err(Rejection::WrongSignature), "{wrong:?}");
    }
}

#[test]
fn during_a_rotation_both_secrets_are_good() {
    let call = linear(issue());
    call.clone().secrets(&["new", SECRET]).verify().unwrap();
    assert_eq!(call.secrets(&["new"]).verify(), Err(Rejection::WrongSignature));
}

#[test]
fn either_name_of_the_delivery_header_serves_and_the_documented_one_wins() {
    let call = linear(issue());
    assert_eq!(call.verify().unwrap().delivery_id, None);
    let call = call.with("x-linear-event-id", "former");
    assert_eq!(call.verify().unwrap().delivery_id.as_deref(), Some("former"));
    let call = call.with("Linear-Delivery", "documented");
    assert_eq!(call.verify().unwrap().delivery_id.as_deref(), Some("documented"));
    let text = call.with("Linear-Delivery", "another").malformed();
    assert_eq!(text, "conflicting Linear-Delivery headers");
}

#[test]
fn the_signed_type_counts_and_the_header_only_without_one() {
    let call = linear(issue()).with("Linear-Event", "Comment");
    assert_eq!(call.verify().unwrap().event_type, "linear.Issue.create");

    let untyped = json!({"action": "remove", "webhookTimestamp": NOW_MS}).to_string();
    let call = linear(untyped);
    assert_eq!(call.malformed(), "missing `type` in the body and Linear-Event header");
    let call = call.with("Linear-Event", "Comment");
    let verified = call.verify().unwrap();
    assert_eq!(verified.event_type, "linear.Comment.remove");
    assert_eq!(verified.hook_id, None);
}

#[test]
fn names_and_ids_are_bounded() {
    let with = |field: &str, value: String| {
        let mut body: Value = serde_json::from_str(&issue()).unwrap();
        body[field] = value.into();
        linear(body.to_string())
    };
    for field in ["type", "action"] {
        with(field, "x".repeat(100)).verify().unwrap();
        for value in [String::new(), "x".repeat(101), "é".to_owned(), "a\0b".to_owned()] {
            let text = with(field, value).malformed();
            assert!(text.contains(field), "{text}");
        }
    }
    for field in ["webhookId", "organizationId"] {
        with(field, "x".repeat(255)).verify().unwrap();
        for value in ["x".repeat(256), "a b".to_owned(), "a\0b".to_owned()] {
            let text = with(field, value).malformed();
            assert!(text.contains(field), "{text}");
        }
    }
}
