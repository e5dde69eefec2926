//! OAuth clients, replays, and events that came as webhooks.

use hookyard_destinations::{Integration, integration_connected};
use hookyard_testkit::gateway::{PATIENCE, until};
use hookyard_testkit::receiver_sim::ProgrammedAnswer;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Connect, Yard};

#[tokio::test]
async fn an_oauth_client_hears_of_its_users_integrations_only() {
    let yard = Yard::start().await;
    let client = yard.oauth_client("/client", "ann").await;
    let integration = |user| {
        let integration = Integration {
            id: "con_1".to_owned(),
            provider: "slack".to_owned(),
            account_id: None,
            mcp_endpoint: None,
            name: "default".to_owned(),
            icon: None,
        };
        integration_connected(user, &integration)
    };
    let told = yard.raise("integration.connected", integration("ann")).await;
    let untold = yard.raise("integration.connected", integration("ben")).await;
    let delivery = yard.comes_to(told, "delivered").await;
    yard.gateway.idle().await;
    assert_eq!(delivery["receiver_id"], client.to_string());
    let received = yard.receives("/client", 1).await;
    assert_eq!(received.len(), 1);
    let body: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(
        (&body["event"], &body["user_id"]),
        (&json!("integration.connected"), &json!("ann"))
    );
    let id = delivery["id"].as_str().unwrap();
    assert_eq!(received[0].header("x-webhook-delivery"), id, "a plain UUID, as ever");
    let owed = format!("select count(*) from delivery where event_id = '{untold}'");
    assert_eq!(yard.gateway.db().count(&owed).await, 0);
    yard.finish().await;
}

#[tokio::test]
async fn a_replay_sends_what_was_dead_once_more_under_the_old_ids() {
    let yard = Yard::start().await;
    let once = json!({ "attempts": 1, "baseMs": 1, "longestMs": 1 });
    yard.connect(Connect { retry: once, ..Connect::to("/hook") }).await;
    yard.receiver.answer("/hook", vec![ProgrammedAnswer::status(422)]).unwrap();
    let events: Vec<_> = (0..30).map(|n| (Uuid::now_v7(), json!({ "n": n }))).collect();
    yard.publish_many("acme", "order.paid", &events).await;
    yard.receives("/hook", 30).await;
    yard.gateway.idle().await;
    yard.receiver.answer("/hook", vec![ProgrammedAnswer::status(200)]).unwrap();
    let replay = "with made as (
            insert into replay (id, workspace_id, filter, expected, per_s, state, actor)
            select uuid_v7(now()), id, '{\"states\":[\"dead\"]}', 30, 20, 'running', 'test' from workspace
         returning id, workspace_id
        )
        insert into job (subject_id, workspace_id, kind, state, due_at)
        select id, workspace_id, 'replay', 'scheduled', now() from made";
    yard.gateway.db().execute(replay).await;
    let completed = "select count(*) from replay where state = 'completed' and replayed = 30";
    until("the replay is over", PATIENCE, async || yard.gateway.db().count(completed).await == 1)
        .await;
    yard.receives("/hook", 60).await;
    yard.gateway.idle().await;
    let ids = yard.receiver.ids();
    assert!(ids.len() == 30 && ids.values().all(|id| (id.count, id.accepted) == (2, 1)));
    let letters = "select count(*) from dead_letter where settled_at is null";
    assert_eq!(yard.gateway.db().count(letters).await, 0);
    yard.finish().await;
}
