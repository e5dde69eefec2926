//! The ten events of featul, Hookyard's example catalogue: what their messages say, and the JSON of signed endpoints.
//!
//! Their data is `{"post": {...}}`, with `comment`, `changes`, `reaction` or `milestone` where the event has one; every
//! field may be missing. docs/events-catalogue.md has them all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::Event;
use crate::event::EventHead;
use crate::notice::{Fact, Notice, text_of};
use crate::text::{link, one_line, plain};

/// The types of the catalogue, and what a message about them is headed.
pub const CATALOGUE: &[(&str, &str)] = &[
    ("post.created", "New Feedback Submission"),
    ("post.status_changed", "Status Changed"),
    ("post.pinned", "Post Pinned"),
    ("post.featured", "Post Featured"),
    ("post.locked", "Post Locked"),
    ("comment.created", "New Comment"),
    ("comment.mention", "New Mention"),
    ("comment.reaction", "New Reaction"),
    ("post.upvoted", "New Upvote"),
    ("post.milestone", "Upvote Milestone"),
];

fn heading(event_type: &str) -> Option<&'static str> {
    CATALOGUE.iter().find(|(known, _)| *known == event_type).map(|(_, heading)| *heading)
}

/// featul's form: `{"event", "workspace": {"id", "name", "slug"}, "post": {...}, ...}`; `None` for other events, and
/// for data that is no object. `json` is the data as it came: no number loses a digit.
pub(crate) fn payload(head: &EventHead, json: &str) -> Option<String> {
    #[derive(Serialize)]
    struct Payload<'a> {
        event: &'a str,
        workspace: Value,
        #[serde(flatten)]
        rest: BTreeMap<Cow<'a, str>, &'a RawValue>,
    }
    heading(&head.event_type)?;
    let workspace = &head.workspace;
    let mut rest: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(json).ok()?;
    rest.remove("event");
    rest.remove("workspace");
    let payload = Payload {
        event: &head.event_type,
        workspace: json!({ "id": workspace.id, "name": workspace.name, "slug": workspace.slug }),
        rest,
    };
    serde_json::to_string(&payload).ok()
}

/// What a message about an event of the catalogue says; `None` for other events, and for data without a post.
pub(crate) fn notice(event: &Event) -> Option<Notice> {
    let heading = heading(event.event_type())?;
    let data = event.data();
    let post = data.get("post")?.as_object()?;
    let text = |pointer: &str| data.pointer(pointer).and_then(text_of);

    let mut notice = Notice::new(heading, event);
    notice.title =
        text("/post/title").map(|title| one_line(&title)).filter(|title| !title.is_empty());
    notice.url = text("/post/url").and_then(|url| link(&url));
    notice.image = ["image", "imageUrl"]
        .iter()
        .find_map(|name| link(post.get(*name)?.as_str()?))
        .filter(|url| url.starts_with("https://"));
    notice.text = text("/comment/content")
        .or_else(|| text("/post/content"))
        .map(|content| plain(&content))
        .filter(|content| !content.trim().is_empty());
    notice.at = text("/comment/createdAt")
        .or_else(|| text("/post/createdAt"))
        .and_then(|at| at.parse().ok())
        .filter(|at| *at >= Timestamp::UNIX_EPOCH)
        .unwrap_or(notice.at);
    notice.facts = facts(event.event_type(), &text);
    Some(notice)
}

/// Board, status and author, with the status before a change; then what the event is about.
fn facts(event_type: &str, text: &dyn Fn(&str) -> Option<String>) -> Vec<Fact> {
    let status = match (text("/changes/status/from"), text("/changes/status/to")) {
        (Some(from), Some(to)) => Some(format!("{from} → {to}")),
        (None, Some(to)) => Some(to),
        (_, None) => text("/post/status"),
    };
    let author = text("/post/author/name").unwrap_or_else(|| "Anonymous".to_owned());
    let own = match event_type {
        "comment.created" | "comment.mention" => ("Comment by", text("/comment/author/name")),
        "comment.reaction" => ("Reaction", text("/reaction/emoji").or_else(|| text("/reaction"))),
        "post.upvoted" => ("Upvotes", text("/post/upvotes")),
        "post.milestone" => ("Milestone", text("/milestone/count").or_else(|| text("/milestone"))),
        _ => ("", None),
    };
    [
        ("Board", text("/post/board/name").or_else(|| text("/post/board"))),
        ("Status", status),
        ("Submitted by", Some(author)),
        own,
    ]
    .into_iter()
    .filter_map(|(label, value)| Fact::new(label, &value?))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample;

    #[test]
    fn a_status_change_shows_both_states() {
        let event = sample(
            "post.status_changed",
            r#"{"post":{"title":"Dark mode","board":"Features","status":"planned"},
               "changes":{"status":{"from":"open","to":"planned"}}}"#,
        );
        let notice = Notice::of(&event);
        assert_eq!(notice.heading, "Status Changed");
        assert_eq!(notice.facts[1], Fact::new("Status", "open → planned").unwrap());
        assert_eq!(notice.facts[2], Fact::new("Submitted by", "Anonymous").unwrap());
    }

    #[test]
    fn the_payload_has_featuls_form() {
        let event = sample("post.created", r#"{"post":{"id":"p1"},"workspace":"forged"}"#);
        let payload: Value = serde_json::from_slice(&event.payload()).unwrap();
        let workspace = event.head().workspace.id;
        assert_eq!(
            payload,
            json!({ "event": "post.created", "post": { "id": "p1" },
                    "workspace": { "id": workspace, "name": "Acme", "slug": "acme" } })
        );
    }

    #[test]
    fn the_payload_keeps_every_digit() {
        let data = r#"{"post":{"price":1.10,"n":123456789012345678901},"ratio":1.0e2}"#;
        let payload = sample("post.created", data).payload();
        let payload = std::str::from_utf8(&payload).unwrap();
        assert!(payload.contains(&data[1..]), "{payload}");
    }

    #[test]
    fn a_time_that_no_provider_takes_is_passed_over() {
        for at in ["-009999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "soon"] {
            let data = json!({ "post": { "createdAt": at } }).to_string();
            let event = sample("post.created", &data);
            assert_eq!(Notice::of(&event).at, event.head().occurred_at, "{at}");
        }
    }

    #[test]
    fn data_without_a_post_is_shown_as_any_other_event() {
        let event = sample("post.created", r#"{"id":7}"#);
        assert_eq!(Notice::of(&event).heading, "post.created");
        assert!(sample("post.created", "[]").payload().starts_with(br#"{"type":"post.created""#));
    }
}
