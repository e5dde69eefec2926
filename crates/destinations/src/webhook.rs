//! Any HTTPS endpoint, told by signed calls.
//!
//! The scheme is [Standard Webhooks](https://www.standardwebhooks.com): `webhook-id` is the delivery's id and stays the
//! same over all attempts, `webhook-timestamp` is the attempt's time. Beside them go the headers of Hookyard's
//! predecessors: `X-Webhook-Delivery`, `X-Webhook-Event` and `X-Webhook-Secret`, the HMAC of the body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use crate::signing::{SigningKeys, body_signature};
use crate::text::iso;
use crate::{Outgoing, Workspace};

pub(crate) const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const DELIVERY: HeaderName = HeaderName::from_static("x-webhook-delivery");
const EVENT: HeaderName = HeaderName::from_static("x-webhook-event");
const SECRET: HeaderName = HeaderName::from_static("x-webhook-secret");

/// One signed call.
pub(crate) struct SignedCall<'a> {
    pub(crate) url: &'a Url,
    pub(crate) keys: &'a SigningKeys,
    /// The delivery's id, or that of a test.
    pub(crate) id: &'a str,
    pub(crate) event_type: &'a str,
    pub(crate) at: Timestamp,
}

impl SignedCall<'_> {
    pub(crate) fn request(&self, body: Bytes) -> Outgoing {
        let secret = self.keys.newest().text();
        let predecessors = predecessors(self.id, self.event_type, Some(secret), &body);
        let signature = self.keys.signature(self.id, self.at, &body);
        let mut outgoing = Outgoing::json(self.url.clone(), body);
        let headers = &mut outgoing.headers;
        headers.extend(predecessors);
        headers.insert(ID, value(self.id));
        headers.insert(TIMESTAMP, HeaderValue::from(self.at.as_second()));
        headers.insert(SIGNATURE, value(&signature));
        outgoing
    }
}

/// `X-Webhook-Delivery`, `X-Webhook-Event` and, with a secret, `X-Webhook-Secret`.
pub(crate) fn predecessors(
    delivery: &str,
    event_type: &str,
    secret: Option<&SecretString>,
    body: &[u8],
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(DELIVERY, value(delivery));
    headers.insert(EVENT, value(event_type));
    if let Some(secret) = secret {
        headers.insert(SECRET, value(&body_signature(secret, body)));
    }
    headers
}

/// The body of a test call.
pub(crate) fn test_body(workspace: &Workspace, at: Timestamp) -> Bytes {
    let Workspace { id, slug, name } = workspace;
    json!({
        "type": "test",
        "timestamp": iso(at),
        "data": {
            "message": format!("Hookyard is connected for the workspace {name}."),
            "workspace": { "id": id, "slug": slug, "name": name },
        },
    })
    .to_string()
    .into()
}

/// Event types and ids are visible ASCII; of anything else only that is sent.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| {
        let visible: String = text.chars().filter(char::is_ascii_graphic).collect();
        HeaderValue::from_str(&visible).expect("visible ASCII is a header's value")
    })
}
