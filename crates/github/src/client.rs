use std::{
    fmt,
    sync::{Arc, atomic::AtomicU32},
};

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use crate::{
    AppKey, Clock, GitHubError, Session, Settings, SetupError,
    app_key::Signer,
    limits,
    tokens::{Grant, Token, Tokens},
    transport::{Answer, Call, Caller, Transport},
};

/// Below this a refused App token is not the clock's fault.
const CLOCK_SKEW_MIN: SignedDuration = SignedDuration::from_secs(30);

/// A GitHub App's access to GitHub. Clones share everything; make one for each key.
#[derive(Clone)]
pub struct GitHub(Arc<Shared>);

struct Shared {
    signer: Signer,
    transport: Transport,
    tokens: Tokens,
    retries_max: u32,
}

/// The App that the key belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct App {
    pub id: i64,
    pub slug: String,
}

/// An account's installation of the App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub id: i64,
    pub account_login: String,
    pub suspended_at: Option<Timestamp>,
}

impl GitHub {
    /// Checks the key and prepares the connection pool; sends nothing.
    pub fn new(settings: &Settings, key: &AppKey, clock: Clock) -> Result<Self, SetupError> {
        Ok(Self(Arc::new(Shared {
            signer: Signer::new(key)?,
            transport: Transport::new(settings, clock)?,
            tokens: Tokens::new(),
            retries_max: settings.retries_max,
        })))
    }

    /// Starts a piece of work for one installation.
    pub fn session(&self, installation_id: i64) -> Session {
        Session::new(self.clone(), installation_id)
    }

    /// The App itself: the cheapest proof that key and App belong together.
    pub async fn app(&self) -> Result<App, GitHubError> {
        self.as_app(&Call::get("app", "/app".to_owned()), &AtomicU32::new(0)).await?.json()
    }

    /// An installation; [`GitHubError::InstallationGone`] when there is none of this id.
    pub async fn installation(&self, installation_id: i64) -> Result<Installation, GitHubError> {
        #[derive(Deserialize)]
        struct Answered {
            id: i64,
            account: Account,
            suspended_at: Option<Timestamp>,
        }
        #[derive(Deserialize)]
        struct Account {
            login: String,
        }
        let call = Call::get("installation", format!("/app/installations/{installation_id}"));
        let answer = self.as_app(&call, &AtomicU32::new(0)).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(GitHubError::InstallationGone);
        }
        let Answered { id, account, suspended_at } = answer.json()?;
        Ok(Installation { id, account_login: account.login, suspended_at })
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    pub(crate) fn retries_max(&self) -> u32 {
        self.0.retries_max
    }

    /// The installation's token; what minting it costs is counted in `requests`.
    pub(crate) async fn token(
        &self,
        installation_id: i64,
        requests: &AtomicU32,
    ) -> Result<Arc<Token>, GitHubError> {
        self.0.tokens.get(installation_id, self.mint(installation_id, requests)).await
    }

    pub(crate) async fn forget_token(&self, installation_id: i64, refused: &Arc<Token>) {
        self.0.tokens.forget(installation_id, refused).await;
    }

    async fn mint(&self, installation_id: i64, requests: &AtomicU32) -> Result<Token, GitHubError> {
        let mut call =
            Call::get("token", format!("/app/installations/{installation_id}/access_tokens"));
        call.post = Some(json!({ "permissions": { "contents": "read", "metadata": "read" } }));
        let answer = self.as_app(&call, requests).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(GitHubError::InstallationGone);
        }
        let grant: Grant = answer.json()?;
        Ok(Token::new(
            grant,
            limits::date(&answer.headers).unwrap_or_else(|| self.0.transport.now()),
        ))
    }

    /// A call in the App's own name. GitHub refuses tokens dated by a clock that is minutes off; its answer tells the
    /// right time, so such a call is made once more with that.
    pub(crate) async fn as_app(
        &self,
        call: &Call<'_>,
        requests: &AtomicU32,
    ) -> Result<Answer, GitHubError> {
        let now = self.0.transport.now();
        let answer = self.as_app_at(now, call, requests).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        match limits::date(&answer.headers) {
            Some(date) if date.duration_since(now).abs() >= CLOCK_SKEW_MIN => {
                tracing::warn!("this host's clock is {} off GitHub's", now.duration_since(date));
                self.as_app_at(date, call, requests).await
            }
            Some(_) | None => Ok(answer),
        }
    }

    async fn as_app_at(
        &self,
        now: Timestamp,
        call: &Call<'_>,
        requests: &AtomicU32,
    ) -> Result<Answer, GitHubError> {
        let bearer: SecretString =
            self.0.signer.token(now).map_err(|error| GitHubError::unexpected(call.route, error))?;
        let caller = Caller { bearer: &bearer, budget: None, requests };
        self.0.transport.send(call, &caller).await
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GitHub")
    }
}
