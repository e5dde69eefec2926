//! One request to GitHub: sent, counted, bounded and sorted.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use reqwest::redirect;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    Clock, GitHubError, Settings, SetupError, Transient,
    limits::{self, Budget, Limits},
};

/// The version of the REST API that this client was written against.
const API_VERSION: &str = "2022-11-28";
/// A renamed repository answers with one redirect; a second follows when it was renamed meanwhile.
const REDIRECTS_MAX: usize = 3;
/// Small JSON answers: references, repositories, pages of repositories.
pub(crate) const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What is read of an answer that reports a failure.
const FAILURE_BYTES_MAX: usize = 64 * 1024;
/// What is kept of GitHub's explanation.
const MESSAGE_CHARS_MAX: usize = 200;

/// A request, but for who makes it.
pub(crate) struct Call<'a> {
    /// The label of metrics and errors.
    pub(crate) route: &'static str,
    /// Below the API's address, percent-encoded.
    pub(crate) path: String,
    /// Whether the bare content is wanted instead of JSON.
    pub(crate) raw: bool,
    pub(crate) if_none_match: Option<&'a str>,
    /// A JSON body makes it a POST.
    pub(crate) post: Option<serde_json::Value>,
    pub(crate) bytes_max: usize,
}

impl Call<'_> {
    pub(crate) fn get(route: &'static str, path: String) -> Self {
        Self { route, path, raw: false, if_none_match: None, post: None, bytes_max: JSON_BYTES_MAX }
    }
}

/// In whose name a request is made.
pub(crate) struct Caller<'a> {
    pub(crate) bearer: &'a SecretString,
    pub(crate) budget: Budget,
    pub(crate) requests: &'a AtomicU32,
}

/// An answer that means something to the caller: 2xx, 304, 401, 404, 409 or 422.
pub(crate) struct Answer {
    pub(crate) route: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body of an answer whose status must be a success.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        self.success()?;
        serde_json::from_slice(&self.body)
            .map_err(|error| GitHubError::unexpected(self.route, error))
    }

    /// Fails unless the status is 2xx; for statuses that have no meaning on this route.
    pub(crate) fn success(&self) -> Result<(), GitHubError> {
        if self.status.is_success() {
            return Ok(());
        }
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::UNPROCESSABLE_ENTITY => {
                Err(GitHubError::NotPermitted {
                    status: self.status.as_u16(),
                    message: explanation(&self.body),
                })
            }
            _ => Err(GitHubError::unexpected(self.route, format!("status {}", self.status))),
        }
    }
}

/// The connection pool and the bounds that all calls of a process share.
pub(crate) struct Transport {
    http: reqwest::Client,
    base: String,
    slots: Semaphore,
    limits: Limits,
    clock: Clock,
}

impl Transport {
    pub(crate) fn new(settings: &Settings, clock: Clock) -> Result<Self, SetupError> {
        let http = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.request_timeout)
            .user_agent(concat!("Hookyard/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::custom(within_origin))
            .no_proxy()
            .build()
            .map_err(SetupError::HttpClient)?;
        Ok(Self {
            http,
            base: base(&settings.api_url)?,
            slots: Semaphore::new(settings.requests_in_flight_max.max(1)),
            limits: Limits::default(),
            clock,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sends the call, unless the caller's limit is known to be spent, and reads the whole answer.
    pub(crate) async fn send(
        &self,
        call: &Call<'_>,
        caller: &Caller<'_>,
    ) -> Result<Answer, GitHubError> {
        self.limits.check(caller.budget)?;
        let _slot = self.slots.acquire().await.expect("the slots are never closed");
        // Others may have met the limit while this call waited for its slot.
        self.limits.check(caller.budget)?;
        caller.requests.fetch_add(1, Ordering::Relaxed);

        let answer = self.exchange(call, caller.bearer).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status.as_u16());
        metrics::counter!("github_requests_total", "route" => call.route, "status" => status.to_string())
            .increment(1);
        self.sort(answer?, caller.budget)
    }

    async fn exchange(
        &self,
        call: &Call<'_>,
        bearer: &SecretString,
    ) -> Result<Answer, GitHubError> {
        let url = format!("{}{}", self.base, call.path);
        let mut request = match &call.post {
            Some(body) => self.http.post(url).json(body),
            None => self.http.get(url),
        };
        request = request
            .bearer_auth(bearer.expose_secret())
            .header(header::ACCEPT, if call.raw { RAW } else { JSON })
            .header("x-github-api-version", API_VERSION);
        if let Some(etag) = call.if_none_match {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let mut response = request.send().await.map_err(network)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = if status.is_success() {
            read(&mut response, call.route, call.bytes_max).await?
        } else {
            // The status decides; an explanation that is cut short or too long takes nothing from it.
            read(&mut response, call.route, FAILURE_BYTES_MAX).await.unwrap_or_default()
        };
        Ok(Answer { route: call.route, status, headers, body })
    }

    /// Turns limits, refusals and failures of GitHub into errors and remembers the limits.
    fn sort(&self, answer: Answer, budget: Budget) -> Result<Answer, GitHubError> {
        let now = self.clock.now();
        if let Some(remaining) = limits::remaining(&answer.headers) {
            #[expect(clippy::cast_precision_loss, reason = "a limit is far below 2^52 requests")]
            metrics::gauge!("github_rate_limit_remaining").set(remaining as f64);
        }
        let message = || explanation(&answer.body);
        match answer.status {
            StatusCode::FORBIDDEN
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => {
                let message = message();
                if let Some(limit) = limits::refused(answer.status, &answer.headers, &message, now)
                {
                    self.limits.note(budget, limit);
                    return Err(limit.into());
                }
                if message.to_ascii_lowercase().contains("suspended") {
                    return Err(GitHubError::Suspended);
                }
                Err(GitHubError::NotPermitted { status: answer.status.as_u16(), message })
            }
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Err(GitHubError::Transient(Transient::Status(status.as_u16())))
            }
            StatusCode::NOT_MODIFIED
            | StatusCode::UNAUTHORIZED
            | StatusCode::NOT_FOUND
            | StatusCode::CONFLICT
            | StatusCode::UNPROCESSABLE_ENTITY => Ok(answer),
            status if status.is_success() => {
                if let Some(limit) = limits::exhausted(&answer.headers, now) {
                    self.limits.note(budget, limit);
                }
                Ok(answer)
            }
            status => Err(GitHubError::unexpected(
                answer.route,
                format!("status {status}: {}", message()),
            )),
        }
    }
}

const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";

/// The API's address without a slash at its end.
fn base(url: &Url) -> Result<String, SetupError> {
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(SetupError::ApiUrl) }
}

/// GitHub redirects renamed repositories within its API. Anywhere else the token has no business.
fn within_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let asked = attempt.previous().first().map(Url::origin);
    if attempt.previous().len() > REDIRECTS_MAX || asked != Some(attempt.url().origin()) {
        attempt.stop()
    } else {
        attempt.follow()
    }
}

async fn read(
    response: &mut reqwest::Response,
    route: &'static str,
    max: usize,
) -> Result<Bytes, GitHubError> {
    let too_large = || GitHubError::TooLarge { what: route, max: max as u64 };
    let declared = response.content_length().unwrap_or(0);
    if declared > max as u64 {
        return Err(too_large());
    }
    let mut body = BytesMut::with_capacity(usize::try_from(declared).unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        if body.len() + chunk.len() > max {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn network(error: reqwest::Error) -> GitHubError {
    GitHubError::Transient(Transient::Network(Arc::new(error.without_url())))
}

/// GitHub's own words about a failure, cut to a length that logs can take.
fn explanation(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Failure {
        message: String,
    }
    serde_json::from_slice::<Failure>(body)
        .map(|failure| {
            failure.message.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS_MAX).collect()
        })
        .unwrap_or_default()
}
