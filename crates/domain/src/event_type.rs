//! The types of events: dotted names, and the patterns by which subscriptions name several.

use serde::{Deserialize, Serialize};

use crate::provider::Provider;
use crate::system_event::SystemEvent;

/// The longest type or pattern, in bytes.
pub const EVENT_TYPE_BYTES_MAX: usize = 128;
/// The most patterns of one subscription.
pub const PATTERNS_MAX: usize = 100;

/// A dotted name such as `post.created`: parts of letters, digits, `_` and `-`, joined by single dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventType(String);

/// A text that is no event type or pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEventType {
    #[error(
        "{0:?} is no event type: use 1 to {EVENT_TYPE_BYTES_MAX} of a-z, A-Z, 0-9, _ and -, in parts joined by dots, \
         such as post.created"
    )]
    Type(String),
    #[error(
        "{0:?} is no pattern of event types: use a type, the beginning of one such as post.*, or *"
    )]
    Pattern(String),
    #[error("name 1 to {PATTERNS_MAX} event types, not {0}")]
    Count(usize),
}

/// What is quoted back of a text that may be anything.
fn quoted(value: &str) -> String {
    value.chars().take(64).collect()
}

fn is_dotted_name(value: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    value.len() <= EVENT_TYPE_BYTES_MAX
        && value.split('.').all(|part| !part.is_empty() && part.chars().all(allowed))
}

impl EventType {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its first part is one of the providers' or of Hookyard's own: no application publishes such events.
    pub fn is_reserved(&self) -> bool {
        let first = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let own = first(&self.0);
        Provider::ALL.iter().any(|it| it.as_str() == own)
            || SystemEvent::ALL.iter().any(|it| first(it.as_str()) == own)
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(value: &str) -> Result<Self, InvalidEventType> {
        if is_dotted_name(value) {
            Ok(Self(value.to_owned()))
        } else {
            Err(InvalidEventType::Type(quoted(value)))
        }
    }
}

impl TryFrom<String> for EventType {
    type Error = InvalidEventType;

    fn try_from(value: String) -> Result<Self, InvalidEventType> {
        value.parse()
    }
}

impl From<EventType> for String {
    fn from(it: EventType) -> Self {
        it.0
    }
}

/// Which event types a subscription wants: exact ones, prefixes such as `post.*`, or `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct EventTypes(Vec<String>);

impl EventTypes {
    /// Every event.
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// The patterns as they were given.
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    /// Whether one of the patterns names this type. The database decides alike, by `wants_event`.
    pub fn wants(&self, event_type: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            // With its dot: `post.*` wants `post.created`, and neither `post` nor `poster.created`.
            Some(beginning) => event_type.starts_with(beginning),
            None => pattern == event_type,
        })
    }
}

impl TryFrom<Vec<String>> for EventTypes {
    type Error = InvalidEventType;

    fn try_from(patterns: Vec<String>) -> Result<Self, InvalidEventType> {
        if !(1..=PATTERNS_MAX).contains(&patterns.len()) {
            return Err(InvalidEventType::Count(patterns.len()));
        }
        let unknown = patterns.iter().find(|pattern| {
            let name = pattern.strip_suffix(".*").unwrap_or(pattern);
            pattern.as_str() != "*" && !is_dotted_name(name)
        });
        match unknown {
            Some(pattern) => Err(InvalidEventType::Pattern(quoted(pattern))),
            None => Ok(Self(patterns)),
        }
    }
}

impl From<EventTypes> for Vec<String> {
    fn from(types: EventTypes) -> Self {
        types.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(patterns: &[&str]) -> Result<EventTypes, InvalidEventType> {
        EventTypes::try_from(patterns.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn types_are_dotted_names_of_bounded_length() {
        let longest = "x".repeat(EVENT_TYPE_BYTES_MAX);
        for good in ["ping", "post.created", "linear.Issue.create", "a-b.c_d.0", &longest] {
            assert!(good.parse::<EventType>().is_ok(), "{good}");
        }
        let too_long = "x".repeat(EVENT_TYPE_BYTES_MAX + 1);
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "post.*", "é", "a/b", "a\u{0}", &too_long]
        {
            assert!(bad.parse::<EventType>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_types_of_providers_and_of_hookyard_itself_are_reserved() {
        for reserved in
            ["github.push", "linear.x", "GitHub.push", "sync.completed", "sync", "source.x.y"]
        {
            assert!(reserved.parse::<EventType>().unwrap().is_reserved(), "{reserved}");
        }
        for free in ["post.created", "githubs.push", "my.github.push", "syncs", "ping"] {
            assert!(!free.parse::<EventType>().unwrap().is_reserved(), "{free}");
        }
    }

    #[test]
    fn a_pattern_wants_its_type_or_what_begins_with_it() {
        let some = types(&["post.*", "sync.failed"]).unwrap();
        for wanted in ["post.created", "post.status.changed", "sync.failed"] {
            assert!(some.wants(wanted), "{wanted}");
        }
        for other in ["post", "poster.created", "sync.failed.again", "sync.completed", ""] {
            assert!(!some.wants(other), "{other}");
        }
        assert!(EventTypes::all().wants("anything.at.all"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in ["", "post*", "*.created", "post.*.x", ".*", "po st.*", "**"] {
            assert!(types(&[bad]).is_err(), "{bad:?}");
        }
        assert_eq!(types(&[]), Err(InvalidEventType::Count(0)));
        assert_eq!(types(&["a"; PATTERNS_MAX + 1]), Err(InvalidEventType::Count(PATTERNS_MAX + 1)));
    }
}
