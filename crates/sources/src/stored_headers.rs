use hookyard_domain::provider::Provider;
use http::header::GetAll;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

/// Headers beyond this number are only counted.
const HEADERS_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 100;
/// Enough for every kept header's honest value.
const VALUE_BYTES_MAX: usize = 512;

const KEPT_ALWAYS: [&str; 3] = ["content-length", "content-type", "user-agent"];
const KEPT_OF_GITHUB: [&str; 7] = [
    "x-github-delivery",
    "x-github-enterprise-host",
    "x-github-enterprise-version",
    "x-github-event",
    "x-github-hook-id",
    "x-github-hook-installation-target-id",
    "x-github-hook-installation-target-type",
];
const KEPT_OF_LINEAR: [&str; 4] =
    ["linear-delivery", "linear-event", "linear-timestamp", "x-linear-event-id"];

/// What is stored of a call's headers: `{"values": {name: text}, "lengths": {name: bytes}, "omitted": count}`.
///
/// Values are kept of headers that are known to hold no secret. Of every other one, signatures included, only the
/// name and the length of its value: anything may travel in them. Values of a repeated header are joined by `, `,
/// lengths added up; long texts are cut, bytes that are not UTF-8 replaced.
pub fn stored_headers(provider: Provider, headers: &HeaderMap) -> Value {
    let mut values = Map::new();
    let mut lengths = Map::new();
    for name in headers.keys().take(HEADERS_MAX) {
        let all = headers.get_all(name);
        if is_kept(provider, name) {
            values.insert(name.as_str().to_owned(), Value::from(joined(&all)));
        } else {
            let bytes: usize = all.iter().map(HeaderValue::len).sum();
            lengths.insert(cut(name.as_str(), NAME_BYTES_MAX).to_owned(), Value::from(bytes));
        }
    }
    let omitted = headers.keys_len().saturating_sub(HEADERS_MAX);
    json!({ "values": values, "lengths": lengths, "omitted": omitted })
}

fn is_kept(provider: Provider, name: &HeaderName) -> bool {
    let of_provider: &[&str] = match provider {
        Provider::GitHub => &KEPT_OF_GITHUB,
        Provider::Linear => &KEPT_OF_LINEAR,
    };
    KEPT_ALWAYS.iter().chain(of_provider).any(|kept| *kept == name.as_str())
}

fn joined(values: &GetAll<'_, HeaderValue>) -> String {
    let mut text = String::new();
    for value in values {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&String::from_utf8_lossy(value.as_bytes()));
        if text.len() > VALUE_BYTES_MAX {
            break;
        }
    }
    cut(&text, VALUE_BYTES_MAX).to_owned()
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
