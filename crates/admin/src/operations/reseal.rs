//! Sealing every stored secret again under the active keys, so that old keys can go.

use hookyard_store::sources::secrets;
use hookyard_store::{Db, Store, StoreError, connections, github_app, oauth_clients};
use hookyard_vault::{KeyRing, Label, ResealError};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError};

/// What became of the stored secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resealed {
    pub resealed: u32,
    /// Sealed under the active key before.
    pub current: u32,
    /// Changed or removed by somebody else meanwhile: run it again.
    pub skipped: u32,
}

/// Seals the sources' secrets again under the active key of `sources`; the App's key and the credentials of connections
/// and OAuth clients under that of `vault`.
///
/// All or nothing: a secret that no key opens stops it.
pub async fn reseal(
    store: &Store,
    actor: &Actor,
    sources: &KeyRing,
    vault: &KeyRing,
) -> Result<Resealed, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let mut done = Resealed::default();
    reseal_sources(&tx, sources, &mut done).await?;
    reseal_app(&tx, vault, &mut done).await?;
    reseal_connections(&tx, vault, &mut done).await?;
    reseal_clients(&tx, vault, &mut done).await?;
    let change = Change {
        action: "vault.reseal",
        workspace: None,
        subject: "vault".to_owned(),
        before: None,
        after: Some(json!({
            "resealed": done.resealed, "sourceKey": sources.active_id(),
            "vaultKey": vault.active_id(),
        })),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(done)
}

async fn reseal_sources(
    db: &impl Db,
    ring: &KeyRing,
    done: &mut Resealed,
) -> Result<(), OperationError> {
    let mut after = Uuid::nil();
    loop {
        let batch = secrets::after(db, after).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.id;
        for secret in &batch {
            let label = Label { table: secrets::TABLE, row: secret.id, column: secrets::COLUMN };
            let what = || format!("a secret of {}", secret.source);
            let replace =
                async |new: &[u8]| secrets::replace(db, secret.id, &secret.sealed, new).await;
            done.reseal(ring, &label, &secret.sealed, what, replace).await?;
        }
    }
}

async fn reseal_app(
    db: &impl Db,
    ring: &KeyRing,
    done: &mut Resealed,
) -> Result<(), OperationError> {
    let Some(app) = github_app::current(db).await? else { return Ok(()) };
    let label = Label { table: github_app::TABLE, row: app.id, column: github_app::COLUMN };
    let old = &app.private_key_sealed;
    let replace = async |new: &[u8]| github_app::replace(db, app.id, old, new).await;
    done.reseal(ring, &label, old, || "the GitHub App's key".to_owned(), replace).await
}

async fn reseal_connections(
    db: &impl Db,
    ring: &KeyRing,
    done: &mut Resealed,
) -> Result<(), OperationError> {
    let mut after = Uuid::nil();
    loop {
        let batch = connections::sealed_after(db, after).await?;
        let Some((last, _)) = batch.last() else { return Ok(()) };
        after = last.0;
        for (id, old) in &batch {
            let label = Label { table: connections::TABLE, row: id.0, column: connections::COLUMN };
            let replace = async |new: &[u8]| connections::replace_sealed(db, *id, old, new).await;
            let what = || format!("the credentials of {id}");
            done.reseal(ring, &label, old, what, replace).await?;
        }
    }
}

async fn reseal_clients(
    db: &impl Db,
    ring: &KeyRing,
    done: &mut Resealed,
) -> Result<(), OperationError> {
    let mut after = Uuid::nil();
    loop {
        let batch = oauth_clients::sealed_after(db, after).await?;
        let Some((last, _)) = batch.last() else { return Ok(()) };
        after = last.0;
        for (id, old) in &batch {
            let (table, column) = (oauth_clients::TABLE, oauth_clients::COLUMN);
            let label = Label { table, row: id.0, column };
            let replace = async |new: &[u8]| oauth_clients::replace_sealed(db, *id, old, new).await;
            let what = || format!("the URL and the secret of {id}");
            done.reseal(ring, &label, old, what, replace).await?;
        }
    }
}

impl Resealed {
    /// Seals one secret again, if it needs it. `replace` says whether `old` was still there to be replaced.
    async fn reseal(
        &mut self,
        ring: &KeyRing,
        label: &Label<'_>,
        old: &[u8],
        what: impl Fn() -> String,
        replace: impl AsyncFnOnce(&[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), OperationError> {
        let sealed = ring.reseal(label, old).map_err(|error| match error {
            ResealError::Open(error) => {
                OperationError::conflict(format!("{} cannot be opened: {error}", what()))
            }
            ResealError::Seal(error) => error.into(),
        })?;
        let tally = match sealed {
            None => &mut self.current,
            Some(new) if replace(&new).await? => &mut self.resealed,
            Some(_) => &mut self.skipped,
        };
        *tally += 1;
        Ok(())
    }
}
