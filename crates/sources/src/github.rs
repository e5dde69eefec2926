//! GitHub's webhooks.
//!
//! `X-Hub-Signature-256: sha256=<hex>` is HMAC-SHA256 over the raw body, also when the body is a form with the JSON
//! in its field `payload`. Nothing signs a time; the delivery's id stays the same when GitHub delivers it again, and
//! is shared by all hooks that subscribe to the event.

use std::borrow::Cow;

use hookyard_domain::github_event::Envelope as GitHubEnvelope;
use http::header::CONTENT_TYPE;
use secrecy::SecretSlice;

use crate::text::{check_name, check_text, is_name};
use crate::{Call, Envelope, Malformed, Rejection, Verified, form, json, signature};

const SIGNATURE: &str = "X-Hub-Signature-256";
const EVENT: &str = "X-GitHub-Event";
const DELIVERY: &str = "X-GitHub-Delivery";
const HOOK: &str = "X-GitHub-Hook-ID";

pub(crate) fn verify<'a>(
    call: &Call<'a>,
    secrets: &[SecretSlice<u8>],
) -> Result<Verified<'a>, Rejection> {
    signature::check(call, &[SIGNATURE], "sha256=", secrets)?;

    let event = call.id_header(EVENT)?;
    let event = event.ok_or_else(|| Malformed::new(format!("missing {EVENT} header")))?;
    check_name("the event's name", &event)?;
    let delivery_id = call.id_header(DELIVERY)?;
    let hook_id = call.id_header(HOOK)?;

    let content_type = call.header(CONTENT_TYPE.as_str())?.and_then(|value| value.to_str().ok());
    let payload = github_payload(content_type, call.body)?;
    let envelope = github_envelope(&payload)?;
    let event_type = match &envelope.action {
        Some(action) => format!("github.{event}.{action}"),
        None => format!("github.{event}"),
    };
    Ok(Verified {
        event_type,
        provider_event: event,
        delivery_id,
        hook_id,
        payload,
        envelope: Envelope::GitHub(Box::new(envelope)),
        fresh: true,
    })
}

/// The JSON that a body of this content type holds: a form's field `payload`, or the body as it is.
pub fn github_payload<'a>(
    content_type: Option<&str>,
    body: &'a [u8],
) -> Result<Cow<'a, [u8]>, Malformed> {
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    if media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        form::field(body, "payload").map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(body))
    }
}

/// The facts that Hookyard reads from GitHub's JSON; its strings are bounded and contain no NUL.
///
/// An action that can be no part of an event type is none: that of `repository_dispatch` is chosen by its sender, in
/// any script. The body keeps it.
pub fn github_envelope(payload: &[u8]) -> Result<GitHubEnvelope, Malformed> {
    let mut envelope: GitHubEnvelope = json::object(payload)?;
    envelope.action = envelope.action.filter(|action| is_name(action));
    for (what, text) in texts(&envelope) {
        check_text(what, text)?;
    }
    Ok(envelope)
}

fn texts(envelope: &GitHubEnvelope) -> impl Iterator<Item = (&'static str, &str)> {
    let repository = envelope.repository.as_ref();
    let changes = &envelope.changes;
    let renamed = changes.repository.as_ref().and_then(|repository| repository.name.as_ref());
    let optional = [
        ("`ref`", envelope.git_ref.as_deref()),
        ("`before`", envelope.before.as_deref()),
        ("`after`", envelope.after.as_deref()),
        ("`repository_selection`", envelope.repository_selection.as_deref()),
        ("`repository.full_name`", repository.map(|it| it.full_name.as_str())),
        ("`repository.default_branch`", repository.and_then(|it| it.default_branch.as_deref())),
        ("`changes.repository.name.from`", renamed.map(|name| name.from.as_str())),
        (
            "`changes.default_branch.from`",
            changes.default_branch.as_ref().map(|branch| branch.from.as_str()),
        ),
    ];
    let added = envelope.repositories_added.iter();
    let listed = added.chain(&envelope.repositories_removed).map(|repository| {
        ("the `full_name` of a listed repository", repository.full_name.as_str())
    });
    optional.into_iter().filter_map(|(what, text)| Some((what, text?))).chain(listed)
}
