//! The tokens of applications: read from a call, and remembered for seconds.
//!
//! A token is found by its hash. How long the search takes tells at most something of the hash of what was sent, and
//! no token follows from that.

use std::sync::Arc;
use std::time::Duration;

use constant_time_eq::constant_time_eq;
use hookyard_store::ingest::{OpenToken, TokenHash, open_token};
use hookyard_store::{Store, StoreError};
use http::{HeaderMap, header};
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

/// How long a token is believed without looking again: so long a revoked one may still be used.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How many tokens are remembered, unknown ones among them.
const TOKENS_MAX: u64 = 10_000;
/// How many unknown tokens are looked up at once: whoever tries some leaves connections for the sources.
const LOOKUPS_MAX: usize = 2;
/// What every token begins with.
const PREFIX: &str = "hky_";
/// The longest text that may be a token, in bytes.
const TOKEN_BYTES_MAX: usize = 255;

/// What a call shows to prove who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Nothing,
    /// Something that is no token.
    NoToken,
    Token(TokenHash),
}

/// Reads the header `Authorization` (RFC 6750, section 2.1).
pub(crate) fn shown(headers: &HeaderMap) -> Shown {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Shown::Nothing };
    if values.next().is_some() {
        return Shown::NoToken;
    }
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let token = token.trim();
            if token.starts_with(PREFIX) && token.len() <= TOKEN_BYTES_MAX {
                Shown::Token(Sha256::digest(token).into())
            } else {
                Shown::NoToken
            }
        }
        Some(_) | None => Shown::NoToken,
    }
}

/// Finds tokens by their hashes. One reader asks the database, the others wait for its answer.
pub(crate) struct TokenCache {
    store: Store,
    tokens: Cache<TokenHash, Option<Arc<OpenToken>>>,
    lookups: Semaphore,
}

impl TokenCache {
    pub(crate) fn new(store: Store) -> Self {
        let tokens = Cache::builder().max_capacity(TOKENS_MAX).time_to_live(REMEMBERED).build();
        Self { store, tokens, lookups: Semaphore::new(LOOKUPS_MAX) }
    }

    /// The token with this hash, as it was at most seconds ago; it may have expired since.
    pub(crate) async fn get(
        &self,
        hash: TokenHash,
    ) -> Result<Option<Arc<OpenToken>>, Arc<StoreError>> {
        self.tokens.try_get_with(hash, self.read(hash)).await
    }

    async fn read(&self, hash: TokenHash) -> Result<Option<Arc<OpenToken>>, StoreError> {
        let _lookup = self.lookups.acquire().await.expect("the semaphore is never closed");
        let conn = self.store.conn().await?;
        let found = open_token(&conn, &hash).await?;
        Ok(found.filter(|token| constant_time_eq(&token.hash, &hash)).map(Arc::new))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn shown_by(values: &[&str]) -> Shown {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        shown(&headers)
    }

    #[test]
    fn a_token_is_read_whatever_the_case_of_its_scheme() {
        let token = Shown::Token(Sha256::digest("hky_abc").into());
        assert_eq!(shown_by(&["Bearer hky_abc"]), token);
        assert_eq!(shown_by(&["bearer  hky_abc"]), token);
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        assert_eq!(shown_by(&[]), Shown::Nothing);
        let long = format!("Bearer hky_{}", "x".repeat(TOKEN_BYTES_MAX));
        for value in ["", "Bearer", "hky_abc", "Basic hky_abc", "Bearer abc", &long] {
            assert_eq!(shown_by(&[value]), Shown::NoToken, "{value}");
        }
        assert_eq!(shown_by(&["Bearer hky_a", "Bearer hky_b"]), Shown::NoToken);
    }
}
