//! Linear's webhooks.
//!
//! `Linear-Signature: <hex>` is HMAC-SHA256 over the raw body; the time is the body's `webhookTimestamp`, in
//! milliseconds, and no header counts for it because headers are not signed. Earlier names of two headers,
//! `x-linear-signature` and `x-linear-event-id`, are understood as well.

use jiff::Timestamp;
use secrecy::SecretSlice;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::freshness::Age;
use crate::text::{check_id, check_name};
use crate::{Call, Envelope, Freshness, Malformed, Rejection, Verified, json, signature};

const SIGNATURES: [&str; 2] = ["Linear-Signature", "x-linear-signature"];
const EVENT: &str = "Linear-Event";
const DELIVERY: &str = "Linear-Delivery";
const DELIVERY_FORMERLY: &str = "x-linear-event-id";

/// The facts that Hookyard reads from the JSON body of any Linear event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinearEnvelope {
    /// The body's `type`, such as `Issue`.
    pub entity: Option<String>,
    /// Such as `create`, `update` or `remove`.
    pub action: Option<String>,
    pub organization_id: Option<String>,
    /// The id of the webhook's configuration, not of this call.
    pub webhook_id: Option<String>,
    /// Milliseconds since the epoch; `None` also if it is not a whole number.
    pub webhook_timestamp_ms: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    r#type: Option<String>,
    action: Option<String>,
    organization_id: Option<String>,
    webhook_id: Option<String>,
    /// Raw, because a wrong type is a stale call and not an unreadable one.
    #[serde(borrow)]
    webhook_timestamp: Option<&'a RawValue>,
}

pub(crate) fn verify<'a>(
    call: &Call<'a>,
    secrets: &[SecretSlice<u8>],
    now: Timestamp,
    freshness: &Freshness,
) -> Result<Verified<'a>, Rejection> {
    signature::check(call, &SIGNATURES, "", secrets)?;

    let envelope = linear_envelope(call.body)?;
    let sent_ms = envelope.webhook_timestamp_ms.ok_or(Rejection::Stale)?;
    let fresh = match freshness.judge(sent_ms, now) {
        Age::Fresh => true,
        Age::Late => false,
        Age::Unacceptable => return Err(Rejection::Stale),
    };

    let delivery_id = match call.id_header(DELIVERY)? {
        Some(id) => Some(id),
        None => call.id_header(DELIVERY_FORMERLY)?,
    };
    let entity = entity(call, &envelope)?;
    let event_type = match &envelope.action {
        Some(action) => format!("linear.{entity}.{action}"),
        None => format!("linear.{entity}"),
    };
    Ok(Verified {
        event_type,
        provider_event: entity,
        delivery_id,
        hook_id: envelope.webhook_id.clone(),
        payload: call.body.into(),
        envelope: Envelope::Linear(envelope),
        fresh,
    })
}

/// What the event is about: the body says it under the signature, the header only without a word in the body.
fn entity(call: &Call<'_>, envelope: &LinearEnvelope) -> Result<String, Malformed> {
    if let Some(entity) = &envelope.entity {
        return Ok(entity.clone());
    }
    let entity = call
        .id_header(EVENT)?
        .ok_or_else(|| Malformed::new(format!("missing `type` in the body and {EVENT} header")))?;
    check_name("the event's name", &entity)?;
    Ok(entity)
}

/// The facts that Hookyard reads from Linear's JSON; its strings are bounded and contain no NUL.
pub fn linear_envelope(payload: &[u8]) -> Result<LinearEnvelope, Malformed> {
    let body: Body<'_> = json::object(payload)?;
    for (what, name) in [("`type`", &body.r#type), ("`action`", &body.action)] {
        name.iter().try_for_each(|name| check_name(what, name))?;
    }
    for (what, id) in
        [("`webhookId`", &body.webhook_id), ("`organizationId`", &body.organization_id)]
    {
        id.iter().try_for_each(|id| check_id(what, id))?;
    }
    Ok(LinearEnvelope {
        entity: body.r#type,
        action: body.action,
        organization_id: body.organization_id,
        webhook_id: body.webhook_id.filter(|id| !id.is_empty()),
        webhook_timestamp_ms: body.webhook_timestamp.and_then(|raw| raw.get().parse().ok()),
    })
}
