//! What becomes of a delivery by what the receiver answers.

use std::collections::BTreeSet;

use hookyard_domain::ids::DeliveryId;
use hookyard_testkit::gateway::{PATIENCE, until};
use hookyard_testkit::receiver_sim::{AnswerKind, ProgrammedAnswer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Connect, Yard, assert_signed};

#[tokio::test]
async fn an_event_reaches_its_subscriber_once_and_signed() {
    let yard = Yard::start().await;
    let (_, key) = yard.connect(Connect::to("/hook")).await;
    let event = yard.publish("order.paid", json!({ "total": 7 })).await;
    let delivery = yard.comes_to(event, "delivered").await;
    let received = yard.receives("/hook", 1).await;
    assert_eq!(received.len(), 1);
    assert_signed(&received[0], &key);
    assert_eq!(received[0].header("x-webhook-event"), "order.paid");
    let body: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]), (&json!("order.paid"), &json!({ "total": 7 })));
    assert_eq!((&delivery["attempts"], &delivery["response_status"]), (&json!(1), &json!(200)));
    assert_eq!(yard.tries(event).await, [(Some(200), None)]);
    yard.finish().await;
}

#[tokio::test]
async fn what_fails_in_passing_is_tried_again_under_the_same_id() {
    let yard = Yard::start().await;
    let (connection, key) = yard.connect(Connect::to("/hook")).await;
    let programme = vec![ProgrammedAnswer::status(500).times(2), ProgrammedAnswer::status(200)];
    yard.receiver.answer("/hook", programme).unwrap();
    let event = yard.publish("order.paid", json!({})).await;
    yard.comes_to(event, "delivered").await;
    let received = yard.receives("/hook", 3).await;
    let ids: BTreeSet<&str> = received.iter().map(|it| it.header("webhook-id")).collect();
    assert_eq!((received.len(), ids.len()), (3, 1));
    for call in &received {
        assert_signed(call, &key);
    }
    let failed = || (Some(500), Some("server_error".to_owned()));
    assert_eq!(yard.tries(event).await, [failed(), failed(), (Some(200), None)]);
    let health = format!("select status, failing_since from connection where id = '{connection}'");
    let healed = json!({ "status": "connected", "failing_since": null });
    assert_eq!(yard.gateway.db().row(&health).await, healed);
    yard.finish().await;
}

#[tokio::test]
async fn a_delivery_is_given_up_after_its_last_try() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    yard.receiver.answer("/hook", vec![ProgrammedAnswer::status(503)]).unwrap();
    let event = yard.publish("order.paid", json!({})).await;
    let delivery = yard.comes_to(event, "dead").await;
    assert_eq!(delivery["attempts"], 3);
    let letter = format!(
        "select reason from dead_letter where subject_id = '{}' and kind = 'delivery' and settled_at is null",
        delivery["id"].as_str().unwrap()
    );
    assert_eq!(yard.gateway.db().row(&letter).await["reason"], "server_error");
    yard.finish().await;
}

#[tokio::test]
async fn a_receiver_that_asks_to_be_left_alone_is() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    let busy = ProgrammedAnswer::status(429).header("retry-after", "2");
    yard.receiver.answer("/hook", vec![busy, ProgrammedAnswer::status(200)]).unwrap();
    let first = yard.publish("order.paid", json!({ "n": 1 })).await;
    until("it is on record", PATIENCE, async || yard.tries(first).await.len() == 1).await;
    let second = yard.publish("order.paid", json!({ "n": 2 })).await;
    yard.comes_to(first, "delivered").await;
    yard.comes_to(second, "delivered").await;
    let received = yard.receives("/hook", 3).await;
    for later in &received[1..] {
        let waited = later.instant.duration_since(received[0].instant);
        assert!(waited.as_millis() >= 1_900, "asked for two seconds, got {waited:?}");
    }
    assert_eq!(
        yard.tries(first).await,
        [(Some(429), Some("rate_limited".to_owned())), (Some(200), None)]
    );
    assert_eq!(yard.tries(second).await, [(Some(200), None)], "waiting is no try");
    yard.finish().await;
}

#[tokio::test]
async fn one_bad_moment_holds_back_the_delivery_that_met_it_and_no_other() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    let down = ProgrammedAnswer::status(503).header("retry-after", "604800");
    yard.receiver.answer("/hook", vec![down, ProgrammedAnswer::status(200)]).unwrap();
    let first = yard.publish("order.paid", json!({ "n": 1 })).await;
    until("it is on record", PATIENCE, async || yard.tries(first).await.len() == 1).await;
    let second = yard.publish("order.paid", json!({ "n": 2 })).await;
    yard.comes_to(second, "delivered").await;
    let first = format!("select id, state, attempts from delivery where event_id = '{first}'");
    let waits = yard.gateway.db().row(&first).await;
    assert_eq!((&waits["state"], &waits["attempts"]), (&json!("failed"), &json!(1)));
    let id: Uuid = waits["id"].as_str().unwrap().parse().unwrap();
    yard.gateway.admin().json(&["deliveries", "cancel", &DeliveryId(id).to_string()]).await;
    yard.finish().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_switched_off_and_its_owners_are_told() {
    let yard = Yard::start().await;
    let (connection, _) =
        yard.connect(Connect { event_type: "order.*", ..Connect::to("/gone") }).await;
    yard.connect(Connect { event_type: "connection.disabled", ..Connect::to("/owners") }).await;
    yard.receiver.answer("/gone", vec![ProgrammedAnswer::status(410)]).unwrap();
    let event = yard.publish("order.paid", json!({})).await;
    yard.comes_to(event, "dead").await;
    assert_eq!(yard.tries(event).await, [(Some(410), Some("gone".to_owned()))]);
    let told = yard.receives("/owners", 1).await;
    let body: Value = serde_json::from_slice(&told[0].body).unwrap();
    assert_eq!(body["type"], "connection.disabled");
    let since = body["data"]["failingSince"].as_str().unwrap();
    assert!(since.ends_with('Z') && since.parse::<jiff::Timestamp>().is_ok(), "{since}");
    let status = format!("select status from connection where id = '{connection}'");
    assert_eq!(yard.gateway.db().row(&status).await["status"], "disabled");
    let next = yard.publish("order.paid", json!({})).await;
    let skipped = yard.comes_to(next, "cancelled").await;
    assert_eq!(skipped["error"], "skipped: the connection is disabled");
    assert_eq!(yard.receiver.count("/gone"), 1);
    yard.finish().await;
}

#[tokio::test]
async fn whatever_a_receiver_answers_is_a_try_of_its_class() {
    let yard = Yard::start_with(|builder, keys| {
        builder.worker(keys.worker().env("HOOKYARD_DELIVERY_MS_MAX", "8000"))
    })
    .await;
    let once = json!({ "attempts": 1, "baseMs": 1, "longestMs": 1 });
    let mut redirect = ProgrammedAnswer::status(302);
    redirect = redirect.header("location", "http://169.254.169.254/latest/meta-data/");
    let programmes = [
        ("/garbage", ProgrammedAnswer::kind(AnswerKind::Garbage), "garbage"),
        ("/reset", ProgrammedAnswer::kind(AnswerKind::Reset), "reset"),
        ("/half", ProgrammedAnswer::kind(AnswerKind::Half), "reset"),
        ("/hang", ProgrammedAnswer::kind(AnswerKind::Hang), "timeout"),
        (
            "/slow",
            ProgrammedAnswer {
                kind: AnswerKind::Slow,
                pause_ms: 1_000,
                ..ProgrammedAnswer::default()
            },
            "timeout",
        ),
        ("/redirect", redirect, "redirect"),
        ("/refuse", ProgrammedAnswer::status(422), "refused"),
    ];
    let mut connections = Vec::new();
    for (path, answer, class) in programmes {
        yard.receiver.answer(path, vec![answer]).unwrap();
        let connect = Connect { retry: once.clone(), ..Connect::to(path) };
        connections.push((yard.connect(connect).await.0, class));
    }
    let healthy = yard.connect(Connect::to("/healthy")).await.0;
    // It says 200, and then more than is read.
    yard.receiver.answer("/endless", vec![ProgrammedAnswer::kind(AnswerKind::Endless)]).unwrap();
    let endless = yard.connect(Connect::to("/endless")).await.0;
    let nobody = Connect { retry: once.clone(), ..Connect::to("") };
    connections.push((yard.connect_url("http://127.0.0.1:1/", nobody.clone()).await.0, "connect"));
    connections.push((
        yard.connect_url(yard.receiver.no_tls_url().as_str(), nobody.clone()).await.0,
        "tls",
    ));
    let self_signed = yard.receiver.self_signed_url();
    connections.push((yard.connect_url(self_signed.as_str(), nobody).await.0, "tls"));
    yard.publish("order.paid", json!({})).await;
    yard.gateway.idle().await;
    for (connection, class) in connections {
        let sql = format!(
            "select state, error_class, attempts from delivery where receiver_id = '{connection}'"
        );
        let expected = json!({ "state": "dead", "error_class": class, "attempts": 1 });
        assert_eq!(yard.gateway.db().row(&sql).await, expected);
    }
    for taken in [healthy, endless] {
        let sql = format!("select state from delivery where receiver_id = '{taken}'");
        assert_eq!(yard.gateway.db().row(&sql).await["state"], "delivered");
    }
    yard.finish().await;
}
