//! `oauth_grant`: which users an OAuth client application has access for.

use hookyard_domain::ids::OauthClientId;
use jiff::Timestamp;
use tokio_postgres::Row;

use crate::{Db, StoreError};

/// The most grants of one page.
pub const GRANTS_MAX: usize = 100;

/// A user's grant, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthGrant {
    /// In the words of whoever granted.
    pub user_id: String,
    pub granted_at: Timestamp,
    /// When it was taken back; none: it stands.
    pub revoked_at: Option<Timestamp>,
}

/// A page of a client's grants in the order of their users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthGrants {
    pub items: Vec<OauthGrant>,
    /// The user after whom the next page begins; none on the last one.
    pub next: Option<String>,
}

/// The grants of a client whose users come after `after`, at most [`GRANTS_MAX`]; those taken back, too.
pub async fn of_client(
    db: &impl Db,
    client: OauthClientId,
    after: &str,
) -> Result<OauthGrants, StoreError> {
    const SQL: &str = "-- oauth_grants::of_client
        select user_id, granted_at, revoked_at from oauth_grant
         where client_id = $1 and user_id > $2
         order by user_id limit 101";
    let rows = db.rows(SQL, &[/* client */ &client.0, /* after */ &after]).await?;
    let read = |row: &Row| OauthGrant {
        user_id: row.get("user_id"),
        granted_at: row.get("granted_at"),
        revoked_at: row.get("revoked_at"),
    };
    let mut items: Vec<OauthGrant> = rows.iter().map(read).collect();
    let more = items.len() > GRANTS_MAX;
    items.truncate(GRANTS_MAX);
    let next = items.last().filter(|_| more).map(|it| it.user_id.clone());
    Ok(OauthGrants { items, next })
}
