//! Finds out who asks: by the token of a call to the API, by the cookie of a browser.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use constant_time_eq::constant_time_eq;
use hookyard_store::access::{self, Bearer};
use hookyard_store::{Db, console_sessions, days_seen};
use tracing::warn;

use super::{Caller, Peer, Refusal, SignInRefusal};
use crate::App;
use crate::operations::sign_in::{self, OpenedSession, SignInError};
use crate::operations::tokens;

/// The name of the cookie: over TLS browsers hold `__Host-` cookies to this one host and to TLS (RFC 6265bis).
pub fn cookie_name(app: &App) -> &'static str {
    if app.is_secure() { "__Host-hookyard_session" } else { "hookyard_session" }
}

/// The cookie of a session, if there is exactly one.
pub fn session_cookie<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    let name = cookie_name(app);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    // Two of them: somebody planted one, and there is no telling which.
    found.next().filter(|_| found.next().is_none())
}

/// Who shows the token of the header `Authorization` (RFC 6750, section 2.1).
pub(super) async fn by_token(
    app: &App,
    db: &impl Db,
    headers: &HeaderMap,
    peer: Peer,
) -> Result<Caller, Refusal> {
    const NOBODY: Refusal = Refusal::Unauthenticated { expired: false };
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(NOBODY) };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| tokens::is_token(token));
    let now = app.now();
    let Some(token) = token else {
        app.attempts.failed(peer, "", now);
        return Err(NOBODY);
    };
    let hash = tokens::hash_of(token);
    if let Some(wait_s) = app.attempts.wait_s(peer, token, &hash, now) {
        return Err(Refusal::TooMany { wait_s });
    }
    let found = access::by_token(db, &hash).await?;
    // The index compares as it likes; this comparison takes as long whatever differs.
    match found.filter(|bearer| constant_time_eq(&bearer.hash, &hash)) {
        Some(bearer) if !bearer.expired => {
            app.attempts.succeeded(hash, now);
            seen(db, &bearer).await;
            Ok(Caller::of(bearer, None))
        }
        found => {
            app.attempts.failed(peer, token, now);
            Err(Refusal::Unauthenticated { expired: found.is_some() })
        }
    }
}

/// Whose session the cookie opens.
pub(super) async fn by_cookie(
    app: &App,
    db: &impl Db,
    headers: &HeaderMap,
) -> Result<Caller, Refusal> {
    const NOBODY: Refusal = Refusal::Unauthenticated { expired: false };
    let hash = sign_in::hash_of(session_cookie(app, headers).ok_or(NOBODY)?);
    let found = console_sessions::caller(db, &hash).await?;
    let bearer = found.filter(|bearer| constant_time_eq(&bearer.hash, &hash)).ok_or(NOBODY)?;
    seen(db, &bearer).await;
    Ok(Caller::of(bearer, Some(hash.to_vec())))
}

/// Remembers that the token and the member are here today, the first time on a day. Nobody is refused because that
/// could not be written.
async fn seen(db: &impl Db, bearer: &Bearer) {
    if bearer.seen_today {
        return;
    }
    let member = bearer.member.as_ref().map(|member| member.id.0);
    let here: Vec<_> = bearer.token.map(|id| id.0).into_iter().chain(member).collect();
    if let Err(error) = days_seen::record(db, &here).await {
        warn!(error = error.brief(), "who is here today could not be recorded: {}", error.brief());
    }
}

/// Signs in by a token, as slowly as calls with wrong tokens are answered.
pub async fn sign_in(app: &App, peer: Peer, token: &str) -> Result<OpenedSession, SignInRefusal> {
    let (hash, now) = (tokens::hash_of(token), app.now());
    if let Some(wait_s) = app.attempts.wait_s(peer, token, &hash, now) {
        return Err(SignInRefusal::TooMany { wait_s });
    }
    let opened = sign_in::by_token(&app.store, token).await;
    match &opened {
        Ok(_) => app.attempts.succeeded(hash, now),
        Err(SignInError::Refused | SignInError::Expired) => app.attempts.failed(peer, token, now),
        Err(SignInError::Operation(_)) => {}
    }
    opened.map_err(SignInRefusal::Token)
}
