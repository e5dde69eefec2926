//! What tries say of a connection, and what it says to its owners.

use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::delivery::ErrorClass;
use hookyard_store::connections::{self, disconnect};
use hookyard_store::delivery_jobs::{HealthRules, ReceiverKind, record};

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
