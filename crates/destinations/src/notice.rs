//! What a message in a chat says of an event, before a provider's form.

use jiff::Timestamp;
use serde_json::Value;

use crate::text::{link, one_line, plain};
use crate::{Event, catalogue};

/// The most facts that are shown; Slack takes ten elements in a context.
pub(crate) const FACTS_MAX: usize = 9;
/// The longest value of a fact, in characters.
pub(crate) const FACT_CHARS_MAX: usize = 100;

/// What a message says. Its texts are free of control characters, and not yet escaped for any provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) heading: String,
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) image: Option<String>,
    /// From 1970 on: providers take no year of another length.
    pub(crate) at: Timestamp,
    pub(crate) footer: String,
}

/// One labelled value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) value: String,
}

impl Fact {
    /// `None` if nothing of one or the other can be shown: Discord refuses a whole message for an empty name.
    pub(crate) fn new(label: &str, value: &str) -> Option<Self> {
        let fact = Self { label: one_line(label), value: one_line(value) };
        (!fact.label.is_empty() && !fact.value.is_empty()).then_some(fact)
    }
}

impl Notice {
    pub(crate) fn of(event: &Event) -> Self {
        catalogue::notice(event).unwrap_or_else(|| generic(event))
    }

    /// A notice that so far says what happened, when and where.
    pub(crate) fn new(heading: &str, event: &Event) -> Self {
        let head = event.head();
        Self {
            heading: one_line(heading),
            title: None,
            url: None,
            text: None,
            facts: Vec::new(),
            image: None,
            at: head.occurred_at.max(Timestamp::UNIX_EPOCH),
            footer: one_line(&format!("{} • Hookyard", head.workspace.name)),
        }
    }

    /// What stands where formatted blocks cannot be shown.
    pub(crate) fn summary(&self) -> String {
        match &self.title {
            Some(title) => format!("{}: {title}", self.heading),
            None => self.heading.clone(),
        }
    }
}

/// A notice of an event that Hookyard knows nothing about: its usual fields, and the plain values of its data.
fn generic(event: &Event) -> Notice {
    const TITLES: [&str; 4] = ["title", "name", "summary", "subject"];
    const TEXTS: [&str; 5] = ["message", "text", "description", "content", "body"];
    const LINKS: [&str; 3] = ["url", "html_url", "link"];

    let data = event.data();
    let first = |names: &[&'static str]| {
        names.iter().find_map(|name| Some((*name, text_of(data.get(name)?)?)))
    };
    let (title, text, url) = (first(&TITLES), first(&TEXTS), first(&LINKS));
    let shown: Vec<&str> =
        [&title, &text, &url].into_iter().flatten().map(|(name, _)| *name).collect();

    let mut notice = Notice::new(event.event_type(), event);
    notice.facts = facts(data, &shown);
    notice.title = title.map(|(_, title)| one_line(&title)).filter(|title| !title.is_empty());
    notice.text = text.map(|(_, text)| plain(&text)).filter(|text| !text.is_empty());
    notice.url = url.and_then(|(_, url)| link(&url));
    notice
}

/// The plain values of an object, and those one level below it under a dotted name.
fn facts(data: &Value, shown: &[&str]) -> Vec<Fact> {
    let Value::Object(members) = data else { return Vec::new() };
    members
        .iter()
        .filter(|(name, _)| !shown.contains(&name.as_str()))
        .flat_map(|(name, value)| match value {
            Value::Object(inner) => inner
                .iter()
                .filter_map(|(below, value)| Some((format!("{name}.{below}"), text_of(value)?)))
                .collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => {
                text_of(value).map(|text| (name.clone(), text)).into_iter().collect::<Vec<_>>()
            }
        })
        .filter_map(|(name, text)| Fact::new(&name, &text))
        .take(FACTS_MAX)
        .collect()
}

/// A plain value as text.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample;

    #[test]
    fn an_unknown_event_shows_its_usual_fields_and_plain_values() {
        let event = sample(
            "order.paid",
            r#"{"title":"Order 7","url":"https://a.example/7","total":9.5,"paid":true,"lines":[1],
               "buyer":{"name":"Ann","address":{}}}"#,
        );
        let notice = Notice::of(&event);
        assert_eq!(notice.heading, "order.paid");
        assert_eq!(notice.title.as_deref(), Some("Order 7"));
        assert_eq!(notice.url.as_deref(), Some("https://a.example/7"));
        let facts: Vec<_> =
            notice.facts.iter().map(|fact| format!("{}={}", fact.label, fact.value)).collect();
        assert_eq!(facts, ["buyer.name=Ann", "paid=true", "total=9.5"]);
    }

    #[test]
    fn a_fact_without_a_name_or_a_value_to_show_is_left_out() {
        let event = sample("a.b", r#"{"":1," ":2,"\u202e":3,"\n":{"":4},"x":" ","n":5}"#);
        let names: Vec<_> = Notice::of(&event).facts.into_iter().map(|fact| fact.label).collect();
        assert_eq!(names, [".", "n"]);
    }

    #[test]
    fn an_event_without_an_object_still_has_a_notice() {
        for body in ["[1,2]", "null", "\"text\"", "{}"] {
            assert_eq!(Notice::of(&sample("a.b", body)).summary(), "a.b");
        }
    }
}
