use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use hookyard_domain::ids::{EventId, WorkspaceId};
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue;
use crate::text::iso;

/// The workspace that an event belongs to, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub slug: String,
    pub name: String,
}

/// What is known of an event beside its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHead {
    pub id: EventId,
    /// Dotted, such as `post.created`.
    pub event_type: String,
    pub workspace: Workspace,
    /// When it happened by its sender's word, else when it was received.
    pub occurred_at: Timestamp,
}

/// An event on its way out: read once, rendered for any number of receivers.
///
/// Share it (`Arc`): what several receivers need of it is made once.
pub struct Event {
    head: EventHead,
    data: Value,
    /// As it came, without the white space between its tokens: no number loses a digit.
    json: Box<str>,
    payload: OnceLock<Bytes>,
    pub(crate) for_filters: OnceLock<jmespath::Rcvar>,
    pub(crate) for_templates: OnceLock<minijinja::Value>,
}

/// The event's body is not JSON (or nests too deep): it can be sent to nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event's body is not JSON")]
pub struct NotJson;

impl Event {
    /// Reads an event's body: the JSON of its data.
    pub fn new(head: EventHead, body: &[u8]) -> Result<Self, NotJson> {
        let raw: &RawValue = serde_json::from_slice(body).map_err(|_| NotJson)?;
        let data = serde_json::from_str(raw.get()).map_err(|_| NotJson)?;
        let json = minified(raw.get()).into_boxed_str();
        Ok(Self {
            head,
            data,
            json,
            payload: OnceLock::new(),
            for_filters: OnceLock::new(),
            for_templates: OnceLock::new(),
        })
    }

    pub fn head(&self) -> &EventHead {
        &self.head
    }

    pub fn event_type(&self) -> &str {
        &self.head.event_type
    }

    /// How long its data is as JSON, in bytes.
    pub fn bytes(&self) -> usize {
        self.json.len()
    }

    pub fn data(&self) -> &Value {
        &self.data
    }

    /// The JSON that signed endpoints get: featul's form for the events of its catalogue, else
    /// `{"type","timestamp","data"}`.
    pub(crate) fn payload(&self) -> Bytes {
        self.payload
            .get_or_init(|| match catalogue::payload(&self.head, &self.json) {
                Some(payload) => payload.into(),
                None => self.envelope().into(),
            })
            .clone()
    }

    fn envelope(&self) -> String {
        let event_type = Value::from(self.event_type());
        let at = iso(self.head.occurred_at);
        format!(r#"{{"type":{event_type},"timestamp":"{at}","data":{}}}"#, self.json)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("head", &self.head).finish_non_exhaustive()
    }
}

/// Well-formed JSON without the white space between its tokens.
fn minified(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else if !matches!(c, ' ' | '\t' | '\n' | '\r') {
            out.push(c);
            in_string = c == '"';
        }
    }
    out
}

#[cfg(test)]
pub(crate) use tests::event as sample;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    pub(crate) fn event(event_type: &str, body: &str) -> Event {
        let head = EventHead {
            id: EventId(Uuid::from_u128(1)),
            event_type: event_type.to_owned(),
            workspace: Workspace {
                id: WorkspaceId(Uuid::from_u128(2)),
                slug: "acme".to_owned(),
                name: "Acme".to_owned(),
            },
            occurred_at: "2026-11-20T10:00:00Z".parse().unwrap(),
        };
        Event::new(head, body.as_bytes()).unwrap()
    }

    #[test]
    fn the_envelope_is_minified_and_keeps_every_digit() {
        let event = event(
            "order.paid",
            "{ \"total\": 1.10,\n \"note\": \"a \\\" b\", \"n\": 123456789012345678901 }",
        );
        assert_eq!(
            event.payload(),
            r#"{"type":"order.paid","timestamp":"2026-11-20T10:00:00.000Z","data":{"total":1.10,"note":"a \" b","n":123456789012345678901}}"#
        );
    }

    #[test]
    fn what_is_not_json_is_no_event() {
        let head = event("a.b", "{}").head;
        assert!(Event::new(head.clone(), b"payload=%7B%7D").is_err());
        assert!(Event::new(head, "[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn minifying_changes_no_value(text: String, other: String) {
            let value = serde_json::json!({ text.clone(): [other, { "n": text }], "b": [1, null] });
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(minified(&pretty), value.to_string());
        }
    }
}
