//! What tries say of a connection, and what it says to its owners.

use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::delivery::ErrorClass;
use hookyard_domain::ids::{EventId, SourceId};
use hookyard_store::connections::{self, disconnect};
use hookyard_store::delivery_jobs::{HealthRules, ReceiverKind, record};
use hookyard_store::{Db as _, signature_failures};
use uuid::Uuid;

use crate::support::{Yard, delivered, failed};

const TOLD: &str = "select coalesce(string_agg(type || ' ' || coalesce(reason, 'wanted'), ',' order by id), 'nothing')
                      from event where origin = 'system'";

#[tokio::test]
async fn failures_are_counted_from_the_first_and_a_success_ends_them() {
    let yard = Yard::new().await;
    let id = yard.connect("a", &["*"]).await;
    let status = async || connections::by_id(&yard.owner().await, id).await.unwrap().unwrap();
    let delivery = yard.owe(1).await[0];
    let work = yard.lease_one(delivery).await;
    yard.record(&[failed(&work, ErrorClass::Timeout, Some(0))]).await;
    let first = status().await;
    assert_eq!(first.status, ConnectionStatus::Error);
    assert_eq!(first.last_error.as_deref(), Some("it said no"));
    let work = yard.lease_one(delivery).await;
    yard.record(&[failed(&work, ErrorClass::Timeout, Some(0))]).await;
    assert_eq!(status().await.failing_since, first.failing_since);
    let work = yard.lease_one(delivery).await;
    yard.record(&[delivered(&work)]).await;
    let well = status().await;
    assert_eq!((well.status, well.failing_since), (ConnectionStatus::Connected, None));
    assert_eq!(yard.text(TOLD).await.unwrap(), "nothing");
}

#[tokio::test]
async fn a_connection_that_does_nothing_but_fail_is_disabled_and_its_owners_are_told() {
    let yard = Yard::new().await;
    let id = yard.connect("a", &["post.*"]).await;
    yard.connect("b", &["connection.disabled"]).await;
    let deliveries = yard.owe(2).await;
    let work = yard.lease(&deliveries).await.work;
    yard.record(&[failed(&work[0], ErrorClass::Timeout, None)]).await;
    yard.run("update connection set failing_since = now() - interval '1 hour' where failing_since is not null").await;
    let rules = HealthRules { disable_after_ms: 30 * 60 * 1000 };
    let failing = [failed(&work[1], ErrorClass::Timeout, Some(1_000))];
    let recorded = record(&mut yard.worker().await, &failing, rules).await.unwrap();
    assert_eq!(recorded.disabled, [id]);
    assert_eq!(yard.text(TOLD).await.unwrap(), "connection.disabled wanted");
    let body = "select convert_from(body, 'UTF8')::json -> 'connection' ->> 'name' from event where origin = 'system'";
    assert_eq!(yard.text(body).await.unwrap(), "a");
    assert_eq!(yard.count("select count(*) from job where kind = 'event'").await, 1);
    // What is fanned out from now on is skipped, and says so.
    assert!(yard.owe(1).await.is_empty());
    let skipped = "select error from delivery where state = 'cancelled'";
    assert_eq!(yard.text(skipped).await.unwrap(), "skipped: the connection is disabled");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_disabled_at_once_and_refused_credentials_ask_for_somebody() {
    for (class, status) in
        [(ErrorClass::Gone, "disabled"), (ErrorClass::Credentials, "action_needed")]
    {
        let yard = Yard::new().await;
        yard.connect("a", &["*"]).await;
        let delivery = yard.owe(1).await[0];
        let work = yard.lease_one(delivery).await;
        yard.record(&[failed(&work, class, None)]).await;
        assert_eq!(yard.text("select status from connection").await.unwrap(), status);
        assert_eq!(yard.state(delivery).await, "dead");
    }
}

#[tokio::test]
async fn an_event_that_nobody_wants_is_on_record_as_ignored() {
    let yard = Yard::new().await;
    yard.connect("a", &["post.*"]).await;
    let delivery = yard.owe(1).await[0];
    let work = yard.lease_one(delivery).await;
    yard.record(&[failed(&work, ErrorClass::Gone, None)]).await;
    assert_eq!(yard.text(TOLD).await.unwrap(), "connection.disabled no_subscriber");
    assert_eq!(yard.jobs().await, 0);
}

#[tokio::test]
async fn disconnecting_forgets_the_credentials_and_calls_off_what_waits() {
    let yard = Yard::new().await;
    let id = yard.connect("a", &["*"]).await;
    let deliveries = yard.owe(3).await;
    let work = yard.lease_one(deliveries[0]).await;
    let mut admin = yard.role("hookyard_admin").await;
    let connection = connections::by_id(&admin, id).await.unwrap().unwrap();
    let tx = admin.begin().await.unwrap();
    assert_eq!(disconnect(&tx, &connection).await.unwrap(), Some(2));
    tx.commit().await.unwrap();
    assert_eq!(connections::sealed(&admin, id).await.unwrap(), None);
    // The one in flight fails in passing, and its next try finds nobody.
    yard.record(&[failed(&work, ErrorClass::Timeout, Some(0))]).await;
    let again = yard.lease_one(deliveries[0]).await;
    let ReceiverKind::Connection { status, sealed, .. } = &again.receiver.kind else { panic!() };
    assert_eq!((*status, sealed), (ConnectionStatus::Disconnected, &None));
    let tx = admin.begin().await.unwrap();
    assert_eq!(disconnect(&tx, &connection).await.unwrap(), None);
}

#[tokio::test]
async fn an_oauth_client_that_does_nothing_but_fail_is_disabled_and_the_owners_are_told() {
    let yard = Yard::new().await;
    yard.connect("owners", &["connection.disabled"]).await;
    yard.run(
        "with client as (
             insert into oauth_client (id, workspace_id, name, sealed, scopes, status)
             select gen_random_uuid(), id, 'app', '', '{integration}', 'active' from workspace returning id
         ), granted as (
             insert into oauth_grant (client_id, user_id) select id, 'ann' from client
         )
         insert into event (id, workspace_id, origin, type, content_type, body, body_bytes)
         select uuid_v7(now()), id, 'system', 'integration.connected', 'application/json', '{\"userId\":\"ann\"}', 16
           from workspace, generate_series(1, 2)",
    )
    .await;
    let conn = yard.owner().await;
    let events = conn.rows("select id from event", &[]).await.unwrap();
    let events: Vec<_> = events.iter().map(|row| EventId(row.get("id"))).collect();
    let deliveries: Vec<_> = yard.fan_out(&events).await.into_iter().map(|it| it.0).collect();
    let work = yard.lease(&deliveries).await.work;
    assert_eq!(work.len(), 2);
    yard.record(&[failed(&work[0], ErrorClass::Timeout, None)]).await;
    assert_eq!(yard.text("select status from oauth_client").await.unwrap(), "active");
    yard.run("update oauth_client set failing_since = now() - interval '1 hour'").await;
    let rules = HealthRules { disable_after_ms: 30 * 60 * 1000 };
    let failing = [failed(&work[1], ErrorClass::Timeout, Some(1_000))];
    record(&mut yard.worker().await, &failing, rules).await.unwrap();
    assert_eq!(yard.text("select status from oauth_client").await.unwrap(), "disabled");
    let told = "select convert_from(body, 'UTF8')::json -> 'oauthClient' ->> 'name' from event where type = 'connection.disabled'";
    assert_eq!(yard.text(told).await.unwrap(), "app");
}

#[tokio::test]
async fn the_owners_of_a_source_are_told_once_a_window_that_signatures_fail() {
    let yard = Yard::new().await;
    yard.connect("owners", &["source.signature_failures"]).await;
    let ids = [SourceId(Uuid::now_v7()), SourceId(Uuid::now_v7())];
    let sql = "insert into source (id, workspace_id, provider, slug, body_bytes_max, accepted_status, replay_window_s,
                                    fresh_ms, unseen_age_ms_max)
               values ($1, $2, 'github', $3, 1000, 202, 60, 1000, 1000)";
    let owner = yard.owner().await;
    owner.execute(sql, &[&ids[0].0, &yard.workspace.0, &"ours"]).await.unwrap();
    owner.execute(sql, &[&ids[1].0, &None::<Uuid>, &"the-deployments"]).await.unwrap();
    let ingress = yard.role("hookyard_ingress").await;
    for id in ids {
        assert!(signature_failures::insert(&ingress, id, 20).await.unwrap());
        assert!(!signature_failures::insert(&ingress, id, 20).await.unwrap());
    }
    let mut worker = yard.worker().await;
    for expected in [1, 0] {
        let tx = worker.begin().await.unwrap();
        assert_eq!(signature_failures::tell(&tx).await.unwrap(), expected);
        tx.commit().await.unwrap();
    }
    assert_eq!(yard.text(TOLD).await.unwrap(), "source.signature_failures wanted");
    let slug = "select convert_from(body, 'UTF8')::json -> 'source' ->> 'slug' from event";
    assert_eq!(yard.text(slug).await.unwrap(), "ours");
    yard.run("update signature_failures set window_start = now() - interval '8 days'").await;
    assert_eq!(signature_failures::forget(&worker).await.unwrap(), 2);
}
