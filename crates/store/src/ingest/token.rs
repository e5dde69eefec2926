//! The token behind an application's call.

use hookyard_domain::ids::WorkspaceId;
use hookyard_domain::token::TokenScope;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Db, StoreError};

/// A SHA-256 of a whole token.
pub type TokenHash = [u8; 32];

/// A token that was not revoked, and what it opens.
#[derive(Debug, Clone)]
pub struct OpenToken {
    pub hash: Vec<u8>,
    pub workspace: WorkspaceId,
    /// The workspace's slug, as it stands in URLs.
    pub slug: String,
    pub may_publish: bool,
    pub expires_at: Option<Timestamp>,
}

/// The token with this hash; none if it is unknown, revoked or expired.
pub async fn open_token(db: &impl Db, hash: &TokenHash) -> Result<Option<OpenToken>, StoreError> {
    const SQL: &str = "-- ingest::open_token
        with found as (
            select token.id, token.hash, token.workspace_id, workspace.slug, $2 = any(token.scopes) as may_publish,
                   token.expires_at
              from token join workspace on workspace.id = token.workspace_id
             where token.hash = $1 and token.revoked_at is null
               and (token.expires_at is null or token.expires_at > now())),
        seen as (
            insert into day_seen (id) select id from found where may_publish on conflict do nothing)
        select hash, workspace_id, slug, may_publish, expires_at from found";
    let row = db
        .row_opt(SQL, &[/* hash */ &hash.as_slice(), /* scope */ &TokenScope::EventsWrite.as_str()])
        .await?;
    Ok(row.map(|row| OpenToken {
        hash: row.get("hash"),
        workspace: WorkspaceId(row.get::<_, Uuid>("workspace_id")),
        slug: row.get("slug"),
        may_publish: row.get("may_publish"),
        expires_at: row.get("expires_at"),
    }))
}
