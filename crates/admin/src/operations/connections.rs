//! Connections: connected, tested, switched off and on, given new keys, disconnected.
//!
//! Nobody waits for a network call in a transaction: a test call comes before the one that saves, and what it was made
//! of is compared again then.

mod connect;
mod rotation;
mod testing;

use hookyard_destinations::{Integration, Receiver, Sender, SigningKey, integration_connected};
use hookyard_domain::connection::{ConnectionKind, ConnectionStatus, USER_ID_CHARS_MAX};
use hookyard_domain::ids::ConnectionId;
use hookyard_domain::system_event::SystemEvent;
use hookyard_store::connections::{self, Connection};
use hookyard_store::workspaces::Workspace;
use hookyard_store::{Db, Store, Tx, system_events};
use hookyard_vault::{KeyRing, Label};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::actor::Change;
use super::{Actor, OperationError, Remedy};

pub use connect::{Connect, Connected, Limits, UpdateConnection, connect, update};
pub use rotation::{Rotated, Rotation, rotate, signing_keys};
pub use testing::{TESTED_MAX, Tested, test, test_all};

/// What calling out needs: the database, the ring that opens credentials, and the one sender.
#[derive(Debug, Clone, Copy)]
pub struct Outside<'a> {
    pub store: &'a Store,
    pub ring: &'a KeyRing,
    pub sender: &'a Sender,
}

/// A connection that was disconnected.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DisconnectedConnection)]
pub struct Disconnected {
    #[serde(flatten)]
    pub connection: Connection,
    /// Deliveries that waited for it and were called off.
    pub cancelled: u64,
}

/// Forgets a connection's credentials, calls off what waits for it, and keeps its history.
pub async fn disconnect(
    store: &Store,
    actor: &Actor,
    id: ConnectionId,
) -> Result<Disconnected, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    let Some(cancelled) = connections::disconnect(&tx, &before).await? else {
        return Err(OperationError::conflict(format!("{id} is disconnected already")));
    };
    let connection = require(&tx, id).await?;
    raise(&tx, SystemEvent::IntegrationDisconnected, &connection).await?;
    let mut change = change("connection.disconnect", Some(&before), &connection);
    if let Some(Value::Object(after)) = &mut change.after {
        after.insert("cancelled".to_owned(), cancelled.into());
    }
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(Disconnected { connection, cancelled })
}

/// Switches a connection off, or on again after it was disabled, failed or asked for somebody to act.
pub async fn set_enabled(
    store: &Store,
    actor: &Actor,
    id: ConnectionId,
    enabled: bool,
) -> Result<Connection, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    check_connected(&before)?;
    let changed = if enabled {
        connections::enable(&tx, id).await?
    } else {
        connections::disable(&tx, id).await?
    };
    let connection = require(&tx, id).await?;
    if changed {
        let action = if enabled { "connection.enable" } else { "connection.disable" };
        actor.record(&tx, change(action, Some(&before), &connection)).await?;
    }
    tx.commit().await?;
    Ok(connection)
}

/// The connection of this id, which must exist.
pub async fn require(db: &impl Db, id: ConnectionId) -> Result<Connection, OperationError> {
    let found = connections::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("connection", &id))
}

/// A user id is the caller's own text; only its length and its lines are Hookyard's business.
pub fn checked_user(user: &str) -> Result<&str, OperationError> {
    let chars = user.chars().count();
    if (1..=USER_ID_CHARS_MAX).contains(&chars) && !user.chars().any(char::is_control) {
        Ok(user)
    } else {
        Err(OperationError::Invalid(format!(
            "a user id has 1 to {USER_ID_CHARS_MAX} characters and no control characters"
        )))
    }
}

/// The workspace as messages name it.
pub(super) fn named(workspace: &Workspace) -> hookyard_destinations::Workspace {
    hookyard_destinations::Workspace {
        id: workspace.id,
        slug: workspace.slug.clone(),
        name: workspace.name.clone(),
    }
}

fn check_plan(workspace: &Workspace) -> Result<(), OperationError> {
    workspace.plan.no_integrations().map_or(Ok(()), |why| Err(OperationError::Forbidden(why)))
}

fn check_connected(connection: &Connection) -> Result<(), OperationError> {
    if connection.status == ConnectionStatus::Disconnected {
        let why = format!("{} is disconnected", connection.id);
        return Err(OperationError::remediable(why, Remedy::ConnectAnew(connection.id)));
    }
    Ok(())
}

const fn label(id: ConnectionId) -> Label<'static> {
    Label { table: connections::TABLE, row: id.0, column: connections::COLUMN }
}

fn new_key() -> SigningKey {
    SigningKey::from_random(rand::random())
}

/// The receiver of a connection, its credentials opened.
pub(super) async fn receiver(
    db: &impl Db,
    ring: &KeyRing,
    connection: &Connection,
) -> Result<Receiver, OperationError> {
    check_connected(connection)?;
    let sealed = connections::sealed(db, connection.id).await?.unwrap_or_default();
    opened(ring, connection, &sealed)
}

/// The receiver that a connection's sealed credentials describe.
fn opened(
    ring: &KeyRing,
    connection: &Connection,
    sealed: &[u8],
) -> Result<Receiver, OperationError> {
    let unreadable = |why: String| {
        let id = connection.id;
        OperationError::conflict(format!("the credentials of {id} cannot be opened: {why}"))
    };
    let opened = ring.open(&label(connection.id), sealed);
    let opened = opened.map_err(|error| unreadable(error.to_string()))?;
    Receiver::saved_connection(connection.kind, opened.expose_secret())
        .map_err(|error| unreadable(error.to_string()))
}

async fn raise(
    tx: &Tx<'_>,
    event: SystemEvent,
    connection: &Connection,
) -> Result<(), OperationError> {
    let integration = Integration {
        id: connection.id.to_string(),
        provider: connection.kind.to_string(),
        account_id: None,
        mcp_endpoint: None,
        name: connection.name.clone(),
        icon: None,
    };
    // Without a user nobody's grant is meant, and no client is told.
    let data = match &connection.user_id {
        Some(user) => integration_connected(user, &integration),
        None => json!({ "integration": integration }),
    };
    system_events::raise(tx, connection.workspace_id, event, &data).await?;
    Ok(())
}

/// What people call a kind.
const fn title(kind: ConnectionKind) -> &'static str {
    match kind {
        ConnectionKind::Slack => "Slack",
        ConnectionKind::Discord => "Discord",
        ConnectionKind::Webhook => "Webhook",
    }
}

fn change(action: &'static str, before: Option<&Connection>, after: &Connection) -> Change {
    let told = |it: &Connection| {
        json!({
            "kind": it.kind, "name": it.name, "status": it.status, "host": it.metadata.get("host"),
            "userId": it.user_id, "concurrencyMax": it.concurrency_max, "ratePerS": it.rate_per_s,
        })
    };
    Change {
        action,
        workspace: Some(after.workspace_id),
        subject: after.id.to_string(),
        before: before.map(told),
        after: Some(told(after)),
    }
}
