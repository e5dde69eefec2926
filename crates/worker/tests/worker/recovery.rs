//! Deliveries that GitHub sent while nobody was there to take them.

use hookyard_testkit::gateway::{Gateway, PATIENCE, until};
use hookyard_testkit::github_sim::{BranchMoved, DeliveryOutcome, Fault, FaultKind, RouteKind};
use serde_json::{Value, json};

use crate::support::{assert_equals, faults, newest_fate, put, started};

const REDELIVER: [&str; 3] = ["github", "app", "redeliver"];

/// Pushes while the ingress is away.
async fn missed_push(gateway: &Gateway, content: &str) -> BranchMoved {
    gateway.ingress().kill9().await;
    let moved = put(gateway, "skills/late.md", content).await;
    assert_eq!(moved.deliveries[0].outcome, DeliveryOutcome::Failed);
    gateway.ingress().start().await;
    moved
}

async fn redeliver(gateway: &Gateway, more: &[&str]) -> Value {
    gateway.admin().json(&[&REDELIVER[..], more].concat()).await
}

#[tokio::test]
async fn what_github_sent_while_no_ingress_was_there_is_asked_for_again() {
    let gateway = started().await;
    let taken = put(&gateway, "skills/early.md", "# Early\n").await;
    gateway.idle().await;
    let moved = missed_push(&gateway, "# Late\n").await;
    assert_equals(&gateway, &taken.after).await;

    let looked = redeliver(&gateway, &["--dry-run"]).await;
    let missed = looked["missed"].as_array().unwrap();
    assert_eq!((missed.len(), &looked["asked"]), (1, &json!(0)), "{looked}");
    assert_eq!(missed[0]["deliveryId"], moved.deliveries[0].delivery_id);
    assert_eq!(missed[0]["eventType"], "github.push");

    assert_eq!(redeliver(&gateway, &[]).await["asked"], 1);
    let logged = "select count(*) from audit_log where action = 'github_app.redeliver' and after ->> 'missed' = '1'";
    assert_eq!(gateway.db().count(logged).await, 1);
    let recorded = format!(
        "select count(*) from event where provider_delivery_id = '{}'",
        moved.deliveries[0].delivery_id
    );
    let is_recorded = async || gateway.db().count(&recorded).await == 1;
    until("the delivery is recorded", PATIENCE, is_recorded).await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &moved.after).await;

    assert_eq!(redeliver(&gateway, &[]).await["missed"], json!([]));
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_older_than_asked_for_is_not_looked_at() {
    let gateway = started().await;
    missed_push(&gateway, "# Late\n").await;
    let found = redeliver(&gateway, &["--since", "2999-01-01T00:00:00Z"]).await;
    assert_eq!((&found["looked"], &found["asked"]), (&json!(0), &json!(0)), "{found}");
    gateway.idle().await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_delivery_that_github_will_not_send_again_keeps_none_of_the_others_back() {
    let gateway = started().await;
    gateway.ingress().kill9().await;
    for content in ["# One\n", "# Two\n"] {
        put(&gateway, "skills/late.md", content).await;
    }
    gateway.ingress().start().await;
    let refused = Fault { status: Some(422), ..Fault::new(RouteKind::Hook, FaultKind::Status) };
    let attempts = Some("/attempts".to_owned());
    faults(&gateway, [Fault { path: attempts, times: Some(1), ..refused }]);
    let ran = gateway.admin().run(&[&REDELIVER[..], &["--json"]].concat(), "").await;
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let found: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let missed = found["missed"].as_array().unwrap();
    assert_eq!((missed.len(), &found["asked"]), (2, &json!(1)), "{found}");
    assert!(missed[0]["refused"].as_str().unwrap().contains("422"), "{found}");
    assert_eq!(missed[1]["refused"], Value::Null);
    gateway.idle().await;
    let again = redeliver(&gateway, &["--dry-run"]).await;
    assert_eq!(again["missed"].as_array().unwrap().len(), 1, "{again}");
    gateway.finish().await;
}
