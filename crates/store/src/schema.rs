//! The schema: migrations, embedded and forward only, and the roles' passwords.

use postgres_protocol::escape::{escape_identifier, escape_literal};
use postgres_protocol::password::scram_sha_256;
use secrecy::{ExposeSecret, SecretString};

use crate::{Conn, Db, Store, StoreError};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// Days of event partitions that are made ahead.
pub const PARTITION_DAYS_AHEAD: i32 = 14;

/// The database roles of the three processes.
pub const ROLES: [&str; 3] = ["hookyard_ingress", "hookyard_worker", "hookyard_admin"];

/// The schema version that this program works with.
pub fn needed_version() -> i32 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0)
}

/// Brings the schema up to date and makes the partitions; returns the names of the migrations that ran.
///
/// Any number of callers may do so at once: an advisory lock lets one at a time.
pub async fn migrate(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut conn = store.conn().await?;
    // A session lock: the migrations run in transactions of their own. It ends with the connection at the latest.
    conn.driver()
        .batch_execute(
            "set statement_timeout = 0; select pg_advisory_lock(hashtext('hookyard_migrate'))",
        )
        .await?;
    let report = embedded::migrations::runner().run_async(conn.driver()).await;
    let made = match &report {
        Ok(_) => crate::partitions::make(&conn, PARTITION_DAYS_AHEAD).await.map(drop),
        Err(_) => Ok(()),
    };
    conn.driver()
        .batch_execute(
            "select pg_advisory_unlock(hashtext('hookyard_migrate')); reset statement_timeout",
        )
        .await?;
    made?;
    Ok(report?.applied_migrations().iter().map(ToString::to_string).collect())
}

/// The schema version that the database is at; 0 when it was never migrated.
pub async fn version(conn: &Conn) -> Result<i32, StoreError> {
    const EXISTS: &str = "-- schema::exists
        select to_regclass('refinery_schema_history') is not null as migrated";
    const VERSION: &str = "-- schema::version
        select coalesce(max(version), 0)::int4 as version from refinery_schema_history";
    if !conn.row(EXISTS, &[]).await?.get::<_, bool>("migrated") {
        return Ok(0);
    }
    Ok(conn.row(VERSION, &[]).await?.get("version"))
}

/// Fails unless the database is at the version that this program needs, or newer.
///
/// Newer is fine: migrations only add, so that an upgrade can migrate first and restart afterwards.
pub async fn check(store: &Store) -> Result<(), StoreError> {
    let conn = store.conn().await?;
    let found = version(&conn).await?;
    let needed = needed_version();
    if found < needed { Err(StoreError::Schema { found, needed }) } else { Ok(()) }
}

/// Sets the password of one of [`ROLES`]. The server sees only its SCRAM verifier.
pub async fn set_role_password(
    conn: &mut Conn,
    role: &str,
    password: &SecretString,
) -> Result<(), StoreError> {
    let verifier = scram_sha_256(password.expose_secret().as_bytes());
    let statement =
        format!("alter role {} password {}", escape_identifier(role), escape_literal(&verifier));
    Ok(conn.driver().batch_execute(&statement).await?)
}
