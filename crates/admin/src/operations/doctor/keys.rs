//! The key rings: does every sealed secret open, and which keys are in use.

use std::collections::BTreeMap;

use hookyard_store::sources::secrets;
use hookyard_store::{Conn, StoreError, connections, github_app, oauth_clients};
use hookyard_vault::{KeyRing, Label, sealed_under};
use uuid::Uuid;

use super::Check;

pub(super) const SOURCES: &str = "source keys";
pub(super) const VAULT: &str = "vault keys";

/// What was learnt of the secrets of one ring.
#[derive(Default)]
struct Seen {
    /// How many are sealed under each key.
    keys: BTreeMap<String, u32>,
    /// Why the first that does not open does not.
    broken: Option<String>,
}

impl Seen {
    fn look(&mut self, ring: &KeyRing, label: &Label<'_>, sealed: &[u8]) {
        *self.keys.entry(sealed_under(sealed).unwrap_or("?").to_owned()).or_default() += 1;
        if let (None, Err(error)) = (&self.broken, ring.open(label, sealed)) {
            self.broken = Some(format!("{} {}: {error}", label.table, label.row));
        }
    }

    fn judge(self, name: &'static str, variable: &str, ring: &KeyRing) -> Check {
        if let Some(broken) = self.broken {
            let advice = format!("put the key back into {variable}, or set the secret again");
            return Check::fail(name, broken, advice);
        }
        let used: Vec<String> =
            self.keys.iter().map(|(key, count)| format!("{key} ({count})")).collect();
        if used.is_empty() {
            return Check::ok(name, "nothing is sealed yet");
        }
        let found = format!("every secret opens; keys in use: {}", used.join(", "));
        if self.keys.keys().all(|key| key == ring.active_id()) {
            Check::ok(name, found)
        } else {
            let advice = format!(
                "the active key is {}; run `hookyard-admin vault reseal`",
                ring.active_id()
            );
            Check::warn(name, found, advice)
        }
    }
}

pub(super) async fn sources(conn: &Conn, ring: Option<&KeyRing>) -> Result<Check, StoreError> {
    let Some(ring) = ring else { return Ok(not_given(SOURCES, "HOOKYARD_SOURCE_KEYS")) };
    let mut seen = Seen::default();
    let mut after = Uuid::nil();
    loop {
        let batch = secrets::after(conn, after).await?;
        let Some(last) = batch.last() else {
            return Ok(seen.judge(SOURCES, "HOOKYARD_SOURCE_KEYS", ring));
        };
        after = last.id;
        for secret in &batch {
            let label = Label { table: secrets::TABLE, row: secret.id, column: secrets::COLUMN };
            seen.look(ring, &label, &secret.sealed);
        }
    }
}

pub(super) async fn vault(conn: &Conn, ring: Option<&KeyRing>) -> Result<Check, StoreError> {
    let Some(ring) = ring else { return Ok(not_given(VAULT, "HOOKYARD_VAULT_KEYS")) };
    let mut seen = Seen::default();
    if let Some(app) = github_app::current(conn).await? {
        let label = Label { table: github_app::TABLE, row: app.id, column: github_app::COLUMN };
        seen.look(ring, &label, &app.private_key_sealed);
    }
    let mut after = Uuid::nil();
    while let batch = connections::sealed_after(conn, after).await?
        && let Some((last, _)) = batch.last()
    {
        after = last.0;
        for (id, sealed) in &batch {
            let label = Label { table: connections::TABLE, row: id.0, column: connections::COLUMN };
            seen.look(ring, &label, sealed);
        }
    }
    let mut after = Uuid::nil();
    while let batch = oauth_clients::sealed_after(conn, after).await?
        && let Some((last, _)) = batch.last()
    {
        after = last.0;
        for (id, sealed) in &batch {
            let (table, column) = (oauth_clients::TABLE, oauth_clients::COLUMN);
            seen.look(ring, &Label { table, row: id.0, column }, sealed);
        }
    }
    Ok(seen.judge(VAULT, "HOOKYARD_VAULT_KEYS", ring))
}

fn not_given(name: &'static str, variable: &str) -> Check {
    Check::warn(name, "not looked at", format!("set {variable}, as the processes have it"))
}
