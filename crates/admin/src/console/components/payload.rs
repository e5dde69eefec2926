//! Bodies and headers from outside, shown as text.

use maud::{Markup, html};
use serde_json::Value;

use super::text::{bytes, cut};

/// The most of a body that a page shows; beyond it there is the raw download.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting that is indented.
const DEPTH_MAX: usize = 64;

/// A body: pretty-printed where it is JSON, cut where it is long.
pub fn body(content: &[u8]) -> Markup {
    let shown = &content[..content.len().min(BODY_BYTES_MAX)];
    let json = (shown.len() == content.len())
        .then(|| serde_json::from_slice::<Value>(content).ok())
        .flatten();
    html! {
        pre tabindex="0" aria-label="Body" {
            code {
                @if let Some(value) = &json { (node(value, 0)) }
                @else { bdi { (String::from_utf8_lossy(shown)) } }
            }
        }
        @if shown.len() < content.len() {
            p.small.dim { "The first " (bytes(BODY_BYTES_MAX as u64)) " of " (bytes(content.len() as u64)) "." }
        }
    }
}

/// A JSON value with its parts told apart.
pub fn json(value: &Value) -> Markup {
    html! { pre tabindex="0" aria-label="JSON" { code { (node(value, 0)) } } }
}

fn node(value: &Value, depth: usize) -> Markup {
    let indent = "  ".repeat(depth + 1);
    let end = "  ".repeat(depth);
    html! {
        @match value {
            Value::Null => "null",
            Value::Bool(value) => span.n { (value) },
            Value::Number(value) => span.n { (value) },
            Value::String(text) => span.s { bdi { (quoted(text)) } },
            Value::Array(items) if items.is_empty() => "[]",
            Value::Object(fields) if fields.is_empty() => "{}",
            _ if depth >= DEPTH_MAX => "…",
            Value::Array(items) => {
                "[\n"
                @for (index, item) in items.iter().enumerate() {
                    (indent) (node(item, depth + 1)) @if index + 1 < items.len() { "," } "\n"
                }
                (end) "]"
            },
            Value::Object(fields) => {
                "{\n"
                @for (index, (name, item)) in fields.iter().enumerate() {
                    (indent) span.k { bdi { (quoted(name)) } } ": " (node(item, depth + 1))
                    @if index + 1 < fields.len() { "," } "\n"
                }
                (end) "}"
            },
        }
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Headers, in their order. Values are cut; nothing here is a link.
pub fn headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Markup {
    const VALUE_CHARS_MAX: usize = 512;
    html! {
        dl.kv {
            @for (name, value) in headers {
                dt { bdi { (name) } }
                dd.mono { bdi { (cut(value, VALUE_CHARS_MAX)) } }
            }
        }
    }
}

/// Headers as the ledger keeps them: an object of texts or lists of texts.
pub fn stored_headers(stored: &Value) -> Markup {
    let mut pairs = Vec::new();
    for (name, value) in stored.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => pairs.push((name.as_str(), text.as_str())),
            Value::Array(texts) => {
                pairs.extend(
                    texts.iter().filter_map(Value::as_str).map(|text| (name.as_str(), text)),
                );
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
    }
    headers(pairs)
}

/// Headers as the record of an event keeps them: `{"values": {name: text}, "lengths": {name: bytes}, "omitted": count}`.
/// Of what may be secret there is only the length.
pub fn recorded_headers(recorded: &Value) -> Markup {
    let lengths = recorded["lengths"].as_object();
    html! {
        (stored_headers(&recorded["values"]))
        @if let Some(lengths) = lengths.filter(|lengths| !lengths.is_empty()) {
            dl.kv {
                @for (name, length) in lengths {
                    dt { bdi { (name) } } dd.dim { (length.as_u64().unwrap_or_default()) " bytes, not kept" }
                }
            }
        }
        @if let Some(omitted @ 1..) = recorded["omitted"].as_u64() { p.small.dim { (omitted) " more" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser shows of the markup.
    fn text(markup: &str) -> String {
        let mut out = String::new();
        for part in markup.split('<') {
            out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        }
        out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    }

    #[test]
    fn a_json_body_is_indented_and_still_the_same_document() {
        let document = serde_json::json!({
            "a": [1, true, null, "</code><script>"], "b": {}, "c": { "d": "\u{202e}\n" }
        });
        let shown = json(&document).into_string();
        assert!(!shown.contains("<script"), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&text(&shown)).unwrap(), document);
    }

    #[test]
    fn a_long_body_is_cut_and_says_so() {
        let shown = body(&vec![b'x'; BODY_BYTES_MAX + 1]).into_string();
        assert!(
            shown.contains("The first 64.0 KiB of 64.0 KiB."),
            "{}",
            &shown[shown.len() - 90..]
        );
        assert!(!body(b"{}").into_string().contains("The first"));
    }

    #[test]
    fn a_body_that_is_no_text_is_still_shown() {
        assert!(body(&[0xff, b'<']).into_string().contains("\u{fffd}&lt;"));
    }

    #[test]
    fn a_deeply_nested_body_does_not_grow_without_end() {
        let mut value = Value::Null;
        for _ in 0..500 {
            value = Value::Array(vec![value]);
        }
        assert!(json(&value).into_string().len() < 64 * 1024);
    }
}
