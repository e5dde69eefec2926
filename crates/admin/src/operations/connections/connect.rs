//! Connecting: tested first, saved only if the receiver took the test.

use hookyard_destinations::{Receiver, ReceiverUrl};
use hookyard_domain::connection::{CONCURRENCY_DEFAULT, ConnectionKind, Name};
use hookyard_domain::event_type::EventTypes;
use hookyard_domain::ids::{ConnectionId, SubscriptionId, WorkspaceId};
use hookyard_domain::system_event::SystemEvent;
use hookyard_domain::workspace::Slug;
use hookyard_store::connections::{self, Connection, Credentials};
use hookyard_store::subscriptions::{self, NewSubscription};
use hookyard_store::{Store, Tx};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Outside, change, check_connected, check_plan, checked_user, label, named, new_key, raise,
    require, testing, title,
};
use crate::operations::{Actor, OperationError, ShownOnce, TestFailure, workspaces};

/// The most calls to one connection that may be under way at once.
const CONCURRENCY_MAX: i32 = 1_000;
/// The most calls to one connection that may begin in a second.
const RATE_PER_S_MAX: f32 = 10_000.0;

/// How hard a connection may be called.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// Calls under way at once; none: as before, or the default.
    pub concurrency: Option<i32>,
    /// Calls that begin in a second; none: as before, or no limit.
    pub rate_per_s: Option<f32>,
}

impl Limits {
    /// Why there can be no such limits, if so.
    pub fn check(self) -> Result<(), OperationError> {
        if self.concurrency.is_some_and(|it| !(1..=CONCURRENCY_MAX).contains(&it)) {
            return Err(OperationError::Invalid(format!(
                "the concurrency of a connection is 1 to {CONCURRENCY_MAX}"
            )));
        }
        if self.rate_per_s.is_some_and(|it| !(it > 0.0 && it <= RATE_PER_S_MAX)) {
            return Err(OperationError::Invalid(format!(
                "the rate of a connection is more than 0 and at most {RATE_PER_S_MAX} calls a second"
            )));
        }
        Ok(())
    }

    async fn set(self, tx: &Tx<'_>, id: ConnectionId, before: &Self) -> Result<(), OperationError> {
        if self == Self::default() {
            return Ok(());
        }
        let concurrency = self.concurrency.or(before.concurrency).unwrap_or(CONCURRENCY_DEFAULT);
        let rate = self.rate_per_s.or(before.rate_per_s);
        connections::set_limits(tx, id, concurrency, rate).await?;
        Ok(())
    }

    fn of(connection: &Connection) -> Self {
        Self { concurrency: Some(connection.concurrency_max), rate_per_s: connection.rate_per_s }
    }
}

/// A connection to be made, or to be given new credentials.
#[derive(Debug, Clone)]
pub struct Connect {
    pub workspace: Slug,
    pub kind: ConnectionKind,
    pub name: Name,
    /// Where its calls go; with Slack and Discord that is the credential itself.
    pub url: SecretString,
    /// Who connects it, in the caller's words.
    pub user: Option<String>,
    pub limits: Limits,
}

/// A connection that works.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    #[serde(flatten)]
    pub connection: Connection,
    /// Such as `Slack integration connected`.
    pub message: String,
    /// The key that its calls are signed with; only for kind `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signing_secret: Option<ShownOnce>,
}

/// Makes a connection, or gives the one of this kind and name new credentials and activates it.
///
/// Its receiver is sent a sample first; if it does not take that, nothing is saved. A new connection gets a
/// subscription to everything.
pub async fn connect(
    outside: &Outside<'_>,
    actor: &Actor,
    new: Connect,
    now: Timestamp,
) -> Result<Connected, OperationError> {
    if let Some(user) = &new.user {
        checked_user(user)?;
    }
    new.limits.check()?;
    let conn = outside.store.conn().await?;
    let workspace = workspaces::require(&conn, &new.workspace).await?;
    drop(conn);
    check_plan(&workspace)?;
    let url = ReceiverUrl::parse(new.kind, new.url.expose_secret(), outside.sender.policy())
        .map_err(|refused| OperationError::Invalid(refused.to_string()))?;
    let receiver = Receiver::connect(new.kind, url, new_key);
    let called = testing::call(outside.sender, &receiver, &named(&workspace), now).await;
    if let Some(failure) = called.failure {
        return Err(OperationError::TestFailed(Box::new(TestFailure {
            host: receiver.url().host(),
            class: failure.class,
            error: failure.error,
            response_status: called.response_status,
            response_excerpt: called.response_excerpt,
        })));
    }
    let mut conn = outside.store.conn().await?;
    let tx = conn.begin().await?;
    let before = connections::by_name(&tx, workspace.id, new.kind, &new.name).await?;
    let id = save(outside, &tx, workspace.id, before.as_ref(), &new, &receiver).await?;
    let connection = require(&tx, id).await?;
    raise(&tx, SystemEvent::IntegrationConnected, &connection).await?;
    actor.record(&tx, change("connection.connect", before.as_ref(), &connection)).await?;
    tx.commit().await?;
    let verb = if before.is_some() { "updated" } else { "connected" };
    let message = format!("{} integration {verb}", title(new.kind));
    let signing_secret = receiver.signing_keys().map(|keys| keys.newest().text().clone().into());
    Ok(Connected { connection, message, signing_secret })
}

async fn save(
    outside: &Outside<'_>,
    tx: &Tx<'_>,
    workspace: WorkspaceId,
    before: Option<&Connection>,
    new: &Connect,
    receiver: &Receiver,
) -> Result<ConnectionId, OperationError> {
    let id = before.map_or_else(|| ConnectionId(Uuid::now_v7()), |it| it.id);
    let sealed = outside.ring.seal(&label(id), &receiver.to_be_sealed())?;
    let metadata = json!({ "host": receiver.url().host() });
    let user_id = new.user.as_deref();
    let credentials = Credentials { id, sealed: &sealed, metadata: &metadata, user_id };
    let saved = match before {
        Some(_) => connections::reconnect(tx, &credentials).await?,
        None => connections::insert(tx, workspace, new.kind, &new.name, &credentials).await?,
    };
    if !saved {
        return Err(OperationError::conflict(format!(
            "somebody connected {} {} in the same moment; look at it, then connect again",
            new.kind,
            new.name.as_str()
        )));
    }
    new.limits.set(tx, id, &before.map(Limits::of).unwrap_or_default()).await?;
    if before.is_none() {
        let everything = NewSubscription {
            id: SubscriptionId(Uuid::now_v7()),
            connection: id,
            event_types: &EventTypes::all(),
            filter: None,
            template: None,
            retry_policy: None,
        };
        subscriptions::insert(tx, &everything).await?;
    }
    Ok(id)
}

/// What is to be changed of a connection beside its credentials; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateConnection {
    pub name: Option<Name>,
    pub limits: Limits,
}

/// Changes a connection's name and how hard it may be called, if it is as the caller saw it at `expected`.
pub async fn update(
    store: &Store,
    actor: &Actor,
    id: ConnectionId,
    to: UpdateConnection,
    expected: Option<Timestamp>,
) -> Result<Connection, OperationError> {
    to.limits.check()?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    connections::lock(&tx, id).await?;
    let before = require(&tx, id).await?;
    OperationError::check_fresh(&id, before.updated_at, expected)?;
    check_connected(&before)?;
    if let Some(name) = &to.name {
        connections::rename(&tx, id, name).await.map_err(|error| {
            OperationError::taken(error, connections::NAME_TAKEN, || {
                let (kind, name) = (before.kind, name.as_str());
                format!("the workspace has a connection of kind {kind} named {name} already")
            })
        })?;
    }
    to.limits.set(&tx, id, &Limits::of(&before)).await?;
    let connection = require(&tx, id).await?;
    actor.record(&tx, change("connection.update", Some(&before), &connection)).await?;
    tx.commit().await?;
    Ok(connection)
}
