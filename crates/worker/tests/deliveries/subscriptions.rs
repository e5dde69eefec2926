//! Who is owed an event, and in which form.

use serde_json::{Value, json};

use crate::support::{Connect, Yard};

#[tokio::test]
async fn filters_choose_by_the_data_and_templates_make_the_body() {
    let yard = Yard::start().await;
    yard.connect(Connect { filter: Some("total > `100`"), ..Connect::to("/large") }).await;
    yard.connect(Connect { event_type: "invoice.*", ..Connect::to("/invoices") }).await;
    let template = r#"{"sum": {{ data.total }}, "of": {{ type }}}"#;
    yard.connect(Connect { template: Some(template), ..Connect::to("/shaped") }).await;
    for total in [7, 700] {
        yard.publish("order.paid", json!({ "total": total })).await;
    }
    yard.gateway.idle().await;
    let totals = |path| -> Vec<Value> {
        let received = yard.receiver.received_at(path);
        received.iter().map(|it| serde_json::from_slice(&it.body).unwrap()).collect()
    };
    let large: Vec<Value> = totals("/large").iter().map(|it| it["data"]["total"].clone()).collect();
    assert_eq!(large, [700]);
    assert_eq!(yard.receiver.count("/invoices"), 0);
    let mut shaped = totals("/shaped");
    shaped.sort_by_key(|it| it["sum"].as_i64());
    let expected = [7, 700].map(|sum| json!({ "sum": sum, "of": "order.paid" }));
    assert_eq!(shaped, expected);
    yard.finish().await;
}

#[tokio::test]
async fn an_event_that_nobody_gets_says_why() {
    let yard = Yard::start().await;
    yard.connect(Connect { filter: Some("total > `100`"), ..Connect::to("/large") }).await;
    let filtered = yard.publish("order.paid", json!({ "total": 7 })).await;
    yard.gateway.idle().await;
    yard.gateway.db().execute("update subscription set status = 'paused'").await;
    let unwanted = yard.publish("order.paid", json!({ "total": 700 })).await;
    yard.gateway.idle().await;
    for (event, reason) in [(filtered, "filtered"), (unwanted, "no_subscriber")] {
        let sql = format!("select outcome, reason from event where id = '{event}'");
        let expected = json!({ "outcome": "ignored", "reason": reason });
        assert_eq!(yard.gateway.db().row(&sql).await, expected);
    }
    assert_eq!(yard.receiver.total(), 0);
    yard.finish().await;
}

#[tokio::test]
async fn a_template_that_fails_on_an_event_is_a_try_that_is_not_repeated() {
    let yard = Yard::start().await;
    // No JSON comes of it when there is a note.
    let template = r#"{"note": "{% if data.note %}"{% endif %}"}"#;
    yard.connect(Connect { template: Some(template), ..Connect::to("/shaped") }).await;
    let event = yard.publish("order.paid", json!({ "note": "x" })).await;
    yard.comes_to(event, "dead").await;
    assert_eq!(yard.tries(event).await, [(None, Some("rendering".to_owned()))]);
    assert_eq!(yard.receiver.total(), 0);
    yard.finish().await;
}

#[tokio::test]
async fn a_workspace_without_the_plan_is_sent_nothing() {
    let yard = Yard::start().await;
    yard.connect(Connect::to("/hook")).await;
    yard.gateway.db().execute("update workspace set plan = 'free'").await;
    let event = yard.publish("order.paid", json!({})).await;
    let delivery = yard.comes_to(event, "dead").await;
    assert_eq!(delivery["error"], "Integrations are available on Starter or Professional plans");
    assert_eq!((&delivery["attempts"], yard.receiver.total()), (&json!(0), 0));
    yard.finish().await;
}
