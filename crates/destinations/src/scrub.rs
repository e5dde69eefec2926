//! What is kept of an answer: some headers, and the beginning of the body without the receiver's secrets.

use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::{Answer, ReceiverUrl};

/// What is kept of an answer's body, in bytes.
pub const EXCERPT_BYTES_MAX: usize = 1024;
/// Shorter parts of a URL are no secrets; replacing them would make excerpts unreadable.
const SECRET_BYTES_MIN: usize = 8;
const REPLACEMENT: &str = "[secret]";

const HEADERS_MAX: usize = 64;
const HEADER_NAME_BYTES_MAX: usize = 100;
const HEADER_VALUE_BYTES_MAX: usize = 256;
/// Headers that hold no secret and tell why an answer is as it is.
const KEPT: [&str; 14] = [
    "cf-ray",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "x-ratelimit-bucket",
    "x-ratelimit-global",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-reset-after",
    "x-ratelimit-scope",
    "x-request-id",
];

/// What an attempt's record keeps of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// `{"values": {name: text}, "lengths": {name: bytes}, "omitted": count}`: values of harmless headers, of the
    /// others the length.
    pub headers: Value,
    /// At most [`EXCERPT_BYTES_MAX`], without NUL characters.
    pub excerpt: String,
}

/// Takes a receiver's secrets out of texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scrubber(Vec<SecretString>);

impl Scrubber {
    /// Everything of the URL behind its host is secret, and each of its longer parts, as it is written there and
    /// decoded; so are `declared`, however short they are.
    pub(crate) fn new(url: &ReceiverUrl, declared: impl IntoIterator<Item = SecretString>) -> Self {
        let url = url.expose();
        let path = url.path_segments().into_iter().flatten();
        let query = url.query().unwrap_or_default().split('&');
        let query = query.filter_map(|pair| Some(pair.split_once('=')?.1));
        let mut secrets: Vec<_> = [url.as_str(), &url[url::Position::BeforePath..]]
            .into_iter()
            .map(str::to_owned)
            .chain(path.chain(query).flat_map(spellings))
            .filter(|part| part.len() >= SECRET_BYTES_MIN)
            .map(SecretString::from)
            .chain(declared.into_iter().filter(|secret| !secret.expose_secret().is_empty()))
            .collect();
        // The longest first, so that no part of one is left.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self(secrets)
    }

    pub(crate) fn scrub(&self, mut text: String) -> String {
        for secret in self.0.iter().map(SecretString::expose_secret) {
            if text.contains(secret) {
                text = text.replace(secret, REPLACEMENT);
            }
        }
        text
    }

    pub(crate) fn keep(&self, answer: &Answer) -> Kept {
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        let mut excerpt = self.scrub(body);
        excerpt.truncate(excerpt.floor_char_boundary(EXCERPT_BYTES_MAX));
        Kept { headers: self.headers(&answer.headers), excerpt: excerpt.replace('\0', "\u{fffd}") }
    }

    fn headers(&self, headers: &HeaderMap) -> Value {
        let (mut values, mut lengths) = (Map::new(), Map::new());
        for name in headers.keys().take(HEADERS_MAX) {
            let text = name.as_str();
            if KEPT.contains(&text) {
                let first = headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
                let mut value = self.scrub(String::from_utf8_lossy(first).into_owned());
                value.truncate(value.floor_char_boundary(HEADER_VALUE_BYTES_MAX));
                values.insert(text.to_owned(), Value::from(value));
            } else {
                let bytes: usize = headers.get_all(name).iter().map(HeaderValue::len).sum();
                let name = &text[..text.floor_char_boundary(HEADER_NAME_BYTES_MAX)];
                lengths.insert(self.scrub(name.to_owned()), Value::from(bytes));
            }
        }
        let omitted = headers.keys_len().saturating_sub(HEADERS_MAX);
        json!({ "values": values, "lengths": lengths, "omitted": omitted })
    }
}

/// A part of a URL as it is written, percent-decoded, and with `+` as the space that it is in forms.
fn spellings(part: &str) -> [String; 3] {
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    [part.to_owned(), decoded(part), decoded(&part.replace('+', " "))]
}
