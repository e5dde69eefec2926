//! Installation tokens: minted once for all who wait, kept until shortly before they expire.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use moka::{Expiry, future::Cache};
use secrecy::SecretString;
use serde::Deserialize;

use crate::GitHubError;

/// Tokens live an hour; none is used in its last minutes, so that no call outlives its token.
const UNUSED_BEFORE_EXPIRY: Duration = Duration::from_mins(5);
/// A token that is refused this soon after it was issued has not reached all of GitHub's servers yet.
const REPLICATES_WITHIN: Duration = Duration::from_secs(10);
/// Installations whose tokens are kept; the least used give way.
const INSTALLATIONS_MAX: u64 = 10_000;

/// A token for one installation, able to read contents and metadata.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    minted_at: Instant,
    usable_for: Duration,
}

/// GitHub's answer to the request for a token.
#[derive(Deserialize)]
pub(crate) struct Grant {
    token: SecretString,
    expires_at: Timestamp,
}

impl Token {
    pub(crate) fn new(grant: Grant, now: Timestamp) -> Self {
        let lives_for =
            Duration::try_from(grant.expires_at.duration_since(now)).unwrap_or_default();
        Self {
            secret: grant.token,
            minted_at: Instant::now(),
            usable_for: lives_for.saturating_sub(UNUSED_BEFORE_EXPIRY),
        }
    }

    pub(crate) fn may_still_replicate(&self) -> bool {
        self.minted_at.elapsed() < REPLICATES_WITHIN
    }
}

struct UntilShortlyBeforeExpiry;

impl Expiry<i64, Arc<Token>> for UntilShortlyBeforeExpiry {
    fn expire_after_create(&self, _: &i64, token: &Arc<Token>, _: Instant) -> Option<Duration> {
        Some(token.usable_for)
    }
}

pub(crate) struct Tokens(Cache<i64, Arc<Token>>);

impl Tokens {
    pub(crate) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(INSTALLATIONS_MAX)
                .expire_after(UntilShortlyBeforeExpiry)
                .build(),
        )
    }

    /// The installation's token, or the one that `mint` brings: concurrent callers wait for one and the same mint
    /// and share its failure.
    pub(crate) async fn get(
        &self,
        installation_id: i64,
        mint: impl Future<Output = Result<Token, GitHubError>>,
    ) -> Result<Arc<Token>, GitHubError> {
        let minted = self.0.try_get_with(installation_id, async { mint.await.map(Arc::new) }).await;
        minted.map_err(|error: Arc<GitHubError>| GitHubError::clone(&error))
    }

    /// Forgets a token that GitHub refuses, unless it was replaced already.
    pub(crate) async fn forget(&self, installation_id: i64, refused: &Arc<Token>) {
        if self.0.get(&installation_id).await.is_some_and(|kept| Arc::ptr_eq(&kept, refused)) {
            self.0.invalidate(&installation_id).await;
        }
    }
}
