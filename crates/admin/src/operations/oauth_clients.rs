//! OAuth client applications: told when one of their users connects an integration.

use hookyard_destinations::{Receiver, ReceiverUrl, Sender};
use hookyard_domain::connection::{ConnectionKind, Name};
use hookyard_domain::ids::OauthClientId;
use hookyard_domain::token::ClientScope;
use hookyard_domain::workspace::Slug;
use hookyard_store::oauth_clients::{self, NewClient, OauthClient};
use hookyard_store::{Db, Store};
use hookyard_vault::{KeyRing, Label};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::connections::{Outside, checked_user};
use super::{Actor, OperationError, workspaces};

/// The longest secret of a client, in bytes.
pub const SECRET_BYTES_MAX: usize = 1024;

/// A client to be added.
#[derive(Debug, Clone)]
pub struct AddClient {
    pub workspace: Slug,
    pub name: Name,
    pub webhook_url: SecretString,
    /// What `X-Webhook-Secret` is made with; none: its calls have no such header.
    pub secret: Option<SecretString>,
    pub scopes: Vec<ClientScope>,
}

/// What became of a user's grant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Granted {
    pub ok: bool,
    /// The client.
    pub id: OauthClientId,
    pub user_id: String,
    /// Whether the client has the user's grant now.
    pub granted: bool,
}

/// A client that was removed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    #[serde(flatten)]
    pub client: OauthClient,
    /// Deliveries that waited for it and were called off.
    pub cancelled: u64,
}

/// Adds a client. Its URL is checked, its name resolved; nothing is sent.
pub async fn add(
    outside: &Outside<'_>,
    actor: &Actor,
    new: AddClient,
) -> Result<OauthClient, OperationError> {
    if new.scopes.is_empty() {
        return Err(OperationError::Invalid("an OAuth client needs a scope".to_owned()));
    }
    if let Some(secret) = &new.secret {
        check_secret(secret)?;
    }
    let url = checked_url(outside.sender, &new.webhook_url).await?;
    let host = url.host();
    let receiver = Receiver::oauth_client(url, new.secret);
    let id = OauthClientId(Uuid::now_v7());
    let sealed = seal(outside.ring, id, &receiver)?;

    let mut conn = outside.store.conn().await?;
    let tx = conn.begin().await?;
    let workspace = workspaces::require(&tx, &new.workspace).await?;
    let client = NewClient {
        id,
        workspace: workspace.id,
        name: &new.name,
        sealed: &sealed,
        metadata: &json!({ "host": host }),
        scopes: &new.scopes,
    };
    if !oauth_clients::insert(&tx, &client).await? {
        return Err(OperationError::conflict(format!(
            "the workspace has an OAuth client of the name {} already; choose another name, or remove that one",
            new.name.as_str()
        )));
    }
    let view = require(&tx, id).await?;
    let after = json!({ "name": view.name, "host": host, "scopes": view.scopes });
    actor.record(&tx, change("oauth_client.add", &view, None, Some(after))).await?;
    tx.commit().await?;
    Ok(view)
}

async fn checked_url(sender: &Sender, text: &SecretString) -> Result<ReceiverUrl, OperationError> {
    let kind = ConnectionKind::Webhook;
    let url = ReceiverUrl::parse(kind, text.expose_secret(), sender.policy())
        .map_err(|refused| OperationError::Invalid(refused.to_string()))?;
    let checked = sender.check(url.expose()).await;
    checked.map_err(|error| OperationError::Invalid(format!("{}: {error}", url.host())))?;
    Ok(url)
}

fn check_secret(secret: &SecretString) -> Result<(), OperationError> {
    match secret.expose_secret().len() {
        1..=SECRET_BYTES_MAX => Ok(()),
        _ => Err(OperationError::Invalid(format!("a secret has 1 to {SECRET_BYTES_MAX} bytes"))),
    }
}

fn seal(ring: &KeyRing, id: OauthClientId, receiver: &Receiver) -> Result<Vec<u8>, OperationError> {
    let label = Label { table: oauth_clients::TABLE, row: id.0, column: oauth_clients::COLUMN };
    Ok(ring.seal(&label, &receiver.to_be_sealed())?)
}

/// Grants a client access for a user, or takes that back: from then on it is (not) told of what the user connects.
pub async fn set_granted(
    store: &Store,
    actor: &Actor,
    id: OauthClientId,
    user: &str,
    granted: bool,
) -> Result<Granted, OperationError> {
    let user = checked_user(user)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let client = require(&tx, id).await?;
    let changed = if granted {
        oauth_clients::grant(&tx, id, user).await?
    } else {
        oauth_clients::revoke(&tx, id, user).await?
    };
    if changed {
        let action = if granted { "oauth_client.grant" } else { "oauth_client.revoke" };
        let (was, is) =
            (json!({ "granted": !granted }), json!({ "granted": granted, "userId": user }));
        actor.record(&tx, change(action, &client, Some(was), Some(is))).await?;
    }
    tx.commit().await?;
    Ok(Granted { ok: true, id, user_id: user.to_owned(), granted })
}

/// Switches a client on again that was gone or did nothing but fail. One that is active stays so.
pub async fn enable(
    store: &Store,
    actor: &Actor,
    id: OauthClientId,
) -> Result<OauthClient, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    if oauth_clients::enable(&tx, id).await? {
        let client = require(&tx, id).await?;
        actor.record(&tx, change("oauth_client.enable", &client, None, None)).await?;
        tx.commit().await?;
        return Ok(client);
    }
    require(&tx, id).await
}

/// Removes a client with its grants, and calls off what waits for it.
pub async fn remove(
    store: &Store,
    actor: &Actor,
    id: OauthClientId,
) -> Result<Removed, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let client = require(&tx, id).await?;
    let Some(cancelled) = oauth_clients::remove(&tx, &client).await? else {
        return Err(OperationError::not_found("OAuth client", &id));
    };
    let was = json!({ "name": client.name, "scopes": client.scopes, "grants": client.grants });
    let after = json!({ "cancelled": cancelled });
    actor.record(&tx, change("oauth_client.remove", &client, Some(was), Some(after))).await?;
    tx.commit().await?;
    Ok(Removed { client, cancelled })
}

/// The client of this id, which must exist.
pub async fn require(db: &impl Db, id: OauthClientId) -> Result<OauthClient, OperationError> {
    let found = oauth_clients::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("OAuth client", &id))
}

fn change(
    action: &'static str,
    client: &OauthClient,
    before: Option<Value>,
    after: Option<Value>,
) -> Change {
    let subject = client.id.to_string();
    Change { action, workspace: Some(client.workspace_id), subject, before, after }
}
