//! `console_session`: who is signed in to the console. Of the cookies only hashes are stored.

use hookyard_domain::ids::{MemberId, TokenId};

use crate::access::Bearer;
use crate::{Db, StoreError};

/// How long a session lasts, in seconds: a working day.
pub const SESSION_S: i32 = 12 * 60 * 60;

/// Opens a session for whoever showed the token, or for the member who followed a link.
pub async fn open(
    db: &impl Db,
    hash: &[u8],
    token: Option<TokenId>,
    member: Option<MemberId>,
) -> Result<(), StoreError> {
    const SQL: &str = "-- console_sessions::open
        insert into console_session (hash, token_id, member_id, expires_at)
        values ($1, $2, $3, now() + make_interval(secs => $4))";
    db.execute(
        SQL,
        &[
            /* hash */ &hash,
            /* token */ &token.map(|id| id.0),
            /* member */ &member.map(|id| id.0),
            /* seconds */ &f64::from(SESSION_S),
        ],
    )
    .await
    .map(drop)
}

/// Whose session this is; none if there is none, or it ended, or its token or its member did.
pub async fn caller(db: &impl Db, hash: &[u8]) -> Result<Option<Bearer>, StoreError> {
    const SQL: &str = "-- console_sessions::caller
        select session.hash, token.id as token_id, token.name as token_name, token.scopes,
               coalesce(member.workspace_id, token.workspace_id) as workspace_id,
               member.id as member_id, member.name as member_name, member.role as member_role, false as expired,
               (token.id is null or exists (
                    select from day_seen where id = token.id and day = (now() at time zone 'utc')::date))
               and (member.id is null or exists (
                    select from day_seen where id = member.id and day = (now() at time zone 'utc')::date)) as seen_today
          from console_session session
          left join token on token.id = session.token_id
          left join member on member.id = session.member_id
         where session.hash = $1 and session.ended_at is null and session.expires_at > now()
           and token.revoked_at is null and (token.expires_at is null or token.expires_at > now())
           and member.removed_at is null";
    let row = db.row_opt(SQL, &[/* hash */ &hash]).await?;
    row.as_ref().map(Bearer::read).transpose()
}

/// Ends a session.
pub async fn end(db: &impl Db, hash: &[u8]) -> Result<(), StoreError> {
    const SQL: &str = "-- console_sessions::end
        update console_session set ended_at = now() where hash = $1 and ended_at is null";
    db.execute(SQL, &[/* hash */ &hash]).await.map(drop)
}

/// Forgets up to a hundred sessions whose time is over. Whoever opens one calls this, so they never pile up.
pub async fn forget_expired(db: &impl Db) -> Result<u64, StoreError> {
    const SQL: &str = "-- console_sessions::forget_expired
        delete from console_session where hash in
            (select hash from console_session where expires_at < now() order by expires_at limit 100)";
    db.execute(SQL, &[]).await
}
