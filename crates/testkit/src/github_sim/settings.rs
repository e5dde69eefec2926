//! Control calls that change what GitHub holds, as its users and operators would.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::{
    config::BodyEncoding,
    simulation::{Simulation, now},
};

/// Changes of a repository; what is missing stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ChangeRepository {
    /// The first repository when missing.
    pub repository: Option<String>,
    /// A new `owner/name`; the old one redirects.
    pub rename: Option<String>,
    pub archived: Option<bool>,
    pub private: Option<bool>,
    #[serde(alias = "default_branch")]
    pub default_branch: Option<String>,
    /// Deleted, or out of the installation's sight: 404 either way.
    pub gone: Option<bool>,
}

/// Changes of the installation.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ChangeInstallation {
    pub suspended: Option<bool>,
    pub deleted: Option<bool>,
}

/// Changes of installation tokens.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ChangeTokens {
    /// Refuses all tokens that were given out.
    pub revoke: bool,
    /// The life of new tokens.
    pub lifetime_s: Option<u64>,
    /// For how long new tokens are refused, as GitHub's servers do that have not heard of them yet.
    pub lag_ms: Option<u64>,
}

/// A change of the primary rate limit.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ChangeRateLimit {
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    pub reset_in_s: Option<i64>,
}

/// A change of where and how deliveries are sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ChangeWebhook {
    pub url: Option<Url>,
    pub secret: Option<String>,
    pub body_encoding: Option<BodyEncoding>,
}

impl Simulation {
    pub fn change_repository(&self, change: ChangeRepository) -> Result<()> {
        let mut state = self.state();
        let repo =
            state.named(change.repository.as_deref()).context("there is no such repository")?;
        if let Some(name) = change.rename {
            ensure!(name.contains('/'), "{name:?} is not owner/name");
            repo.former_names.push(std::mem::replace(&mut repo.full_name, name));
        }
        repo.archived = change.archived.unwrap_or(repo.archived);
        repo.private = change.private.unwrap_or(repo.private);
        repo.gone = change.gone.unwrap_or(repo.gone);
        if let Some(branch) = change.default_branch {
            repo.default_branch = branch;
        }
        Ok(())
    }

    pub fn change_installation(&self, change: ChangeInstallation) {
        let mut state = self.state();
        match change.suspended {
            Some(true) => state.suspended_at = Some(now()),
            Some(false) => state.suspended_at = None,
            None => {}
        }
        state.uninstalled = change.deleted.unwrap_or(state.uninstalled);
    }

    pub fn change_tokens(&self, change: ChangeTokens) {
        let mut state = self.state();
        if change.revoke {
            state.tokens.clear();
        }
        if let Some(seconds) = change.lifetime_s {
            state.token_lifetime = Duration::from_secs(seconds);
        }
        if let Some(millis) = change.lag_ms {
            state.token_lag = Duration::from_millis(millis);
        }
    }

    pub fn change_rate_limit(&self, change: ChangeRateLimit) {
        let mut state = self.state();
        let rate = &mut state.rate;
        rate.limit = change.limit.unwrap_or(rate.limit);
        rate.remaining = change.remaining.unwrap_or(rate.remaining).min(rate.limit);
        if let Some(seconds) = change.reset_in_s {
            rate.reset =
                now().saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(rate.reset);
        }
    }

    pub fn change_webhook(&self, change: ChangeWebhook) {
        let mut state = self.state();
        let webhook = &mut state.webhook;
        webhook.url = change.url.or(webhook.url.take());
        webhook.secret = change.secret.unwrap_or_else(|| std::mem::take(&mut webhook.secret));
        webhook.encoding = change.body_encoding.unwrap_or(webhook.encoding);
    }

    /// Until when a token that is given out now is unknown.
    pub(crate) fn token_known_from(&self) -> Instant {
        Instant::now() + self.state().token_lag
    }
}
