//! New signing keys for signed endpoints, without a call that its receiver cannot verify.

use hookyard_domain::ids::ConnectionId;
use hookyard_store::Store;
use hookyard_store::connections::{self, Connection};
use hookyard_vault::KeyRing;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{check_connected, label, new_key, opened, receiver, require};
use crate::operations::actor::Change;
use crate::operations::{Actor, OperationError, ShownOnce};

/// A step of changing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Make a new key. Calls are signed with it and with the one before it; an older one ends now.
    Begin,
    /// End the older key: the receiver has the new one.
    Finish,
}

/// A connection whose keys changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rotated {
    #[serde(flatten)]
    pub connection: Connection,
    /// How many keys sign its calls now.
    pub signing_keys: usize,
    /// The new key, if one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signing_secret: Option<ShownOnce>,
}

/// How many keys sign a connection's calls: two while a rotation is unfinished, none where calls are not signed.
pub async fn signing_keys(
    store: &Store,
    ring: &KeyRing,
    id: ConnectionId,
) -> Result<usize, OperationError> {
    let conn = store.conn().await?;
    let connection = require(&conn, id).await?;
    let receiver = receiver(&conn, ring, &connection).await?;
    Ok(receiver.signing_keys().map_or(0, |keys| keys.iter().count()))
}

/// Changes the keys that a connection's calls are signed with.
pub async fn rotate(
    store: &Store,
    actor: &Actor,
    ring: &KeyRing,
    id: ConnectionId,
    step: Rotation,
) -> Result<Rotated, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let connection = require(&tx, id).await?;
    check_connected(&connection)?;
    let old = connections::sealed(&tx, id).await?.unwrap_or_default();
    let receiver = opened(ring, &connection, &old)?;
    let Some(keys) = receiver.signing_keys() else {
        return Err(OperationError::Invalid(format!(
            "calls to {} are not signed; only those to kind webhook are",
            connection.kind
        )));
    };
    let keys = match step {
        Rotation::Begin => keys.rotated(new_key()),
        Rotation::Finish => keys.newest_only(),
    };
    let (signing_keys, newest) = (keys.iter().count(), keys.newest().text().clone());
    let sealed = ring.seal(&label(id), &receiver.with_signing_keys(keys).to_be_sealed())?;
    if !connections::replace_sealed(&tx, id, &old, &sealed).await? {
        return Err(OperationError::conflict(format!(
            "somebody changed the credentials of {id} in the same moment; try again"
        )));
    }
    let connection = require(&tx, id).await?;
    let change = Change {
        action: "connection.rotate_signing_secret",
        workspace: Some(connection.workspace_id),
        subject: id.to_string(),
        before: None,
        after: Some(json!({ "signingKeys": signing_keys })),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    let signing_secret = (step == Rotation::Begin).then(|| newest.into());
    Ok(Rotated { connection, signing_keys, signing_secret })
}
