//! Somebody who calls one ingress.

use std::time::Duration;

use anyhow::{Context as _, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::{Answer, Call};

/// Longer than any answer takes; a call that gets none has failed.
const ANSWER_LIMIT: Duration = Duration::from_mins(2);

/// How long a connection is kept that nobody uses: shorter than an ingress keeps it, or a call may meet its end.
const IDLE_LIMIT: Duration = Duration::from_secs(2);

/// Sends calls over kept connections; clones share them.
#[derive(Debug, Clone)]
pub struct Caller {
    base: String,
    client: reqwest::Client,
}

impl Caller {
    pub(super) fn new(base: String) -> Self {
        let client = client(ANSWER_LIMIT);
        Self { base, client }
    }

    /// The same without the connections that are open already.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self::new(self.base.clone())
    }

    /// `http://HOST:PORT` of the ingress.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Sends a call and reads its answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn post(&self, call: impl Into<Call>) -> Answer {
        self.try_post(call).await.unwrap_or_else(|error| panic!("no answer: {error:#}"))
    }

    /// Whether a call failed because nobody accepted its connection: it was not begun, and somebody else may be called.
    pub fn nobody_listens(error: &anyhow::Error) -> bool {
        error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect)
    }

    /// As [`post`](Self::post), for when the ingress may be away.
    pub async fn try_post(&self, call: impl Into<Call>) -> Result<Answer> {
        let call = call.into();
        let method = Method::from_bytes(call.method.as_bytes())?;
        let request = self
            .client
            .request(method, format!("{}{}", self.base, call.path))
            .headers(headers(&call)?)
            .body(call.body);
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }
}

/// A client without proxies, whose requests end within `limit`.
pub(crate) fn client(limit: Duration) -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().timeout(limit).pool_idle_timeout(IDLE_LIMIT);
    let client = client.build();
    client.expect("a client of these settings can be made")
}

fn headers(call: &Call) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).context("a header's name")?;
        headers.append(name, HeaderValue::from_bytes(value).context("a header's value")?);
    }
    Ok(headers)
}
