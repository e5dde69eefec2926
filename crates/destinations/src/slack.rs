//! Slack's incoming webhooks: a POST to a URL that is the secret, answered 200 and `ok`.
//!
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>. Limits of blocks:
//! <https://docs.slack.dev/reference/block-kit/blocks>.

mod mrkdwn;

use hookyard_domain::delivery::ErrorClass;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::notice::{FACT_CHARS_MAX, Notice};
use crate::scrub::Scrubber;
use crate::text::{self, cut, one_line, within_units};
use crate::verdict::by_status;
use crate::{Answer, Verdict};

pub(crate) use mrkdwn::escape_value;
use mrkdwn::{escape, escape_title};

pub(crate) const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
pub(crate) const EXAMPLE: &str = "https://hooks.slack.com/services/T000/B000/token";

/// Slack takes 150 characters in a header and 3,000 in any other text.
const HEADER_CHARS_MAX: usize = 150;
const TEXT_CHARS_MAX: usize = 3000;
const TITLE_CHARS_MAX: usize = 200;
/// featul's cut of a post's content.
const CONTENT_CHARS_MAX: usize = 200;

/// What Slack says when the webhook, its channel or its installation is no more: the connection must be made anew.
const CREDENTIALS: [&str; 9] = [
    "no_service",
    "no_service_id",
    "no_active_hooks",
    "no_team",
    "team_disabled",
    "invalid_token",
    "channel_not_found",
    "channel_is_archived",
    "channel_is_limited_access",
];

/// `/services/T.../B.../...`
pub(crate) fn is_path(url: &Url) -> bool {
    let parts: Vec<_> = url.path().split('/').collect();
    let is_id = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    url.query().is_none()
        && matches!(parts.as_slice(), ["", "services", ids @ ..] if ids.len() == 3 && ids.iter().all(is_id))
}

/// The message of a notice, in featul's blocks.
pub(crate) fn message(notice: &Notice) -> Value {
    let mut blocks =
        vec![json!({ "type": "header", "text": plain(&notice.heading, HEADER_CHARS_MAX) })];
    if let Some(title) = &notice.title {
        blocks.push(json!({ "type": "section", "text": linked(title, notice.url.as_deref()) }));
    }
    if let Some(text) = &notice.text {
        let text = cut(text, CONTENT_CHARS_MAX);
        blocks.push(json!({ "type": "section", "text": plain(&text, TEXT_CHARS_MAX) }));
    }
    if !notice.facts.is_empty() {
        let elements: Vec<_> = notice
            .facts
            .iter()
            .map(|fact| (cut(&fact.label, FACT_CHARS_MAX), cut(&fact.value, FACT_CHARS_MAX)))
            .map(|(label, value)| plain(&format!("{label}: {value}"), TEXT_CHARS_MAX))
            .collect();
        blocks.push(json!({ "type": "context", "elements": elements }));
    }
    blocks.push(json!({ "type": "divider" }));
    if let Some(image) = &notice.image {
        let title = notice.title.as_deref().unwrap_or(&notice.heading);
        let alt = escape(&cut(title, TITLE_CHARS_MAX), TEXT_CHARS_MAX);
        blocks.push(json!({ "type": "image", "image_url": image, "alt_text": alt }));
    }
    let footer = plain(&cut(&notice.footer, TITLE_CHARS_MAX), TEXT_CHARS_MAX);
    blocks.push(json!({ "type": "context", "elements": [footer] }));
    quiet(&escape(&cut(&notice.summary(), TITLE_CHARS_MAX), TEXT_CHARS_MAX), Some(blocks))
}

/// A message of one text, written in Slack's markup: what a template made.
pub(crate) fn text_message(text: &str) -> Value {
    let text = within_units(text, TEXT_CHARS_MAX);
    let section =
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } });
    quiet(text, Some(vec![section]))
}

/// The message that shows that a connection works.
pub(crate) fn test_message(workspace: &str) -> Value {
    let text = format!("Test notification: Hookyard is connected for the workspace {workspace}.");
    quiet(&escape(&cut(&text, TITLE_CHARS_MAX), TEXT_CHARS_MAX), None)
}

/// A message in which nothing is unfurled and no name becomes a mention.
fn quiet(text: &str, blocks: Option<Vec<Value>>) -> Value {
    let mut message = json!({
        "text": text, "mrkdwn": false, "link_names": false, "unfurl_links": false, "unfurl_media": false,
    });
    if let Some(blocks) = blocks {
        message["blocks"] = Value::from(blocks);
    }
    message
}

/// Text without markup.
fn plain(text: &str, max: usize) -> Value {
    json!({ "type": "plain_text", "text": escape(text, max), "emoji": false })
}

/// A link in a template's text; `None` unless it leads to the web.
pub(crate) fn link(url: &str, label: &str) -> Option<String> {
    Some(linked_label(&text::link(url)?, &escape_title(&one_line(label), TITLE_CHARS_MAX)))
}

fn linked_label(url: &str, label: &str) -> String {
    format!("<{}|{label}>", url.replace('&', "&amp;"))
}

/// A bold title, linked if there is a URL. `verbatim` keeps Slack from linking what looks like a URL or a channel.
fn linked(title: &str, url: Option<&str>) -> Value {
    let title = escape_title(title, TITLE_CHARS_MAX);
    let link = url.map(|url| format!("*{}*", linked_label(url, &title)));
    let text = link.filter(|link| link.len() <= TEXT_CHARS_MAX).unwrap_or(format!("*{title}*"));
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

/// Slack says `ok` in a 200, and a word for what is wrong otherwise.
///
/// What it says is scrubbed before it is cut: half a secret would not be found any more.
pub(crate) fn judge(answer: &Answer, now: Timestamp, scrubber: &Scrubber) -> Verdict {
    let said = scrubber.scrub(String::from_utf8_lossy(&answer.body).into_owned());
    let said = said.trim();
    let status = answer.status.as_u16();
    match by_status(answer, now) {
        Verdict::Delivered { .. } if answer.status == StatusCode::OK && said == "ok" => {
            Verdict::DELIVERED
        }
        Verdict::Delivered { .. } => {
            let error = format!("{status}: Slack did not say ok but {:?}", cut(said, 100));
            Verdict::failed(answer, ErrorClass::Refused, error)
        }
        failed @ Verdict::Failed(_) if !answer.status.is_client_error() || said.is_empty() => {
            failed
        }
        failed @ Verdict::Failed(_) if answer.status == StatusCode::TOO_MANY_REQUESTS => failed,
        Verdict::Failed(_) if CREDENTIALS.contains(&said) => {
            let error = format!("{status}: Slack says {said}: connect the channel again");
            Verdict::failed(answer, ErrorClass::Credentials, error)
        }
        Verdict::Failed(mut failure) => {
            failure.error = format!("{status}: Slack says {:?}", cut(said, 100));
            Verdict::Failed(failure)
        }
    }
}

#[cfg(test)]
mod tests;
