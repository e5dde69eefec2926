//! `token`: what applications, members and operators show. Only hashes are stored. The ingress' look at them is in
//! [`crate::ingest`], the admin's in [`crate::access`].

use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TokenId, WorkspaceId};
use hookyard_domain::token::TokenScope;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// A token to be added.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    pub id: TokenId,
    /// None: an operator's.
    pub workspace: Option<WorkspaceId>,
    /// Whose it is; none: an application's or an operator's.
    pub member: Option<MemberId>,
    pub name: &'a Name,
    /// The token's first characters, to recognise it by.
    pub prefix: &'a str,
    /// Of the whole token: a SHA-256.
    pub hash: &'a [u8],
    pub scopes: &'a [TokenScope],
    pub expires_at: Option<Timestamp>,
}

/// What is known of a token; never the token.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub id: TokenId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: Option<WorkspaceId>,
    /// None: an operator's, for the whole deployment.
    pub workspace: Option<String>,
    /// Whose it is; none: an application's or an operator's.
    pub member_id: Option<MemberId>,
    pub member: Option<String>,
    pub name: String,
    /// Its first characters, to recognise it by.
    pub prefix: String,
    /// What an application's or an operator's allows; a member's allows what the member may do.
    pub scopes: Vec<TokenScope>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// The last day, in UTC, on which it opened something.
    pub last_used_on: Option<Date>,
}

impl Token {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let scopes: Vec<&str> = row.get("scopes");
        Ok(Self {
            id: TokenId(row.get("id")),
            workspace_id: row.get::<_, Option<_>>("workspace_id").map(WorkspaceId),
            workspace: row.get("workspace"),
            member_id: row.get::<_, Option<_>>("member_id").map(MemberId),
            member: row.get("member"),
            name: row.get("name"),
            prefix: row.get("prefix"),
            scopes: scopes.into_iter().map(str::parse).collect::<Result<_, _>>()?,
            created_at: row.get("created_at"),
            expires_at: row.get("expires_at"),
            revoked_at: row.get("revoked_at"),
            last_used_on: row.get("last_used_on"),
        })
    }
}

/// Adds a token.
pub async fn insert(db: &impl Db, token: &NewToken<'_>) -> Result<(), StoreError> {
    const SQL: &str = "-- tokens::insert
        insert into token (id, workspace_id, member_id, name, prefix, hash, scopes, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let scopes: Vec<&str> = token.scopes.iter().map(|it| it.as_str()).collect();
    db.execute(
        SQL,
        &[
            /* id */ &token.id.0,
            /* workspace */ &token.workspace.map(|id| id.0),
            /* member */ &token.member.map(|id| id.0),
            /* name */ &token.name.as_str(),
            /* prefix */ &token.prefix,
            /* hash */ &token.hash,
            /* scopes */ &scopes,
            /* expires */ &token.expires_at,
        ],
    )
    .await
    .map(drop)
}

/// The token of this id.
pub async fn by_id(db: &impl Db, id: TokenId) -> Result<Option<Token>, StoreError> {
    const SQL: &str = "-- tokens::by_id
        select token.id, token.workspace_id, workspace.slug as workspace, token.name, token.prefix, token.scopes,
               token.member_id, member.name as member, token.created_at, token.expires_at, token.revoked_at,
               (select max(day) from day_seen where id = token.id) as last_used_on
          from token
          left join workspace on workspace.id = token.workspace_id
          left join member on member.id = token.member_id
         where token.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Token::read).transpose()
}

/// The tokens of one workspace, or all, newest first.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<TokenId>,
) -> Result<Page<Token, TokenId>, StoreError> {
    const ALL: &str = "-- tokens::list (all)
        select token.id, token.workspace_id, workspace.slug as workspace, token.name, token.prefix, token.scopes,
               token.member_id, member.name as member, token.created_at, token.expires_at, token.revoked_at,
               (select max(day) from day_seen where id = token.id) as last_used_on
          from token
          left join workspace on workspace.id = token.workspace_id
          left join member on member.id = token.member_id
         where token.id < $1
         order by token.id desc limit 101";
    const OF_WORKSPACE: &str = "-- tokens::list (of a workspace)
        select token.id, token.workspace_id, workspace.slug as workspace, token.name, token.prefix, token.scopes,
               token.member_id, member.name as member, token.created_at, token.expires_at, token.revoked_at,
               (select max(day) from day_seen where id = token.id) as last_used_on
          from token
          left join workspace on workspace.id = token.workspace_id
          left join member on member.id = token.member_id
         where token.id < $1 and token.workspace_id = $2
         order by token.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(Token::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// Revokes a token. False if it was revoked before, or is not there.
pub async fn revoke(db: &impl Db, id: TokenId) -> Result<bool, StoreError> {
    const SQL: &str = "-- tokens::revoke
        update token set revoked_at = now() where id = $1 and revoked_at is null";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}
