use std::fmt;

use bytes::Bytes;
use hookyard_domain::delivery::ErrorClass;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use url::Url;

/// A request that is ready to be sent. Its URL and headers may hold secrets: `Debug` shows neither.
#[derive(Clone)]
pub struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Outgoing {
    /// A POST of JSON.
    pub(crate) fn json(url: Url, body: Bytes) -> Self {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { method: Method::POST, url, headers, body }
    }

    /// What will be sent as the body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The headers beside those that the client adds (host, length, user agent).
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What a receiver answered.
#[derive(Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Of its body what was read.
    pub body: Bytes,
    /// Whether that is all of it.
    pub ending: Ending,
}

/// How an answer's body ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It was read to its end.
    Complete,
    /// It is longer than is read.
    TooLong,
    /// It broke off.
    Broken(SendError),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct SendError {
    pub class: ErrorClass,
    /// In words that name no URL.
    pub error: String,
}
