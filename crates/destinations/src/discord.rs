//! Discord's webhooks: a POST to a URL that holds the token, answered 200 with the message when asked to wait.
//!
//! <https://docs.discord.com/developers/resources/webhook#execute-webhook>. Without `wait=true` a message that is not
//! saved is no error.

mod markdown;

use std::time::Duration;

use hookyard_domain::delivery::ErrorClass;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::notice::{FACT_CHARS_MAX, Notice};
use crate::scrub::Scrubber;
use crate::text::{self, cut, cut_within, iso, one_line, within_units};
use crate::verdict::{by_status, seconds};
use crate::{Answer, Verdict};

pub(crate) use markdown::escape;

pub(crate) const HOSTS: [&str; 6] = [
    "discord.com",
    "discordapp.com",
    "ptb.discord.com",
    "canary.discord.com",
    "ptb.discordapp.com",
    "canary.discordapp.com",
];
pub(crate) const EXAMPLE: &str = "https://discord.com/api/webhooks/123456789/TOKEN";

/// Discord asks for this form and may block others.
pub(crate) const USER_AGENT: &str =
    concat!("DiscordBot (https://hookyard.invalid, ", env!("CARGO_PKG_VERSION"), ")");

/// featul's colour.
const COLOR: u32 = 5_814_783;
/// featul's cut of a post's content.
const CONTENT_CHARS_MAX: usize = 300;
/// What Discord takes: 2,000 characters in a message's text, 256 in a title, an author's and a field's name.
const MESSAGE_CHARS_MAX: usize = 2000;
const NAME_CHARS_MAX: usize = 256;

/// "Unknown webhook": it was deleted, and must not be called again.
const UNKNOWN_WEBHOOK: i64 = 10_015;
/// "Invalid webhook token provided".
const INVALID_TOKEN: i64 = 50_027;

/// `/api/webhooks/{id}/{token}`, with or without a version; the only query is a thread.
pub(crate) fn is_path(url: &Url) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let is_version = |text: &str| text.strip_prefix('v').is_some_and(is_number);
    let parts: Vec<_> = url.path().split('/').collect();
    let shaped = match parts.as_slice() {
        ["", "api", "webhooks", id, token] => is_number(id) && is_token(token),
        ["", "api", version, "webhooks", id, token] => {
            is_version(version) && is_number(id) && is_token(token)
        }
        _ => false,
    };
    let thread =
        url.query().is_none_or(|query| query.strip_prefix("thread_id=").is_some_and(is_number));
    shaped && thread
}

/// Where messages are posted: Discord is asked to answer when the message is saved.
pub(crate) fn post_url(url: &Url) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("wait", "true");
    url
}

/// The message of a notice, in featul's embed.
pub(crate) fn message(notice: &Notice) -> Value {
    let fields: Vec<_> = notice
        .facts
        .iter()
        .map(|fact| {
            let name = escape(&cut(&fact.label, FACT_CHARS_MAX), NAME_CHARS_MAX);
            let value = escape(&cut(&fact.value, FACT_CHARS_MAX), NAME_CHARS_MAX);
            json!({ "name": name, "value": format!("**{value}**"), "inline": true })
        })
        .collect();
    let mut embed = json!({
        "author": { "name": cut_within(&notice.heading, NAME_CHARS_MAX / 2) },
        "color": COLOR,
        "fields": fields,
        "timestamp": iso(notice.at),
        "footer": { "text": cut_within(&notice.footer, NAME_CHARS_MAX / 2) },
    });
    if let Some(title) = &notice.title {
        embed["title"] = Value::from(escape(title, NAME_CHARS_MAX));
    }
    if let Some(url) = &notice.url {
        embed["url"] = Value::from(url.as_str());
    }
    if let Some(text) = &notice.text {
        embed["description"] = Value::from(escape(&cut(text, CONTENT_CHARS_MAX), 1000));
    }
    if let Some(image) = &notice.image {
        embed["thumbnail"] = json!({ "url": image });
    }
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

/// A message of one text, written in Discord's markup: what a template made.
pub(crate) fn text_message(text: &str) -> Value {
    json!({ "content": within_units(text, MESSAGE_CHARS_MAX), "allowed_mentions": { "parse": [] } })
}

/// A link in a template's text; `None` unless it leads to the web.
pub(crate) fn link(url: &str, label: &str) -> Option<String> {
    let label = escape(&one_line(label), NAME_CHARS_MAX);
    Some(format!("[{label}]({})", text::link(url)?))
}

/// The message that shows that a connection works.
pub(crate) fn test_message(workspace: &str) -> Value {
    let workspace = escape(&cut(workspace, NAME_CHARS_MAX), NAME_CHARS_MAX);
    text_message(&format!(
        "Test notification: Hookyard is connected for the workspace {workspace}."
    ))
}

#[derive(Deserialize, Default)]
struct Problem {
    code: Option<i64>,
    message: Option<String>,
    /// Seconds, with a fraction.
    retry_after: Option<f64>,
}

/// Discord says what is wrong by a status and a code of its own.
///
/// What it says is scrubbed before it is cut: half a secret would not be found any more.
pub(crate) fn judge(answer: &Answer, now: Timestamp, scrubber: &Scrubber) -> Verdict {
    let mut failure = match by_status(answer, now) {
        Verdict::Delivered { .. } => return Verdict::Delivered { pause: pause(&answer.headers) },
        Verdict::Failed(failure) => failure,
    };
    if !answer.status.is_client_error() {
        return Verdict::Failed(failure);
    }
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap_or_default();
    failure.class = match (answer.status, problem.code) {
        (StatusCode::TOO_MANY_REQUESTS, _) => ErrorClass::RateLimited,
        (StatusCode::NOT_FOUND, _) | (_, Some(UNKNOWN_WEBHOOK)) => ErrorClass::Gone,
        (StatusCode::UNAUTHORIZED, _) | (_, Some(INVALID_TOKEN)) => ErrorClass::Credentials,
        _ => failure.class,
    };
    let status = answer.status.as_u16();
    if let Some(message) = problem.message {
        let (message, code) = (scrubber.scrub(message), problem.code.unwrap_or_default());
        failure.error = format!("{status}: Discord says {:?} (code {code})", cut(&message, 200));
    }
    let told = problem.retry_after.filter(|wait| wait.is_finite()).map(|wait| wait.to_string());
    let wait = told.and_then(|told| seconds(&told)).max(failure.retry_after);
    Verdict::Failed(failure).retry_after(wait)
}

/// How long a success asks to wait: its limit is used up.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    (text("x-ratelimit-remaining")? == "0")
        .then(|| text("x-ratelimit-reset-after").and_then(seconds))
        .flatten()
}

#[cfg(test)]
mod tests;
