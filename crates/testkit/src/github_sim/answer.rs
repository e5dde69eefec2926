//! Answers in GitHub's shapes.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use jiff::{Timestamp, fmt::rfc2822};
use serde::Serialize;
use serde_json::json;

/// What the handlers make; headers that all answers share are added when it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let (status, body) = match serde_json::to_vec(body) {
            Ok(body) => (status, body),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
        };
        let kind = "application/json; charset=utf-8".to_owned();
        Self { status, headers: vec![(header::CONTENT_TYPE, kind)], body: body.into() }
    }

    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// `{message, documentation_url, status}`, as all of GitHub's failures.
    pub(crate) fn failure(status: StatusCode, message: &str) -> Self {
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.as_str(),
        });
        Self::json(status, &body)
    }

    pub(crate) fn not_found() -> Self {
        Self::failure(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub(crate) fn raw(body: Bytes) -> Self {
        let kind = "application/vnd.github.raw+json; charset=utf-8".to_owned();
        Self { status: StatusCode::OK, headers: vec![(header::CONTENT_TYPE, kind)], body }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn with_all(mut self, headers: Vec<(HeaderName, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    pub(crate) fn into_response(self, now: Timestamp) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
        let date = date.map(|date| (header::DATE, date)).ok();
        for (name, value) in self.headers.into_iter().chain(date) {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
