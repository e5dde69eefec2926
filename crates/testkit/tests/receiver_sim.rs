//! The receiver simulator, called over HTTP as a sender would.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use std::time::Duration;

use hookyard_testkit::receiver_sim::{
    AnswerKind, ProgrammedAnswer, ReceiverSim, ReceiverSimConfig,
};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// Longer than any answer here takes; a call that hangs ends by it.
const LIMIT: Duration = Duration::from_secs(20);
const SHORT_LIMIT: Duration = Duration::from_millis(300);

async fn start() -> ReceiverSim {
    ReceiverSim::start(ReceiverSimConfig::default()).await.unwrap()
}

fn client(timeout: Duration) -> Client {
    let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.retry(reqwest::retry::never()).timeout(timeout).build().unwrap()
}

async fn call(sim: &ReceiverSim, path: &str, id: &str) -> reqwest::Result<StatusCode> {
    let request = client(LIMIT).post(sim.url_of(path)).header("webhook-id", id).body("{\"a\":1}");
    let response = request.send().await?;
    let status = response.status();
    response.bytes().await.map(|_| status)
}

async fn control(sim: &ReceiverSim, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = client(LIMIT).request(method.parse().unwrap(), sim.url_of(path)).json(body);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn what_was_received_is_shown_whole_and_counted_by_id() {
    let sim = start().await;
    sim.answer("/hook", vec![ProgrammedAnswer::status(500), ProgrammedAnswer::status(204)])
        .unwrap();
    for (id, status) in [("dlv_1", 500), ("dlv_1", 204), ("dlv_2", 204)] {
        assert_eq!(call(&sim, "/hook?a=b", id).await.unwrap(), status);
    }
    let received = sim.received_at("/hook");
    assert_eq!(received.len(), 3);
    assert_eq!((&*received[0].path, &*received[0].body), ("/hook?a=b", &b"{\"a\":1}"[..]));
    assert_eq!(received[0].header("webhook-id"), "dlv_1");
    let ids = sim.ids();
    assert_eq!((ids["dlv_1"].count, ids["dlv_1"].accepted), (2, 1));
    assert_eq!((ids["dlv_2"].count, ids["dlv_2"].accepted), (1, 1));
    assert_eq!((sim.count("/hook"), sim.total()), (3, 3));
    sim.forget();
    assert_eq!((sim.received().len(), sim.ids().len(), sim.total()), (0, 0, 0));
}

#[tokio::test]
async fn a_connection_stays_open_between_proper_answers() {
    let sim = start().await;
    let client = client(LIMIT);
    let mut ports = Vec::new();
    for _ in 0..3 {
        let response = client.post(sim.url_of("/hook")).body("x").send().await.unwrap();
        ports.push(
            response
                .extensions()
                .get::<hyper_util::client::legacy::connect::HttpInfo>()
                .unwrap()
                .local_addr(),
        );
        assert_eq!(response.text().await.unwrap(), "ok");
    }
    ports.dedup();
    assert_eq!(ports.len(), 1);
}

#[tokio::test]
async fn a_receiver_breaks_in_every_way_it_is_told_to() {
    let sim = start().await;
    for kind in [AnswerKind::Close, AnswerKind::Reset, AnswerKind::Half, AnswerKind::Garbage] {
        sim.answer("/hook", vec![ProgrammedAnswer::kind(kind)]).unwrap();
        assert!(call(&sim, "/hook", "dlv_1").await.is_err(), "{kind:?}");
    }
    // The request was there each time.
    let received = sim.received_at("/hook");
    assert_eq!((received.len(), received[0].status), (4, None));
    assert_eq!(sim.ids()["dlv_1"].accepted, 0);
}

#[tokio::test]
async fn a_reset_is_seen_as_one() {
    let sim = start().await;
    sim.answer("/hook", vec![ProgrammedAnswer::kind(AnswerKind::Reset)]).unwrap();
    let error = call(&sim, "/hook", "dlv_1").await.unwrap_err();
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let found = std::iter::from_fn(|| {
        let this = source?;
        source = this.source();
        Some(this)
    })
    .find_map(|error| error.downcast_ref::<std::io::Error>());
    assert_eq!(found.unwrap().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_hanging_and_an_endless_answer_last_as_long_as_the_caller() {
    let sim = start().await;
    for kind in [AnswerKind::Hang, AnswerKind::Endless] {
        sim.answer("/hook", vec![ProgrammedAnswer::kind(kind)]).unwrap();
        let called = client(SHORT_LIMIT).get(sim.url_of("/hook")).send().await;
        let read = match called {
            Ok(response) => response.bytes().await.map(drop),
            Err(error) => Err(error),
        };
        assert!(read.unwrap_err().is_timeout(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_slow_answer_is_whole_in_the_end() {
    let sim = start().await;
    let slow = ProgrammedAnswer { pause_ms: 1, ..ProgrammedAnswer::kind(AnswerKind::Slow) };
    sim.answer("/hook", vec![slow.header("x-a", "b")]).unwrap();
    let response = client(LIMIT).get(sim.url_of("/hook")).send().await.unwrap();
    assert_eq!(response.headers()["x-a"], "b");
    assert_eq!(response.text().await.unwrap(), "ok");
}

#[tokio::test]
async fn tls_is_refused_for_its_certificate_or_its_absence() {
    let sim = start().await;
    for url in [sim.self_signed_url(), sim.no_tls_url()] {
        assert!(client(LIMIT).get(url.clone()).send().await.unwrap_err().is_connect(), "{url}");
    }
    assert_eq!(sim.total(), 0);
    let careless = Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
    let response = careless.build().unwrap().get(sim.self_signed_url()).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "ok");
}

#[tokio::test]
async fn answers_are_set_and_requests_are_shown_over_http() {
    let sim = start().await;
    let redirect =
        json!({ "status": 302, "headers": { "location": "http://169.254.169.254/" }, "times": 2 });
    let answers =
        json!({ "path": "/a/*", "answers": [redirect, { "status": 410, "body": "gone" }] });
    assert_eq!(control(&sim, "POST", "/_sim/answers", &answers).await.0, StatusCode::OK);
    for (id, status) in [("dlv_1", 302), ("dlv_1", 302), ("dlv_2", 410)] {
        assert_eq!(call(&sim, "/a/b", id).await.unwrap(), status);
    }
    let (_, shown) = control(&sim, "GET", "/_sim/requests?path=/a/b&limit=1", &json!({})).await;
    assert_eq!((&shown["total"], shown["requests"].as_array().unwrap().len()), (&json!(3), 1));
    let newest = &shown["requests"][0];
    assert_eq!((&newest["webhookId"], &newest["status"]), (&json!("dlv_2"), &json!(410)));
    assert_eq!((&newest["body"], &newest["method"]), (&json!("{\"a\":1}"), &json!("POST")));
    let (_, repeated) = control(&sim, "GET", "/_sim/ids?repeated", &json!({})).await;
    assert_eq!(repeated["ids"].as_object().unwrap().len(), 1);
    assert_eq!(repeated["ids"]["dlv_1"]["count"], json!(2));

    control(&sim, "DELETE", "/_sim/answers?path=/a/*", &json!({})).await;
    assert_eq!(call(&sim, "/a/b", "dlv_3").await.unwrap(), 200);
    let (_, state) = control(&sim, "DELETE", "/_sim/requests", &json!({})).await;
    assert_eq!(state["total"], json!(0));
}

#[tokio::test]
async fn a_wrong_call_says_what_is_wrong() {
    let sim = start().await;
    for (path, body, expected) in [
        ("/_sim/answers", json!({ "answers": [] }), StatusCode::BAD_REQUEST),
        ("/_sim/answers", json!({ "answers": [{ "kind": "explode" }] }), StatusCode::BAD_REQUEST),
        ("/_sim/answers", json!({ "path": "x", "answers": [{}] }), StatusCode::BAD_REQUEST),
        ("/_sim/nothing", json!({}), StatusCode::NOT_FOUND),
    ] {
        let (status, answer) = control(&sim, "POST", path, &body).await;
        assert_eq!(status, expected, "{path} {body}");
        assert!(!answer["error"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn unrecorded_requests_are_counted_all_the_same() {
    let sim = start().await;
    let counted = ProgrammedAnswer { record: false, ..ProgrammedAnswer::default() };
    sim.answer("/noop/*", vec![counted]).unwrap();
    for _ in 0..3 {
        call(&sim, "/noop/1", "dlv_1").await.unwrap();
    }
    assert_eq!((sim.count("/noop/1"), sim.received().len(), sim.ids().len()), (3, 0, 0));
}
