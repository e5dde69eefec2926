//! Receivers and workspaces do not stand in each other's way.

use std::time::Duration;

use hookyard_testkit::gateway::{PATIENCE, until};
use hookyard_testkit::receiver_sim::{AnswerKind, ProgrammedAnswer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Connect, Yard};

fn events(count: usize) -> Vec<(Uuid, Value)> {
    (0..count).map(|n| (Uuid::now_v7(), json!({ "n": n }))).collect()
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_nobody_else() {
    let yard = Yard::start().await;
    yard.receiver.answer("/hang", vec![ProgrammedAnswer::kind(AnswerKind::Hang)]).unwrap();
    let once = json!({ "attempts": 1, "baseMs": 1, "longestMs": 1 });
    yard.connect(Connect { retry: once, ..Connect::to("/hang") }).await;
    yard.connect(Connect::to("/healthy")).await;
    yard.publish_many("acme", "order.paid", &events(200)).await;
    // The healthy one has all of its deliveries while the other's first sixteen still hang.
    yard.receives("/healthy", 200).await;
    assert_eq!(yard.receiver.count("/hang"), 16, "as many as it has places");
    let waiting = "select count(*) from job where state = 'parked'";
    until("the others wait", PATIENCE, async || yard.gateway.db().count(waiting).await == 184)
        .await;
    // Well again, it gets the rest.
    yard.receiver.answer("/hang", vec![ProgrammedAnswer::status(200)]).unwrap();
    yard.receives("/hang", 200).await;
    yard.finish().await;
}

#[tokio::test]
async fn no_receiver_gets_more_calls_at_once_than_it_has_places() {
    let yard =
        Yard::start_with(|builder, keys| builder.worker(keys.worker()).worker(keys.worker())).await;
    yard.receiver.answer("/slow", vec![ProgrammedAnswer::status(200).after_ms(50)]).unwrap();
    let (connection, _) = yard.connect(Connect { concurrency: 3, ..Connect::to("/slow") }).await;
    yard.publish_many("acme", "order.paid", &events(60)).await;
    let under_way =
        format!("select count(*) from job where state = 'leased' and lane_id = '{connection}'");
    let mut most = 0;
    until("all are there", PATIENCE, async || {
        most = most.max(yard.gateway.db().count(&under_way).await);
        yard.receiver.count("/slow") >= 60
    })
    .await;
    assert!(most <= 3, "{most} at once");
    yard.finish().await;
}

#[tokio::test]
async fn a_receiver_is_called_at_its_rate() {
    let yard = Yard::start().await;
    yard.connect(Connect { rate_per_s: Some(5.0), ..Connect::to("/paced") }).await;
    yard.publish_many("acme", "order.paid", &events(15)).await;
    let received = yard.receives("/paced", 15).await;
    // Five at once and ten more at five a second are two seconds; without a rate they are a few milliseconds.
    let took = received[14].instant.duration_since(received[0].instant);
    assert!(took >= Duration::from_secs(1), "{took:?}");
    let tries = "select count(*) from attempt";
    assert_eq!(yard.gateway.db().count(tries).await, 15, "waiting is no try");
    yard.finish().await;
}

#[tokio::test]
async fn one_workspaces_backlog_delays_no_other() {
    let yard = Yard::start().await;
    yard.add_workspace("small").await;
    yard.receiver.answer("/hang*", vec![ProgrammedAnswer::kind(AnswerKind::Hang)]).unwrap();
    let once = json!({ "attempts": 1, "baseMs": 1, "longestMs": 1 });
    // More places than the worker has.
    for n in 0..4 {
        let path = format!("/hang/{n}");
        let connect = Connect { concurrency: 200, retry: once.clone(), ..Connect::to(&path) };
        yard.connect(connect).await;
    }
    yard.connect(Connect { workspace: "small", ..Connect::to("/small") }).await;
    yard.publish_many("acme", "order.paid", &events(300)).await;
    until("the worker is busy", PATIENCE, async || yard.receiver.total() >= 200).await;
    yard.publish_in("small", "order.paid", json!({})).await;
    yard.receives("/small", 1).await;
    let ended = "select count(*) from attempt join delivery on delivery.id = delivery_id
                   join workspace on workspace.id = workspace_id where slug = 'acme'";
    let ended = yard.gateway.db().count(ended).await;
    assert_eq!(ended, 0, "all calls of the other workspace still hang");
    yard.receiver.answer("/hang*", vec![ProgrammedAnswer::status(200)]).unwrap();
    yard.finish().await;
}
