//! What the tests say of answers and records.

use hookyard_testkit::gateway::{Answer, Gateway};
use serde_json::{Value, json};

/// A head that is told by its digit.
pub(crate) fn sha(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// Accepted, with work queued.
#[track_caller]
pub(crate) fn assert_queued(answer: &Answer) {
    assert_eq!(answer.status, 202, "{answer:?}");
    let body = answer.json();
    assert_eq!(
        (&body["ok"], &body["accepted"], &body["queued"]),
        (&json!(true), &json!(true), &json!(true))
    );
}

/// Recorded, and nothing to do for this reason and detail.
#[track_caller]
pub(crate) fn assert_nothing_to_do(answer: &Answer, reason: &str, detail: Option<&str>) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["ok"], &body["accepted"]), (&json!(true), &json!(false)), "{answer:?}");
    assert_eq!(body["reason"], reason, "{answer:?}");
    assert_eq!(body.get("detail").and_then(Value::as_str), detail, "{answer:?}");
}

/// Recorded before.
#[track_caller]
pub(crate) fn assert_duplicate(answer: &Answer) {
    assert_nothing_to_do(answer, "duplicate", None);
}

/// Refused with this status and exactly this text.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.json(), json!({ "ok": false, "error": error }));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// Nothing of any call is in the database.
pub(crate) async fn assert_no_trace(gateway: &Gateway) {
    for table in ["event", "dedupe", "job", "sync_event", "event_workspace"] {
        let rows = gateway.db().count(&format!("select count(*) from {table}")).await;
        assert_eq!(rows, 0, "{table}");
    }
}

pub(crate) async fn events(gateway: &Gateway) -> i64 {
    gateway.db().count("select count(*) from event").await
}
