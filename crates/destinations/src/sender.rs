//! The one sender: every outward call of a delivery leaves through it.
//!
//! One try is one request: redirects are not followed, nothing is repeated, no proxy of the environment is used. The
//! address policy is asked for literal addresses before the request and, in the resolver of the client, for those
//! that a name leads to.

mod classify;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hookyard_domain::delivery::{ErrorClass, TRY_MS_MAX};
use reqwest::{Client, redirect, retry};
use url::Url;

use crate::address::{self, Lookup, Reach, Resolver};
use crate::{AddressPolicy, AddressRefused, Answer, Ending, Outgoing, SendError};

/// How long a connection may take to open: name, TCP and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What is read of an answer, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Connections to one host that wait for the next request.
const IDLE_PER_HOST_MAX: usize = 64;
/// How long a connection waits for its next request; servers commonly close after a minute.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);

/// The user agent of all calls, unless a provider asks for its own form.
pub const USER_AGENT: &str = concat!("Hookyard-Webhooks/", env!("CARGO_PKG_VERSION"));

/// How calls are sent.
#[derive(Debug, Clone)]
pub struct SenderSettings {
    pub policy: AddressPolicy,
    /// See [`USER_AGENT`].
    pub user_agent: String,
    /// How long one try may take in all.
    pub timeout: Duration,
}

impl Default for SenderSettings {
    fn default() -> Self {
        Self {
            policy: AddressPolicy::default(),
            user_agent: USER_AGENT.to_owned(),
            timeout: Duration::from_millis(TRY_MS_MAX),
        }
    }
}

/// The HTTP client cannot be built: the user agent is no header's value, or TLS has no roots.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built")]
pub struct SenderSetupError(#[source] reqwest::Error);

/// Sends requests under one policy. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Sender {
    policy: AddressPolicy,
    timeout: Duration,
    resolver: Resolver,
    /// Speaks TLS only.
    secure: Client,
    /// For the allow-list's addresses only.
    plain: Client,
}

impl Sender {
    /// Prepares the clients; sends nothing.
    pub fn new(settings: SenderSettings) -> Result<Self, SenderSetupError> {
        Self::with_lookup(settings, address::system)
    }

    fn with_lookup(settings: SenderSettings, lookup: Lookup) -> Result<Self, SenderSetupError> {
        let SenderSettings { policy, user_agent, timeout } = settings;
        let client = |reach| {
            Client::builder()
                .dns_resolver(Arc::new(Resolver::new(policy.clone(), reach, lookup)))
                .https_only(reach == Reach::Everything)
                .http1_only()
                .redirect(redirect::Policy::none())
                .retry(retry::never())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .user_agent(&user_agent)
                .build()
                .map_err(SenderSetupError)
        };
        let (secure, plain) = (client(Reach::Everything)?, client(Reach::AllowList)?);
        let resolver = Resolver::new(policy.clone(), Reach::Everything, lookup);
        Ok(Self { policy, timeout, resolver, secure, plain })
    }

    /// The policy that calls are sent under.
    pub fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    /// Asks whether a URL may be called as things are now, its name resolved; for when one is saved without a call.
    ///
    /// Takes no longer than a connection may.
    pub async fn check(&self, url: &Url) -> Result<(), SendError> {
        self.check_within(CONNECT_TIMEOUT, url).await
    }

    async fn check_within(&self, limit: Duration, url: &Url) -> Result<(), SendError> {
        self.policy.check_url(url).map_err(|reason| refused(&reason))?;
        let Some(url::Host::Domain(name)) = url.host() else { return Ok(()) };
        match tokio::time::timeout(limit, self.resolver.addresses(name)).await {
            Ok(found) => found.map(drop).map_err(|error| classify::resolving(&error)),
            Err(_) => Err(SendError {
                class: ErrorClass::Dns,
                error: "the name took too long to resolve".to_owned(),
            }),
        }
    }

    /// Sends one request, once, and reads its answer.
    ///
    /// Whoever holds a lease checks it right before. Cancelling the future closes the connection.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Answer, SendError> {
        let Outgoing { method, url, headers, body } = outgoing;
        self.policy.check_url(&url).map_err(|reason| refused(&reason))?;
        let client = if url.scheme() == "https" { &self.secure } else { &self.plain };
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        *request.timeout_mut() = Some(self.timeout);

        let mut response =
            client.execute(request).await.map_err(|error| classify::sending(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let (body, ending) = read(&mut response).await;
        Ok(Answer { status, headers, body, ending })
    }
}

fn refused(reason: &AddressRefused) -> SendError {
    SendError { class: ErrorClass::Address, error: reason.to_string() }
}

/// Reads at most [`ANSWER_BYTES_MAX`]. Most answers are one chunk, which becomes the body without a copy.
async fn read(response: &mut reqwest::Response) -> (Bytes, Ending) {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    let ending = loop {
        match response.chunk().await {
            Ok(Some(chunk)) if chunk.is_empty() => {}
            Ok(Some(chunk))
                if first.is_empty() && more.is_empty() && chunk.len() <= ANSWER_BYTES_MAX =>
            {
                first = chunk;
            }
            Ok(Some(chunk)) => {
                if more.is_empty() {
                    more.extend_from_slice(&std::mem::take(&mut first));
                }
                let room = ANSWER_BYTES_MAX.saturating_sub(more.len());
                more.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    break Ending::TooLong;
                }
            }
            Ok(None) => break Ending::Complete,
            Err(error) => break Ending::Broken(classify::reading(&error)),
        }
    };
    (if more.is_empty() { first } else { more.freeze() }, ending)
}

#[cfg(test)]
mod tests;
