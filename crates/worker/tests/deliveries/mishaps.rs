//! Workers that die or freeze, servers that are away, and faults of our own.

use hookyard_testkit::gateway::{PATIENCE, WORKSPACE, until};
use hookyard_testkit::proxy::Weather;
use hookyard_testkit::receiver_sim::{AnswerKind, ProgrammedAnswer};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Connect, Keys, Yard};

/// Leases end now: what a minute would do.
const EXPIRE: &str = "update job set due_at = now() where state = 'leased'";

#[tokio::test]
async fn a_call_whose_worker_was_killed_is_repeated_under_the_same_id() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    let hang = ProgrammedAnswer::kind(AnswerKind::Hang);
    yard.receiver.answer("/hook", vec![hang, ProgrammedAnswer::status(200)]).unwrap();
    let event = yard.publish("order.paid", json!({})).await;
    yard.receives("/hook", 1).await;
    yard.gateway.worker(0).kill9().await;
    yard.gateway.db().execute(EXPIRE).await;
    yard.gateway.worker(0).start().await;
    let delivery = yard.comes_to(event, "delivered").await;
    let received = yard.receives("/hook", 2).await;
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
    assert_eq!(delivery["attempts"], 1, "nobody knows how the first one went");
    yard.finish().await;
}

#[tokio::test]
async fn a_worker_that_wakes_up_after_its_lease_records_nothing() {
    let yard =
        Yard::start_with(|builder, keys| builder.worker(keys.worker()).worker(keys.worker())).await;
    yard.connect(Connect::to("/hook")).await;
    yard.gateway.worker(1).stop().await;
    let slow = ProgrammedAnswer::status(500).after_ms(5_000);
    yard.receiver.answer("/hook", vec![slow, ProgrammedAnswer::status(200)]).unwrap();
    let event = yard.publish("order.paid", json!({})).await;
    yard.receives("/hook", 1).await;
    yard.gateway.worker(0).freeze();
    yard.gateway.worker(1).start().await;
    yard.gateway.db().execute(EXPIRE).await;
    until("the other has done the work", PATIENCE, async || {
        let seem_lost = "update job set due_at = now() where state = 'ready'";
        yard.gateway.db().execute(seem_lost).await;
        yard.gateway.db().count("select count(*) from job").await == 0
    })
    .await;
    yard.gateway.worker(0).thaw();
    yard.gateway.worker(0).ready().await;
    let next = yard.publish("order.paid", json!({})).await;
    yard.comes_to(next, "delivered").await;
    assert_eq!(yard.tries(event).await, [(Some(200), None)], "the failure came too late");
    assert_eq!(yard.delivery(event).await["state"], "delivered");
    yard.finish().await;
}

#[tokio::test]
async fn what_kills_every_worker_is_given_up() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    yard.gateway.worker(0).stop().await;
    let poison = yard.publish("order.paid", json!({})).await;
    yard.gateway.worker(0).start().await;
    yard.comes_to(poison, "delivered").await;
    yard.gateway.worker(0).stop().await;
    // Five workers ended while they sent it.
    let again = "with pending as (update delivery set state = 'pending' returning id, workspace_id, receiver_id)
                 insert into job (subject_id, workspace_id, lane_id, kind, state, due_at, runs)
                 select id, workspace_id, receiver_id, 'delivery', 'scheduled', now(), 5 from pending";
    yard.gateway.db().execute(again).await;
    let innocent = yard.publish("order.paid", json!({})).await;
    yard.gateway.worker(0).start().await;
    yard.comes_to(innocent, "delivered").await;
    let dead = yard.comes_to(poison, "dead").await;
    assert_eq!(dead["error"], "5 workers ended while they sent it");
    yard.finish().await;
}

#[tokio::test]
async fn a_suspected_delivery_is_sent_all_the_same() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    yard.gateway.worker(0).stop().await;
    let events: Vec<_> = (0..20).map(|n| (Uuid::now_v7(), json!({ "n": n }))).collect();
    yard.publish_many("acme", "order.paid", &events).await;
    yard.receiver.answer("/hook", vec![ProgrammedAnswer::kind(AnswerKind::Hang)]).unwrap();
    yard.gateway.worker(0).start().await;
    yard.receives("/hook", 16).await;
    yard.gateway.worker(0).kill9().await;
    yard.receiver.answer("/hook", vec![ProgrammedAnswer::status(200)]).unwrap();
    yard.gateway.db().execute(EXPIRE).await;
    yard.gateway.worker(0).start().await;
    for (event, _) in &events {
        yard.comes_to(*event, "delivered").await;
    }
    yard.finish().await;
}

#[tokio::test]
async fn our_own_fault_spends_no_try() {
    let yard = Yard::start_with(|builder, keys| {
        builder.worker(Keys::new().worker()).worker(keys.worker())
    })
    .await;
    yard.gateway.worker(1).stop().await;
    yard.connect(Connect::to("/hook")).await;
    let event = yard.publish("order.paid", json!({})).await;
    let resting =
        "select count(*) from job where kind = 'delivery' and state = 'parked' and runs = 0";
    until("it was put back", PATIENCE, async || yard.gateway.db().count(resting).await == 1).await;
    assert_eq!(yard.delivery(event).await["attempts"], 0);
    yard.gateway.worker(0).stop().await;
    yard.gateway.worker(1).start().await;
    yard.comes_to(event, "delivered").await;
    assert_eq!(yard.tries(event).await, [(Some(200), None)]);
    yard.finish().await;
}

#[tokio::test]
async fn deliveries_go_on_while_the_broker_is_away() {
    let yard = Yard::start_with(|builder, keys| builder.proxied().worker(keys.worker())).await;
    yard.connect(Connect::to("/hook")).await;
    yard.gateway.broker_proxy().set(Weather::Refuse);
    yard.gateway.broker_proxy().cut();
    let event = yard.publish("order.paid", json!({})).await;
    yard.comes_to(event, "delivered").await;
    yard.gateway.broker_proxy().set(Weather::Clear);
    assert_eq!(yard.receiver.count("/hook"), 1);
    yard.finish().await;
}

#[tokio::test]
async fn a_delivery_that_is_called_off_in_flight_is_not_tried_again() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    let slow = ProgrammedAnswer::status(500).after_ms(5_000);
    yard.receiver.answer("/hook", vec![slow, ProgrammedAnswer::status(200)]).unwrap();
    let event = yard.publish("order.paid", json!({})).await;
    yard.receives("/hook", 1).await;
    yard.gateway.db().execute("update delivery set cancel_requested_at = now()").await;
    yard.comes_to(event, "cancelled").await;
    yard.gateway.idle().await;
    assert_eq!(yard.receiver.count("/hook"), 1);
    yard.finish().await;
}

#[tokio::test]
async fn a_stopping_worker_ends_the_calls_under_way() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    let slow = ProgrammedAnswer::status(200).after_ms(1_000);
    yard.receiver.answer("/hook", vec![slow]).unwrap();
    let event = yard.publish("order.paid", json!({})).await;
    yard.receives("/hook", 1).await;
    let status = yard.gateway.worker(0).stop().await;
    assert!(status.success());
    assert_eq!(yard.delivery(event).await["state"], "delivered");
    yard.gateway.worker(0).start().await;
    yard.finish().await;
}

#[tokio::test]
async fn what_is_owed_to_a_receiver_whose_credentials_cannot_be_opened_waits_in_its_place() {
    let yard = Yard::start().await;
    let (connection, _) = yard.connect(Connect::to("/hook")).await;
    let spoil =
        format!("update connection set sealed = '\\x00' || sealed where id = '{connection}'");
    yard.gateway.db().execute(&spoil).await;
    let events: Vec<_> = (0..5).map(|n| (Uuid::now_v7(), json!({ "n": n }))).collect();
    yard.publish_many(WORKSPACE, "order.paid", &events).await;
    let parked =
        "select count(*) from job where kind = 'delivery' and state = 'parked' and runs = 0";
    until("all of them wait", PATIENCE, async || yard.gateway.db().count(parked).await == 5).await;
    let heal = format!(
        "update connection set sealed = substring(sealed from 2) where id = '{connection}'"
    );
    yard.gateway.db().execute(&heal).await;
    // A process that knows nothing of it need not wait out the pause.
    yard.gateway.worker(0).stop().await;
    yard.gateway.worker(0).start().await;
    yard.receives("/hook", 5).await;
    yard.gateway.idle().await;
    assert_eq!(yard.gateway.db().count("select count(*) from attempt").await, 5);
    yard.finish().await;
}
