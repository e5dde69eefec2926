//! `sign_in_link`: signs a member in, once. Of the links only hashes are stored.

use hookyard_domain::ids::MemberId;
use jiff::Timestamp;

use crate::{Db, StoreError};

/// How long a link may be used, in seconds.
pub const LINK_S: i32 = 10 * 60;

/// Adds a link; until when it may be used.
pub async fn insert(db: &impl Db, hash: &[u8], member: MemberId) -> Result<Timestamp, StoreError> {
    const SQL: &str = "-- sign_in_links::insert
        insert into sign_in_link (hash, member_id, expires_at) values ($1, $2, now() + make_interval(secs => $3))
        returning expires_at";
    let seconds = f64::from(LINK_S);
    let row = db.row(SQL, &[/* hash */ &hash, /* member */ &member.0, &seconds]).await?;
    Ok(row.get("expires_at"))
}

/// Uses a link up: whom it signs in. None if it is unknown, used or too old, or its member removed.
pub async fn take(db: &impl Db, hash: &[u8]) -> Result<Option<MemberId>, StoreError> {
    const SQL: &str = "-- sign_in_links::take
        update sign_in_link link set used_at = now()
          from member
         where link.hash = $1 and link.used_at is null and link.expires_at > now()
           and member.id = link.member_id and member.removed_at is null
        returning link.member_id";
    let row = db.row_opt(SQL, &[/* hash */ &hash]).await?;
    Ok(row.map(|row| MemberId(row.get("member_id"))))
}

/// Forgets up to a hundred links whose time is over. Whoever makes one calls this, so they never pile up.
pub async fn forget_expired(db: &impl Db) -> Result<u64, StoreError> {
    const SQL: &str = "-- sign_in_links::forget_expired
        delete from sign_in_link where hash in
            (select hash from sign_in_link where expires_at < now() order by expires_at limit 100)";
    db.execute(SQL, &[]).await
}
