//! `oauth_grant`: which users an OAuth client application has access for.

use hookyard_domain::ids::OauthClientId;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{PAGE_ITEMS_MAX, Page, PageRequest};
use crate::{Db, StoreError};

/// The most grants of one page.
pub const GRANTS_MAX: usize = PAGE_ITEMS_MAX as usize;

/// A user's grant, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OauthClientGrant)]
pub struct OauthGrant {
    /// In the words of whoever granted.
    pub user_id: String,
    pub granted_at: Timestamp,
    /// When it was taken back; none: it stands.
    pub revoked_at: Option<Timestamp>,
}

/// A page of a client's grants, as long as pages may be.
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
    let page = PageRequest::longest(Some(after.to_owned()));
    let Page { items, next_cursor } = list(db, client, page).await?;
    Ok(OauthGrants { items, next: next_cursor })
}

/// A client's grants in the order of their users; those taken back, too.
pub async fn list(
    db: &impl Db,
    client: OauthClientId,
    page: PageRequest<String>,
) -> Result<Page<OauthGrant, String>, StoreError> {
    const SQL: &str = "-- oauth_grants::list
        select user_id, granted_at, revoked_at from oauth_grant
         where client_id = $1 and user_id > $2
         order by user_id limit 101";
    let after = page.cursor.as_deref().unwrap_or_default();
    let rows = db.rows(SQL, &[/* client */ &client.0, /* after */ &after]).await?;
    let read = |row: &Row| OauthGrant {
        user_id: row.get("user_id"),
        granted_at: row.get("granted_at"),
        revoked_at: row.get("revoked_at"),
    };
    Ok(page.cut(rows.iter().map(read).collect(), |it| it.user_id.clone()))
}
