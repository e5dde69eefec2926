//! `source_secret`: what a source verifies signatures with, sealed. Two are valid while a source rotates.

use hookyard_domain::ids::SourceId;
use uuid::Uuid;

use crate::{Db, StoreError};

/// The table and the column, as the sealed values are bound to them.
pub const TABLE: &str = "source_secret";
pub const COLUMN: &str = "sealed";

/// A stored secret. Its id is part of what it is sealed for.
#[derive(Debug, Clone)]
pub struct SealedSecret {
    pub id: Uuid,
    pub source: SourceId,
    pub sealed: Vec<u8>,
}

/// Adds a secret that is valid until it is rotated out.
pub async fn insert(db: &impl Db, secret: &SealedSecret) -> Result<(), StoreError> {
    const SQL: &str = "-- source_secrets::insert
        insert into source_secret (id, source_id, sealed) values ($1, $2, $3)";
    db.execute(
        SQL,
        &[
            /* id */ &secret.id,
            /* source */ &secret.source.0,
            /* sealed */ &secret.sealed,
        ],
    )
    .await?;
    Ok(())
}

/// Lets the newest secret of a source end in `keep_s` seconds and removes those before it, or all for 0 seconds;
/// returns how many went.
///
/// Locks the source, so that two rotations at once follow each other.
pub async fn retire(db: &impl Db, source: SourceId, keep_s: i32) -> Result<u64, StoreError> {
    const LOCK: &str = "-- source_secrets::retire (lock)
        select id from source where id = $1 for update";
    const DELETE: &str = "-- source_secrets::retire (delete)
        delete from source_secret
         where source_id = $1
           and ($2::int4 = 0 or id <> (select id from source_secret where source_id = $1 order by id desc limit 1))";
    const EXPIRE: &str = "-- source_secrets::retire (expire)
        update source_secret set expires_at = least(expires_at, now() + make_interval(secs => $2::int4))
         where source_id = $1";
    db.row_opt(LOCK, &[/* source */ &source.0]).await?;
    let removed = db.execute(DELETE, &[/* source */ &source.0, /* keep */ &keep_s]).await?;
    db.execute(EXPIRE, &[/* source */ &source.0, /* keep */ &keep_s]).await?;
    Ok(removed)
}

/// Up to 500 stored secrets of all sources in the order of their ids, those after `after`.
pub async fn after(db: &impl Db, after: Uuid) -> Result<Vec<SealedSecret>, StoreError> {
    const SQL: &str = "-- source_secrets::after
        select id, source_id, sealed from source_secret where id > $1 order by id limit 500";
    let rows = db.rows(SQL, &[/* after */ &after]).await?;
    let read = |row: &tokio_postgres::Row| SealedSecret {
        id: row.get("id"),
        source: SourceId(row.get("source_id")),
        sealed: row.get("sealed"),
    };
    Ok(rows.iter().map(read).collect())
}

/// Puts newly sealed bytes in the place of the old ones. False if somebody changed or removed those meanwhile.
pub async fn replace(db: &impl Db, id: Uuid, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
    const SQL: &str = "-- source_secrets::replace
        update source_secret set sealed = $3 where id = $1 and sealed = $2";
    Ok(db.execute(SQL, &[/* id */ &id, /* old */ &old, /* new */ &new]).await? == 1)
}
