//! Whom leased deliveries go to, read once for all of a batch that go to the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use hookyard_domain::connection::{ConnectionKind, ConnectionStatus};
use hookyard_domain::delivery::SubscriberKind;
use hookyard_domain::delivery_retry::DeliveryRetryPolicy;
use hookyard_domain::ids::{ConnectionId, OauthClientId, SubscriptionId, WorkspaceId};
use hookyard_domain::workspace::Plan;
use tokio_postgres::Row;
use uuid::Uuid;

use super::Lane;
use crate::{Db, StoreError};

/// The workspace that a receiver belongs to, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub id: WorkspaceId,
    pub slug: String,
    pub name: String,
    pub plan: Plan,
}

/// Whom a call goes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Receiver {
    pub lane: Lane,
    pub owner: Owner,
    pub name: String,
    pub kind: ReceiverKind,
}

/// What kind of receiver it is, with what is sealed for it.
#[derive(Debug, Clone, PartialEq)]
pub enum ReceiverKind {
    Connection {
        id: ConnectionId,
        kind: ConnectionKind,
        status: ConnectionStatus,
        /// None: disconnected.
        sealed: Option<Vec<u8>>,
        concurrency_max: i32,
        /// The most calls in a second; none: as many as there are places for.
        rate_per_s: Option<f32>,
    },
    OauthClient {
        id: OauthClientId,
        sealed: Vec<u8>,
        active: bool,
    },
}

/// How a subscription wants its deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub id: SubscriptionId,
    pub template: Option<String>,
    pub retry_policy: DeliveryRetryPolicy,
}

/// On whose behalf a delivery is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscriber {
    Subscription(Arc<Terms>),
    /// The subscription was removed after the event had been fanned out.
    RemovedSubscription,
    OauthClient,
}

/// What a batch of deliveries needs.
#[derive(Default)]
pub(super) struct Known {
    receivers: HashMap<Uuid, Arc<Receiver>>,
    terms: HashMap<Uuid, Arc<Terms>>,
}

impl Known {
    pub(super) fn receiver(&self, id: Uuid) -> Option<Arc<Receiver>> {
        self.receivers.get(&id).map(Arc::clone)
    }

    pub(super) fn subscriber(&self, kind: SubscriberKind, id: Uuid) -> Subscriber {
        match (kind, self.terms.get(&id)) {
            (SubscriberKind::OauthClient, _) => Subscriber::OauthClient,
            (SubscriberKind::Subscription, Some(terms)) => {
                Subscriber::Subscription(Arc::clone(terms))
            }
            (SubscriberKind::Subscription, None) => Subscriber::RemovedSubscription,
        }
    }
}

/// Reads the receivers and subscriptions that these rows of `delivery` name.
pub(super) async fn of_deliveries(db: &impl Db, rows: &[Row]) -> Result<Known, StoreError> {
    let of_kind = |kind: SubscriberKind, column: &str| -> Vec<Uuid> {
        let named =
            rows.iter().filter(|row| row.get::<_, &str>("subscriber_kind") == kind.as_str());
        named.map(|row| row.get(column)).collect::<BTreeSet<Uuid>>().into_iter().collect()
    };
    let connections = of_kind(SubscriberKind::Subscription, "receiver_id");
    let subscriptions = of_kind(SubscriberKind::Subscription, "subscriber_id");
    let clients = of_kind(SubscriberKind::OauthClient, "receiver_id");
    let mut known = Known::default();
    if !connections.is_empty() {
        read_connections(db, &connections, &mut known).await?;
        read_terms(db, &subscriptions, &mut known).await?;
    }
    if !clients.is_empty() {
        read_clients(db, &clients, &mut known).await?;
    }
    Ok(known)
}

fn receiver_of(row: &Row, kind: ReceiverKind) -> Result<Arc<Receiver>, StoreError> {
    let workspace = WorkspaceId(row.get("workspace_id"));
    Ok(Arc::new(Receiver {
        lane: Lane { workspace, receiver: row.get("id") },
        owner: Owner {
            id: workspace,
            slug: row.get("workspace_slug"),
            name: row.get("workspace_name"),
            plan: row.get::<_, &str>("plan").parse()?,
        },
        name: row.get("name"),
        kind,
    }))
}

async fn read_connections(db: &impl Db, ids: &[Uuid], known: &mut Known) -> Result<(), StoreError> {
    const SQL: &str = "-- delivery_jobs::connections
        select connection.id, connection.workspace_id, connection.kind, connection.name, connection.status,
               connection.sealed, connection.concurrency_max, connection.rate_per_s,
               workspace.slug as workspace_slug, workspace.name as workspace_name, workspace.plan
          from connection join workspace on workspace.id = connection.workspace_id
         where connection.id = any($1)";
    for row in &db.rows(SQL, &[/* ids */ &ids]).await? {
        let kind = ReceiverKind::Connection {
            id: ConnectionId(row.get("id")),
            kind: row.get::<_, &str>("kind").parse()?,
            status: row.get::<_, &str>("status").parse()?,
            sealed: row.get("sealed"),
            concurrency_max: row.get("concurrency_max"),
            rate_per_s: row.get("rate_per_s"),
        };
        known.receivers.insert(row.get("id"), receiver_of(row, kind)?);
    }
    Ok(())
}

async fn read_clients(db: &impl Db, ids: &[Uuid], known: &mut Known) -> Result<(), StoreError> {
    const SQL: &str = "-- delivery_jobs::clients
        select client.id, client.workspace_id, client.name, client.sealed, client.status = 'active' as active,
               workspace.slug as workspace_slug, workspace.name as workspace_name, workspace.plan
          from oauth_client client join workspace on workspace.id = client.workspace_id
         where client.id = any($1)";
    for row in &db.rows(SQL, &[/* ids */ &ids]).await? {
        let kind = ReceiverKind::OauthClient {
            id: OauthClientId(row.get("id")),
            sealed: row.get("sealed"),
            active: row.get("active"),
        };
        known.receivers.insert(row.get("id"), receiver_of(row, kind)?);
    }
    Ok(())
}

async fn read_terms(db: &impl Db, ids: &[Uuid], known: &mut Known) -> Result<(), StoreError> {
    const SQL: &str = "-- delivery_jobs::terms
        select id, template, retry_policy from subscription where id = any($1)";
    for row in &db.rows(SQL, &[/* ids */ &ids]).await? {
        let id: Uuid = row.get("id");
        let terms = Terms {
            id: SubscriptionId(id),
            template: row.get("template"),
            retry_policy: crate::subscriptions::retry_policy_of(row)?.unwrap_or_default(),
        };
        known.terms.insert(id, Arc::new(terms));
    }
    Ok(())
}
