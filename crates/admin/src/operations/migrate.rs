//! Bringing the schema up to date.

use hookyard_store::{Store, partitions, schema};
use secrecy::SecretString;
use serde::Serialize;

use super::OperationError;

/// What a migration did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Migrated {
    /// The migrations that ran, by name.
    pub applied: Vec<String>,
    pub schema_version: i32,
    /// Whole days ahead that events can be stored for.
    pub partition_days_ahead: i64,
    /// The database roles whose passwords were set.
    pub passwords_set: Vec<&'static str>,
}

/// Migrates, makes partitions and sets the passwords of the given roles. Needs the database's owner.
pub async fn migrate(
    store: &Store,
    passwords: &[(&'static str, SecretString)],
) -> Result<Migrated, OperationError> {
    let applied = schema::migrate(store).await?;
    let mut conn = store.conn().await?;
    for (role, password) in passwords {
        schema::set_role_password(&mut conn, role, password).await?;
    }
    Ok(Migrated {
        applied,
        schema_version: schema::version(&conn).await?,
        partition_days_ahead: partitions::days_ahead(&conn).await?,
        passwords_set: passwords.iter().map(|(role, _)| *role).collect(),
    })
}
