//! Tokens: what applications show to publish events, members and operators to work here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TokenId, WorkspaceId};
use hookyard_domain::role::MemberRole;
use hookyard_domain::token::TokenScope;
use hookyard_domain::workspace::Slug;
use hookyard_store::tokens::{self, NewToken, Token};
use hookyard_store::{Db, Store, days_seen};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::actor::Change;
use super::{Actor, OperationError, ShownOnce, members, workspaces};

/// How every token begins, so that people and secret scanners know one when they see it.
const PREFIX: &str = "hky_";
/// The random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// What is kept of a token in the clear, in characters: enough to tell two apart, of no use to guess one.
const PREFIX_CHARS: usize = PREFIX.len() + 6;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct CreateToken {
    pub owner: TokenOwner,
    pub name: Name,
    /// None: it does not expire.
    pub expires_at: Option<Timestamp>,
}

/// Whose token it is, which decides what it opens.
#[derive(Debug, Clone)]
pub enum TokenOwner {
    /// A program of this workspace that does what the scopes say.
    Application { workspace: Slug, scopes: Vec<TokenScope> },
    /// It may what the member may.
    Member(MemberId),
    /// It may everything in the deployment but publish.
    Operator,
}

/// A token that was just made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedToken {
    #[serde(flatten)]
    pub view: Token,
    /// The token itself; only its hash is stored.
    #[schema(value_type = String)]
    pub token: ShownOnce,
}

/// Makes a token. `rank` is what whoever asks is in the workspace: nobody makes a token of somebody above.
pub async fn create(
    store: &Store,
    actor: &Actor,
    rank: MemberRole,
    new: CreateToken,
) -> Result<CreatedToken, OperationError> {
    let text = new_token();
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let id = TokenId(Uuid::now_v7());
    let owner = resolve(&tx, rank, new.owner).await?;
    let token = NewToken {
        id,
        workspace: owner.workspace,
        member: owner.member,
        name: &new.name,
        prefix: &text[..PREFIX_CHARS],
        hash: &hash_of(&text),
        scopes: &owner.scopes,
        expires_at: new.expires_at,
    };
    tokens::insert(&tx, &token).await?;
    days_seen::forget_old(&tx).await?;
    let view = require(&tx, id).await?;
    let after = json!({
        "name": view.name, "prefix": view.prefix, "scopes": view.scopes, "memberId": view.member_id,
        "expiresAt": view.expires_at,
    });
    actor.record(&tx, change("token.create", &view, None, after)).await?;
    tx.commit().await?;
    Ok(CreatedToken { view, token: SecretString::from(text.as_str()).into() })
}

struct Owner {
    workspace: Option<WorkspaceId>,
    member: Option<MemberId>,
    scopes: Vec<TokenScope>,
}

async fn resolve(
    db: &impl Db,
    rank: MemberRole,
    owner: TokenOwner,
) -> Result<Owner, OperationError> {
    match owner {
        TokenOwner::Application { workspace, scopes } => {
            if scopes.is_empty() {
                return Err(OperationError::Invalid("a token needs a scope".to_owned()));
            }
            if scopes.contains(&TokenScope::Operator) {
                return Err(OperationError::Invalid(
                    "no token of a workspace has the scope operator".to_owned(),
                ));
            }
            let workspace = Some(workspaces::require(db, &workspace).await?.id);
            Ok(Owner { workspace, member: None, scopes })
        }
        TokenOwner::Member(id) => {
            let member = members::require(db, id).await?;
            members::check_rank(rank, member.role)?;
            Ok(Owner { workspace: Some(member.workspace_id), member: Some(id), scopes: vec![] })
        }
        TokenOwner::Operator => {
            Ok(Owner { workspace: None, member: None, scopes: vec![TokenScope::Operator] })
        }
    }
}

/// Ends a token's validity. A token that was revoked before stays as it is.
pub async fn revoke(
    store: &Store,
    actor: &Actor,
    rank: MemberRole,
    id: TokenId,
) -> Result<Token, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    if let Some(member) = before.member_id {
        members::check_rank(rank, members::any(&tx, member).await?.role)?;
    }
    let revoked = tokens::revoke(&tx, id).await?;
    let view = require(&tx, id).await?;
    if revoked {
        let was = json!({ "revokedAt": before.revoked_at });
        let is = json!({ "revokedAt": view.revoked_at });
        actor.record(&tx, change("token.revoke", &view, Some(was), is)).await?;
    }
    tx.commit().await?;
    Ok(view)
}

/// The token of this id, which must exist.
pub async fn require(db: &impl Db, id: TokenId) -> Result<Token, OperationError> {
    let found = tokens::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("token", &id))
}

fn change(
    action: &'static str,
    view: &Token,
    before: Option<serde_json::Value>,
    after: serde_json::Value,
) -> Change {
    let subject = view.id.to_string();
    Change { action, workspace: view.workspace_id, subject, before, after: Some(after) }
}

/// What is stored of a token, and how one that is shown is found.
pub fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether a text looks like a token.
pub fn is_token(text: &str) -> bool {
    /// The longest text that may be a token, in bytes.
    const TOKEN_BYTES_MAX: usize = 255;
    text.starts_with(PREFIX) && text.len() <= TOKEN_BYTES_MAX && text.is_ascii()
}

fn new_token() -> Zeroizing<String> {
    let random = Zeroizing::new(rand::random::<[u8; TOKEN_BYTES]>());
    let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + TOKEN_BYTES * 2));
    text.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_random_and_fit_a_header() {
        let (one, other) = (new_token(), new_token());
        assert_ne!(*one, *other);
        // 32 bytes are 43 characters of Base64.
        assert_eq!(one.len(), 47);
        let rest = one.strip_prefix("hky_").unwrap();
        assert!(rest.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_'));
    }
}
