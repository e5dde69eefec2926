//! Bodies and headers from outside, shown as text.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use super::text::{bytes, cut};

/// The largest body that is read as JSON.
const JSON_BYTES_MAX: usize = 1024 * 1024;
/// The most markup that one JSON value becomes, so that no page grows with what is sent; beyond it there is the raw
/// download.
const MARKUP_BYTES_MAX: usize = 256 * 1024;
/// The most of a body that is shown as it is.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting that is indented.
const DEPTH_MAX: usize = 64;
/// The most bytes that a byte of text becomes in markup, as `&quot;` does.
const ESCAPED_BYTES_MAX: usize = 6;

/// A body: pretty-printed where it is JSON, cut where it is long.
pub fn body(content: &[u8]) -> Markup {
    let parsed = (content.len() <= JSON_BYTES_MAX)
        .then(|| serde_json::from_slice::<Value>(content).ok())
        .flatten();
    if let Some(value) = parsed {
        let pretty = Pretty::of(&value);
        return html! {
            pre tabindex="0" aria-label="Body" { code { (PreEscaped(&pretty.markup)) } }
            @if pretty.is_cut {
                p.small.dim { "The beginning of " (bytes(content.len() as u64)) ", laid out; the rest is not shown." }
            }
        };
    }
    let shown = &content[..content.len().min(TEXT_BYTES_MAX)];
    html! {
        pre tabindex="0" aria-label="Body" { code { bdi { (String::from_utf8_lossy(shown)) } } }
        @if shown.len() < content.len() {
            p.small.dim { "The first " (bytes(TEXT_BYTES_MAX as u64)) " of " (bytes(content.len() as u64)) "." }
        }
    }
}

/// A JSON value with its parts told apart.
pub fn json(value: &Value) -> Markup {
    let pretty = Pretty::of(value);
    html! {
        pre tabindex="0" aria-label="JSON" { code { (PreEscaped(&pretty.markup)) } }
        @if pretty.is_cut { p.small.dim { "The rest is not shown." } }
    }
}

/// A JSON value as markup, written until it is long enough.
#[derive(Default)]
struct Pretty {
    markup: String,
    is_cut: bool,
}

impl Pretty {
    fn of(value: &Value) -> Self {
        let mut pretty = Self::default();
        pretty.node(value, 0);
        if pretty.is_cut {
            pretty.markup.push('…');
        }
        pretty
    }

    /// Writes a whole piece, if there is room for it; after one that was cut nothing follows.
    fn push(&mut self, piece: &str) {
        self.is_cut |= self.markup.len() + piece.len() > MARKUP_BYTES_MAX;
        if !self.is_cut {
            self.markup.push_str(piece);
        }
    }

    /// Writes a text, or as much of it as there is room for.
    fn text(&mut self, text: &str, is_name: bool) {
        let quoted = quoted(text);
        let class = if is_name { "k" } else { "s" };
        let piece = |text: &str| html! { span class=(class) { bdi { (text) } } }.into_string();
        let whole = piece(&quoted);
        let left = MARKUP_BYTES_MAX.saturating_sub(self.markup.len());
        if self.is_cut || whole.len() <= left {
            return self.push(&whole);
        }
        let room = left.saturating_sub(piece("").len()) / ESCAPED_BYTES_MAX;
        self.push(&piece(&quoted[..quoted.floor_char_boundary(room)]));
        self.is_cut = true;
    }

    fn node(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(value) => self.push(&html! { span.n { (value) } }.into_string()),
            Value::Number(value) => self.push(&html! { span.n { (value) } }.into_string()),
            Value::String(text) => self.text(text, false),
            Value::Array(items) if items.is_empty() => self.push("[]"),
            Value::Object(fields) if fields.is_empty() => self.push("{}"),
            Value::Array(_) | Value::Object(_) if depth >= DEPTH_MAX => self.push("…"),
            Value::Array(items) => {
                self.push("[\n");
                self.items(items.iter().map(|item| (None, item)), depth);
                self.push("]");
            }
            Value::Object(fields) => {
                self.push("{\n");
                self.items(fields.iter().map(|(name, item)| (Some(name), item)), depth);
                self.push("}");
            }
        }
    }

    fn items<'a>(
        &mut self,
        items: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
        depth: usize,
    ) {
        let mut items = items.peekable();
        while let Some((name, item)) = items.next() {
            if self.is_cut {
                return;
            }
            self.push(&"  ".repeat(depth + 1));
            if let Some(name) = name {
                self.text(name, true);
                self.push(": ");
            }
            self.node(item, depth + 1);
            self.push(if items.peek().is_some() { ",\n" } else { "\n" });
        }
        self.push(&"  ".repeat(depth));
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
    fn a_long_text_is_cut_and_says_so() {
        let shown = body(&vec![b'x'; TEXT_BYTES_MAX + 1]).into_string();
        assert!(
            shown.contains("The first 64.0 KiB of 64.0 KiB."),
            "{}",
            &shown[shown.len() - 90..]
        );
        assert!(!body(b"{}").into_string().contains("The "));
    }

    #[test]
    fn a_long_json_body_is_indented_up_to_what_a_page_holds() {
        let document = serde_json::json!({ "a": "x".repeat(100 * 1024), "b": [1] });
        let shown = body(document.to_string().as_bytes()).into_string();
        assert!(shown.contains("<span class=\"k\"><bdi>&quot;b&quot;</bdi></span>: [\n"));
        assert!(!shown.contains("The beginning"));
        for long in [
            serde_json::json!({ "first": 1, "items": vec![1; 400_000] }),
            serde_json::json!({ "first": 1, "text": "\"é".repeat(200_000) }),
            serde_json::json!({ "first": 1, "items": vec![serde_json::json!({ "<": "&" }); 60_000] }),
        ] {
            let content = long.to_string();
            assert!(content.len() <= JSON_BYTES_MAX, "{}", content.len());
            let shown = body(content.as_bytes()).into_string();
            assert!(shown.contains("<span class=\"k\"><bdi>&quot;first&quot;</bdi></span>: "));
            assert!(shown.contains("The beginning of") && shown.contains('…'));
            assert!(shown.len() < MARKUP_BYTES_MAX + 1024, "{}", shown.len());
        }
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
