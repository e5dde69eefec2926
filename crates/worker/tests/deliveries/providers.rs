//! Receivers of other kinds, played behind the allow-list.

use hookyard_domain::connection::ConnectionKind;
use hookyard_testkit::receiver_sim::ProgrammedAnswer;
use serde_json::{Value, json};

use crate::support::{Connect, Yard};

const SLACK: &str = "/services/T000/B000/token";
const DISCORD: &str = "/api/webhooks/123/token";

fn post() -> Value {
    json!({ "post": { "title": "Dark mode", "content": "Please <!channel> @everyone", "slug": "dark-mode" } })
}

fn saying(status: u16, body: &str) -> ProgrammedAnswer {
    ProgrammedAnswer { body: body.to_owned(), ..ProgrammedAnswer::status(status) }
}

#[tokio::test]
async fn slack_is_told_in_blocks_and_only_its_ok_is_a_success() {
    let yard = Yard::start().await;
    let connect = Connect { kind: ConnectionKind::Slack, ..Connect::to(SLACK) };
    let (connection, _) = yard.connect(connect).await;
    let answers = vec![saying(200, "hm"), saying(200, "ok"), saying(403, "invalid_token")];
    yard.receiver.answer(SLACK, answers).unwrap();
    let refused = yard.publish("post.created", post()).await;
    let delivery = yard.comes_to(refused, "dead").await;
    assert_eq!(delivery["error_class"], "refused", "200 alone is none of Slack's successes");
    let taken = yard.publish("post.created", post()).await;
    yard.comes_to(taken, "delivered").await;
    let received = yard.receives(SLACK, 2).await;
    let body: Value = serde_json::from_slice(&received[1].body).unwrap();
    assert_eq!(body["blocks"][0]["type"], "header");
    assert_eq!(body["link_names"], false);
    assert!(!body["text"].as_str().unwrap().contains("<!channel>"));
    let last = yard.publish("post.created", post()).await;
    yard.comes_to(last, "dead").await;
    let status = format!("select status from connection where id = '{connection}'");
    assert_eq!(yard.gateway.db().row(&status).await["status"], "action_needed");
    yard.finish().await;
}

#[tokio::test]
async fn discord_is_told_in_an_embed_that_mentions_nobody_and_is_gone_when_unknown() {
    let yard = Yard::start().await;
    let connect = Connect { kind: ConnectionKind::Discord, ..Connect::to(DISCORD) };
    let (connection, _) = yard.connect(connect).await;
    let unknown = saying(404, "{\"message\": \"Unknown Webhook\", \"code\": 10015}");
    yard.receiver.answer(DISCORD, vec![ProgrammedAnswer::status(204), unknown]).unwrap();
    let taken = yard.publish("post.created", post()).await;
    yard.comes_to(taken, "delivered").await;
    let received = yard.receiver.received();
    let body: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert!(body["embeds"][0]["title"].as_str().unwrap().contains("Dark mode"), "{body}");
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
    let last = yard.publish("post.created", post()).await;
    let delivery = yard.comes_to(last, "dead").await;
    assert_eq!(delivery["error_class"], "gone");
    let status = format!("select status from connection where id = '{connection}'");
    assert_eq!(yard.gateway.db().row(&status).await["status"], "disabled");
    yard.finish().await;
}

#[tokio::test]
async fn a_connection_that_fails_for_as_long_as_was_configured_is_switched_off() {
    let yard = Yard::start_with(|builder, keys| {
        builder.worker(keys.worker().env("HOOKYARD_DISABLE_AFTER_HOURS", "2"))
    })
    .await;
    let once = json!({ "attempts": 1, "baseMs": 1, "longestMs": 1 });
    let connect = Connect { event_type: "order.*", retry: once, ..Connect::to("/hook") };
    let (connection, _) = yard.connect(connect).await;
    yard.connect(Connect { event_type: "connection.disabled", ..Connect::to("/owners") }).await;
    yard.receiver.answer("/hook", vec![ProgrammedAnswer::status(500)]).unwrap();
    let status = format!("select status from connection where id = '{connection}'");
    for (failing_for, then) in [("90 minutes", "error"), ("121 minutes", "disabled")] {
        let event = yard.publish("order.paid", json!({})).await;
        yard.comes_to(event, "dead").await;
        let earlier = format!(
            "update connection set failing_since = now() - interval '{failing_for}' where id = '{connection}'"
        );
        yard.gateway.db().execute(&earlier).await;
        let event = yard.publish("order.paid", json!({})).await;
        yard.comes_to(event, "dead").await;
        assert_eq!(yard.gateway.db().row(&status).await["status"], then, "{failing_for}");
    }
    let told = yard.receives("/owners", 1).await;
    let body: Value = serde_json::from_slice(&told[0].body).unwrap();
    assert_eq!(body["data"]["connection"]["name"], connection.to_string());
    yard.finish().await;
}
