//! Bodies of every kind, from callers who know the secret.

use hookyard_testkit::gateway::{Answer, Call, Gateway};
use serde_json::json;

use crate::support::{assert_nothing_to_do, assert_queued, assert_refused, events};

/// The cap of every source, in bytes.
const CAP: usize = 25 * 1024 * 1024;

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_after_a_good_signature() {
    let gateway = Gateway::start().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let refused: [(&str, &[u8], &str); 9] = [
        ("empty", b"", "the body is empty"),
        ("not UTF-8", b"{\"action\":\"\xff\"}", "the body is not UTF-8"),
        ("cut off", b"{\"action\":", "the body is not valid JSON: it ends too early"),
        ("a NUL byte", b"{\"action\":\"\0\"}", "the body is not valid JSON"),
        ("a text", b"\"push\"", "the body is not a JSON object"),
        ("null", b"null", "the body is not a JSON object"),
        ("a list", b"[]", "the body is not a JSON object"),
        ("nested lists", deep.as_bytes(), "the body is not a JSON object"),
        (
            "a wrong type",
            b"{\"installation\":7}",
            "the body is not a JSON object with the expected fields",
        ),
    ];
    for (what, body, error) in refused {
        let answer = gateway.post(gateway.github_push().raw_body(body)).await;
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        assert!(answer.text("error").starts_with(error), "{what}: {answer:?}");
    }
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn what_hookyard_does_not_read_may_hold_anything() {
    let gateway = Gateway::start().await;
    let nul = gateway.github_push().edit(|push| push["head_commit"]["message"] = json!("a\u{0}b"));
    assert_queued(&gateway.post(nul).await);

    let mut push = Call::from(gateway.github_push()).body.to_vec();
    push.pop();
    let deep = format!(",\"deep\":{}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    push.extend_from_slice(deep.as_bytes());
    assert_queued(&gateway.post(gateway.github_push().raw_body(push)).await);
    gateway.finish().await;
}

#[tokio::test]
async fn what_hookyard_reads_must_fit_its_columns() {
    let gateway = Gateway::start().await;
    let nul = gateway.github_push().git_ref("refs/heads/a\u{0}b");
    assert_refused(&gateway.post(nul).await, 400, "`ref` contains a NUL character");
    let long = gateway.github_push().git_ref(&format!("refs/heads/{}", "x".repeat(2_000)));
    assert_refused(&gateway.post(long).await, 400, "`ref` is longer than 1024 bytes");
    assert_eq!(events(&gateway).await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn an_action_that_no_type_can_spell_is_recorded_without_it() {
    let gateway = Gateway::start().await;
    for action in ["x".repeat(101), "déploy".to_owned()] {
        let event = gateway.github_event("repository_dispatch", json!({ "action": action }));
        assert_eq!(gateway.post(event).await.status, 200);
    }
    let bare = "select count(*) from event where type = 'github.repository_dispatch'";
    assert_eq!(gateway.db().count(bare).await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn a_form_must_hold_one_payload() {
    let gateway = Gateway::start().await;
    let no_payload = "the form has no field `payload`";
    for (body, error) in [
        ("", no_payload),
        ("other=%7B%7D", no_payload),
        ("payload=%7B%7D&payload=%7B%7D", "the form has several fields `payload`"),
        ("payload=%7", "the form's field `payload` is not percent-encoded"),
    ] {
        let call = gateway.github_push().form().raw_body(body);
        assert_refused(&gateway.post(call).await, 400, error);
    }
    gateway.finish().await;
}

#[tokio::test]
async fn the_cap_is_exact_however_the_body_comes() {
    let gateway = Gateway::start().await;
    gateway.db().execute("update source set body_bytes_max = 5000 where provider = 'github'").await;
    let padded = |bytes: usize| {
        let mut body = Call::from(gateway.github_push()).body.to_vec();
        body.resize(bytes, b' ');
        Call::from(gateway.github_push().raw_body(body))
    };

    assert_queued(&gateway.post(padded(5_000)).await);
    assert_too_large(&gateway.post(padded(5_001)).await);
    assert_queued(&gateway.raw(&chunked(&padded(5_000))).await.unwrap());
    assert_too_large(&gateway.raw(&chunked(&padded(5_001))).await.unwrap());
    gateway.finish().await;
}

#[tokio::test]
async fn a_body_that_is_declared_too_large_is_refused_before_it_is_sent() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push()).set("content-length", (CAP + 1).to_string());
    let mut connection = gateway.connect().await;
    connection.send(&call.head()).await;
    assert_too_large(&connection.answer().await.unwrap());
    assert!(connection.is_closed().await);
    gateway.finish().await;
}

#[tokio::test]
async fn the_largest_body_of_github_is_taken() {
    let gateway = Gateway::start().await;
    let mut body = Call::from(gateway.github_push().git_ref("refs/tags/v1")).body.to_vec();
    body.resize(CAP, b' ');
    let answer = gateway.post(gateway.github_push().raw_body(body)).await;
    assert_nothing_to_do(&answer, "event ignored", Some("not_a_branch"));
    let stored = gateway.db().count("select body_bytes from event").await;
    assert_eq!(stored, i64::try_from(CAP).unwrap());
    gateway.finish().await;
}

#[track_caller]
fn assert_too_large(answer: &Answer) {
    assert_refused(answer, 413, "body too large");
    assert_eq!(answer.header("connection"), Some("close"));
}

/// The call with a body in chunks, and no length.
fn chunked(call: &Call) -> Vec<u8> {
    let mut bytes = call.clone().with("transfer-encoding", "chunked").head();
    for chunk in call.body.chunks(1_000) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}
