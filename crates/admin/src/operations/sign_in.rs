//! Signing in to the console: by a token, or by a link that works once.
//!
//! A link's secret and a session's cookie are 32 random bytes each; only their hashes are stored. A session begins
//! with a new cookie however somebody signs in, so a cookie planted before is worth nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookyard_domain::ids::MemberId;
use hookyard_domain::role::MemberRole;
use hookyard_store::access::{self, Bearer};
use hookyard_store::{Store, console_sessions, sign_in_links};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::actor::Change;
use super::{Actor, OperationError, ShownOnce, members, tokens};

/// The random bytes of a link and of a cookie.
const SECRET_BYTES: usize = 32;

/// A link that signs a member in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInLink {
    pub member_id: MemberId,
    /// The path of the page whose button signs in, below the console's address.
    #[schema(value_type = String)]
    pub path: ShownOnce,
    pub expires_at: Timestamp,
}

/// A session that was opened; the cookie is known to nobody else.
#[derive(Debug)]
pub struct OpenedSession {
    pub cookie: ShownOnce,
    /// How long it lasts at most, in seconds.
    pub seconds: i32,
}

/// Why a token signs nobody in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Whatever is wrong with it.
    #[error("this is no token that opens the console")]
    Refused,
    /// It was genuine, and its time is over.
    #[error("this token has expired")]
    Expired,
    #[error(transparent)]
    Operation(#[from] OperationError),
}

impl From<hookyard_store::StoreError> for SignInError {
    fn from(error: hookyard_store::StoreError) -> Self {
        Self::Operation(error.into())
    }
}

/// Makes a link for a member. `rank` is what whoever asks is in the workspace.
pub async fn make_link(
    store: &Store,
    actor: &Actor,
    rank: MemberRole,
    member: MemberId,
) -> Result<SignInLink, OperationError> {
    let secret = new_secret();
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let view = members::require(&tx, member).await?;
    members::check_rank(rank, view.role)?;
    sign_in_links::forget_expired(&tx).await?;
    let expires_at = sign_in_links::insert(&tx, &hash_of(&secret), member).await?;
    let change = Change {
        action: "sign_in_link.create",
        workspace: Some(view.workspace_id),
        subject: member.to_string(),
        before: None,
        after: Some(json!({ "expiresAt": expires_at })),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    let path = SecretString::from(format!("/sign-in/link/{}", secret.as_str()));
    Ok(SignInLink { member_id: member, path: path.into(), expires_at })
}

/// Opens a session for whoever shows a member's or an operator's token.
pub async fn by_token(store: &Store, token: &str) -> Result<OpenedSession, SignInError> {
    if !tokens::is_token(token) {
        return Err(SignInError::Refused);
    }
    let conn = store.conn().await?;
    let bearer = access::by_token(&conn, &tokens::hash_of(token)).await?;
    let bearer = bearer.filter(opens_console).ok_or(SignInError::Refused)?;
    if bearer.expired {
        return Err(SignInError::Expired);
    }
    let cookie = new_secret();
    console_sessions::forget_expired(&conn).await?;
    let member = bearer.member.map(|member| member.id);
    console_sessions::open(&conn, &hash_of(&cookie), bearer.token, member).await?;
    Ok(opened(&cookie))
}

/// Opens a session for the member whose link this is, and uses the link up.
pub async fn by_link(store: &Store, secret: &str) -> Result<OpenedSession, SignInError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let member = sign_in_links::take(&tx, &hash_of(secret)).await?.ok_or(SignInError::Refused)?;
    let cookie = new_secret();
    console_sessions::forget_expired(&tx).await?;
    console_sessions::open(&tx, &hash_of(&cookie), None, Some(member)).await?;
    tx.commit().await?;
    Ok(opened(&cookie))
}

/// Ends the session of this cookie.
pub async fn out(store: &Store, cookie: &str) -> Result<(), OperationError> {
    Ok(console_sessions::end(&store.conn().await?, &hash_of(cookie)).await?)
}

/// What is stored of a cookie or a link.
pub fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// An application's token opens no console.
fn opens_console(bearer: &Bearer) -> bool {
    bearer.member.is_some() || bearer.workspace.is_none()
}

fn opened(cookie: &Zeroizing<String>) -> OpenedSession {
    let cookie = SecretString::from(cookie.as_str()).into();
    OpenedSession { cookie, seconds: console_sessions::SESSION_S }
}

fn new_secret() -> Zeroizing<String> {
    let random = Zeroizing::new(rand::random::<[u8; SECRET_BYTES]>());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_slice()))
}
