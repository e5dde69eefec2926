//! Who may call.

use hookyard_testkit::gateway::{Call, Gateway, PATIENCE, until};

use crate::support::{assert_no_trace, assert_queued, assert_refused};

const HEADER: &str = "x-hub-signature-256";

#[tokio::test]
async fn a_call_without_a_good_signature_is_refused_and_leaves_no_trace() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let good = call.header(HEADER).unwrap();
    let other = Call::from(gateway.github_push().secret("not the secret")).header(HEADER).unwrap();
    let refused = [
        ("missing", call.clone().without(HEADER)),
        ("empty", call.clone().set(HEADER, "")),
        ("of another secret", Call::from(gateway.github_push().secret("not the secret"))),
        ("of an empty secret", Call::from(gateway.github_push().secret(""))),
        ("of another body", call.clone().body("{}")),
        ("truncated", call.clone().set(HEADER, &good[..good.len() - 2])),
        ("too long", call.clone().set(HEADER, format!("{good}00"))),
        ("without its prefix", call.clone().set(HEADER, good.replace("sha256=", ""))),
        ("in the header for SHA-1", call.clone().without(HEADER).with("x-hub-signature", &good)),
        ("no digits", call.clone().set(HEADER, format!("sha256={}", "x".repeat(64)))),
        ("not text", call.clone().set(HEADER, b"sha256=\xff\xfe")),
        ("doubled, different", call.clone().with(HEADER, &other)),
        ("over a body that is no JSON", call.clone().body("no JSON at all")),
    ];
    for (what, call) in refused {
        let answer = gateway.post(call).await;
        assert_refused(&answer, 401, "invalid signature");
        assert_no_trace_of_a_call(&gateway, what).await;
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_source_whose_signatures_keep_failing_is_put_on_record_once() {
    /// One more than is taken for an accident, and again.
    const CALLS: usize = 40;
    let gateway = Gateway::start().await;
    let on_record = "select count(*) from signature_failures where failures = 20";
    for n in 1..=CALLS {
        let wrong = Call::from(gateway.github_push().secret("not the secret"));
        assert_refused(&gateway.post(wrong).await, 401, "invalid signature");
        if n == 19 {
            assert_eq!(gateway.db().count("select count(*) from signature_failures").await, 0);
        }
    }
    until("it is on record", PATIENCE, async || gateway.db().count(on_record).await == 1).await;
    gateway.finish().await;
}

#[tokio::test]
async fn the_same_signature_twice_is_one_and_its_digits_have_no_case() {
    let gateway = Gateway::start().await;
    let call = Call::from(gateway.github_push());
    let signature = call.header(HEADER).unwrap();
    assert_queued(&gateway.post(call.with(HEADER, &signature)).await);

    let call = Call::from(gateway.github_push());
    let upper = call.header(HEADER).unwrap().to_uppercase().replace("SHA256=", "sha256=");
    assert_queued(&gateway.post(call.set(HEADER, upper)).await);
    gateway.finish().await;
}

async fn assert_no_trace_of_a_call(gateway: &Gateway, what: &str) {
    let events = gateway.db().count("select count(*) from event").await;
    let keys = gateway.db().count("select count(*) from dedupe").await;
    assert_eq!((events, keys), (0, 0), "{what}");
}

#[tokio::test]
async fn a_source_without_a_secret_says_that_it_is_not_the_senders_fault() {
    let gateway = Gateway::builder().without_sources().without_target().start().await;
    let answer = gateway.post(gateway.github_push()).await;
    assert_refused(&answer, 503, "no secret configured");
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_refused(&gateway.post(gateway.linear_issue()).await, 503, "no secret configured");
    assert_no_trace(&gateway).await;
    gateway.finish().await;
}
