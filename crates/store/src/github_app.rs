//! `github_app`: the deployment's GitHub App, one row or none.

use jiff::Timestamp;
use uuid::Uuid;

use crate::{Db, StoreError};

/// The table and the column, as the sealed value is bound to them.
pub const TABLE: &str = "github_app";
pub const COLUMN: &str = "private_key_sealed";

/// The deployment's GitHub App. The row's id is part of what its key is sealed for.
#[derive(Debug, Clone)]
pub struct StoredApp {
    pub id: Uuid,
    pub app_id: i64,
    pub private_key_sealed: Vec<u8>,
    pub updated_at: Timestamp,
}

/// The App, if one was set.
pub async fn current(db: &impl Db) -> Result<Option<StoredApp>, StoreError> {
    const SQL: &str = "-- github_app::current
        select id, app_id, private_key_sealed, updated_at from github_app";
    let row = db.row_opt(SQL, &[]).await?;
    Ok(row.map(|row| StoredApp {
        id: row.get("id"),
        app_id: row.get("app_id"),
        private_key_sealed: row.get("private_key_sealed"),
        updated_at: row.get("updated_at"),
    }))
}

/// Sets the App in the place of the one before.
pub async fn set(
    db: &impl Db,
    id: Uuid,
    app_id: i64,
    private_key_sealed: &[u8],
) -> Result<(), StoreError> {
    const SQL: &str = "-- github_app::set
        insert into github_app (id, app_id, private_key_sealed) values ($1, $2, $3)
        on conflict (singleton) do update
           set id = excluded.id, app_id = excluded.app_id, private_key_sealed = excluded.private_key_sealed,
               updated_at = now()";
    db.execute(SQL, &[/* id */ &id, /* app */ &app_id, /* sealed */ &private_key_sealed]).await?;
    Ok(())
}

/// Puts newly sealed bytes in the place of the old ones. False if somebody changed those meanwhile.
pub async fn replace(db: &impl Db, id: Uuid, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
    const SQL: &str = "-- github_app::replace
        update github_app set private_key_sealed = $3 where id = $1 and private_key_sealed = $2";
    Ok(db.execute(SQL, &[/* id */ &id, /* old */ &old, /* new */ &new]).await? == 1)
}
