//! A database with a workspace that has connections, subscriptions, and events to fan out.

use hookyard_domain::connection::{ConnectionKind, Name};
use hookyard_domain::delivery::ErrorClass;
use hookyard_domain::delivery_retry::AfterFailure;
use hookyard_domain::event_type::EventTypes;
use hookyard_domain::ids::{ConnectionId, DeliveryId, EventId, SubscriptionId, WorkspaceId};
use hookyard_store::connections::{self, Credentials};
use hookyard_store::delivery_jobs::{
    HealthRules, Lane, Leased, Limits, Recorded, Tried, TriedReceiver, TryResult, Work, lease,
    record,
};
use hookyard_store::subscriptions::{self, NewSubscription};
use hookyard_store::{Conn, Db as _, Store, StoreSettings, fan_out};
use hookyard_testkit::database::TestDatabase;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

/// A database of its own with one workspace.
pub(crate) struct Yard {
    pub(crate) workspace: WorkspaceId,
    owner: Store,
    worker: Store,
    database: TestDatabase,
}

impl Yard {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        let yard = Self {
            workspace: WorkspaceId(Uuid::now_v7()),
            owner: store(database.owner_url(), false),
            worker: store(database.role_url("hookyard_worker"), true),
            database,
        };
        yard.add_workspace(yard.workspace, "acme").await;
        yard
    }

    pub(crate) async fn add_workspace(&self, id: WorkspaceId, slug: &str) {
        let sql =
            "insert into workspace (id, slug, name, plan) values ($1, $2, 'Acme', 'professional')";
        self.owner().await.execute(sql, &[&id.0, &slug]).await.unwrap();
    }

    /// A connection that may do everything.
    pub(crate) async fn owner(&self) -> Conn {
        self.owner.conn().await.unwrap()
    }

    /// A connection with the worker's rights and settings.
    pub(crate) async fn worker(&self) -> Conn {
        self.worker.conn().await.unwrap()
    }

    pub(crate) fn worker_store(&self) -> Store {
        self.worker.clone()
    }

    /// A connection with the rights of this role.
    pub(crate) async fn role(&self, role: &str) -> Conn {
        store(self.database.role_url(role), false).conn().await.unwrap()
    }

    /// Runs a statement as the owner.
    pub(crate) async fn run(&self, sql: &'static str) -> u64 {
        self.owner().await.execute(sql, &[]).await.unwrap()
    }

    /// What a statement without parameters counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        self.owner().await.row(sql, &[]).await.unwrap().get(0)
    }

    /// The one text that a statement without parameters reads.
    pub(crate) async fn text(&self, sql: &'static str) -> Option<String> {
        self.owner().await.row(sql, &[]).await.unwrap().get(0)
    }

    /// Adds a connection with a subscription to these event types.
    pub(crate) async fn connect(&self, name: &str, patterns: &[&str]) -> ConnectionId {
        self.connect_in(self.workspace, name, patterns).await
    }

    pub(crate) async fn connect_in(
        &self,
        workspace: WorkspaceId,
        name: &str,
        patterns: &[&str],
    ) -> ConnectionId {
        let conn = self.role("hookyard_admin").await;
        let id = ConnectionId(Uuid::now_v7());
        let metadata = json!({});
        let credentials = Credentials { id, sealed: b"sealed", metadata: &metadata, user_id: None };
        let name: Name = name.parse().unwrap();
        assert!(
            connections::insert(&conn, workspace, ConnectionKind::Webhook, &name, &credentials)
                .await
                .unwrap()
        );
        let patterns: Vec<String> = patterns.iter().map(|it| (*it).to_owned()).collect();
        let event_types = EventTypes::try_from(patterns).unwrap();
        let new = NewSubscription {
            id: SubscriptionId(Uuid::now_v7()),
            connection: id,
            event_types: &event_types,
            filter: None,
            template: None,
            retry_policy: None,
        };
        assert!(subscriptions::insert(&conn, &new).await.unwrap());
        id
    }

    /// Records so many events of a type in the workspace, in order.
    pub(crate) async fn publish(&self, event_type: &str, count: usize) -> Vec<EventId> {
        self.publish_in(self.workspace, event_type, count).await
    }

    pub(crate) async fn publish_in(
        &self,
        workspace: WorkspaceId,
        event_type: &str,
        count: usize,
    ) -> Vec<EventId> {
        let ids: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
        let sql =
            "insert into event (id, workspace_id, origin, type, content_type, body, body_bytes)
                   select unnest($1::uuid[]), $2, 'api', $3, 'application/json', '{\"n\":1}', 7";
        self.owner().await.execute(sql, &[&ids, &workspace.0, &event_type]).await.unwrap();
        ids.into_iter().map(EventId).collect()
    }

    /// Fans events out to everybody who wants them; returns what is to be published.
    pub(crate) async fn fan_out(&self, events: &[EventId]) -> Vec<DeliveryId> {
        let mut conn = self.worker().await;
        let candidates = fan_out::candidates(&conn, events).await.unwrap();
        let tx = conn.begin().await.unwrap();
        let ready = fan_out::deliver(&tx, &candidates).await.unwrap();
        tx.commit().await.unwrap();
        ready
    }

    /// Publishes so many events and fans them out.
    pub(crate) async fn owe(&self, count: usize) -> Vec<Uuid> {
        let events = self.publish("post.created", count).await;
        self.fan_out(&events).await.into_iter().map(|it| it.0).collect()
    }

    pub(crate) async fn lease(&self, deliveries: &[Uuid]) -> Leased {
        let conn = self.worker().await;
        lease(&conn, deliveries, Uuid::now_v7(), Limits::default()).await.unwrap()
    }

    /// Leases one delivery, which must be to be had.
    pub(crate) async fn lease_one(&self, delivery: Uuid) -> Work {
        self.lease(&[delivery]).await.work.pop().expect("the delivery can be leased")
    }

    pub(crate) async fn record(&self, tries: &[Tried]) -> Recorded {
        record(&mut self.worker().await, tries, HealthRules::default()).await.unwrap()
    }

    pub(crate) fn lane(&self, connection: ConnectionId) -> Lane {
        Lane { workspace: self.workspace, receiver: connection.0 }
    }

    /// The state of a delivery, as stored.
    pub(crate) async fn state(&self, delivery: Uuid) -> String {
        let sql = "select state from delivery where id = $1";
        self.owner().await.row(sql, &[&delivery]).await.unwrap().get(0)
    }

    pub(crate) async fn jobs(&self) -> i64 {
        self.count("select count(*) from job").await
    }
}

fn store(url: String, by_index_only: bool) -> Store {
    Store::new(&StoreSettings {
        statement_ms_max: 60_000,
        by_index_only,
        ..StoreSettings::new(SecretString::from(url), "test")
    })
    .unwrap()
}

fn tried(work: &Work, status: Option<u16>, result: TryResult) -> Tried {
    Tried {
        lease: work.lease,
        lane: work.receiver.lane,
        receiver: TriedReceiver::from(&*work.receiver),
        began_ms_ago: 12,
        duration_ms: 10,
        status,
        response_headers: Some(r#"{"server":"test"}"#.to_owned()),
        excerpt: Some("ok\0".to_owned()),
        result,
    }
}

/// A try that the receiver took.
pub(crate) fn delivered(work: &Work) -> Tried {
    tried(work, Some(200), TryResult::Delivered)
}

/// A try that failed; the next one is due after so long, if there is one.
pub(crate) fn failed(work: &Work, class: ErrorClass, wait_ms: Option<u64>) -> Tried {
    let after = match wait_ms {
        Some(wait_ms) => AfterFailure::TryAgain { wait_ms },
        None => AfterFailure::GiveUp,
    };
    let result = TryResult::Failed { class, error: "it said no".to_owned(), after };
    tried(work, Some(503), result)
}
