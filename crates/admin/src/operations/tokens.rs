//! Tokens: what applications show to publish events.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::TokenId;
use hookyard_domain::token::TokenScope;
use hookyard_domain::workspace::Slug;
use hookyard_store::tokens::{self, NewToken, Token};
use hookyard_store::{Db, Store};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::actor::Change;
use super::{Actor, OperationError, ShownOnce, workspaces};

/// How every token begins, so that people and secret scanners know one when they see it.
const PREFIX: &str = "hky_";
/// The random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// What is kept of a token in the clear, in characters: enough to tell two apart, of no use to guess one.
const PREFIX_CHARS: usize = PREFIX.len() + 6;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct CreateToken {
    pub workspace: Slug,
    pub name: Name,
    pub scopes: Vec<TokenScope>,
    /// None: it does not expire.
    pub expires_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedToken {
    #[serde(flatten)]
    pub view: Token,
    /// The token itself; only its hash is stored.
    pub token: ShownOnce,
}

/// Makes a token.
pub async fn create(
    store: &Store,
    actor: &Actor,
    new: CreateToken,
) -> Result<CreatedToken, OperationError> {
    if new.scopes.is_empty() {
        return Err(OperationError::Invalid("a token needs a scope".to_owned()));
    }
    let text = new_token();
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let workspace = workspaces::require(&tx, &new.workspace).await?;
    let id = TokenId(Uuid::now_v7());
    let token = NewToken {
        id,
        workspace: workspace.id,
        name: &new.name,
        prefix: &text[..PREFIX_CHARS],
        hash: &Sha256::digest(text.as_bytes()),
        scopes: &new.scopes,
        expires_at: new.expires_at,
    };
    tokens::insert(&tx, &token).await?;
    let view = require(&tx, id).await?;
    let after = json!({
        "name": view.name, "prefix": view.prefix, "scopes": view.scopes, "expiresAt": view.expires_at,
    });
    actor.record(&tx, change("token.create", &view, None, after)).await?;
    tx.commit().await?;
    Ok(CreatedToken { view, token: SecretString::from(text.as_str()).into() })
}

/// Ends a token's validity. A token that was revoked before stays as it is.
pub async fn revoke(store: &Store, actor: &Actor, id: TokenId) -> Result<Token, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
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
    Change { action, workspace: Some(view.workspace_id), subject, before, after: Some(after) }
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
