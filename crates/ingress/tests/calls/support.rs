//! What the tests say of answers and records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hookyard_testkit::gateway::{Answer, Gateway};
use serde_json::{Value, json};
use tokio::task::JoinSet;

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

/// How many statements wait for a lock in this test's own database.
pub(crate) const WAITING: &str = "select count(*) from pg_locks
     where not granted and database = (select oid from pg_database where datname = current_database())";

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

/// Good calls over a connection of their own, one after the other, while something else goes on.
pub(crate) struct Traffic {
    done: Arc<AtomicBool>,
    calling: JoinSet<usize>,
}

impl Traffic {
    pub(crate) fn start(gateway: &Gateway) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let (caller, push) = (gateway.caller().afresh(), gateway.github_push());
        let told = Arc::clone(&done);
        let mut calling = JoinSet::new();
        calling.spawn(async move {
            let mut answers = 0;
            while !told.load(Ordering::Relaxed) {
                let push = push.clone().delivery(&format!("good-{answers}"));
                let answer = caller.post(push.after(&format!("{answers:040x}"))).await;
                assert!(answer.is_success(), "{answer:?}");
                answers += 1;
            }
            answers
        });
        Self { done, calling }
    }

    /// How many calls there were; each was answered 2xx.
    pub(crate) async fn stop(self) -> usize {
        self.done.store(true, Ordering::Relaxed);
        self.calling.join_all().await.into_iter().sum()
    }
}
