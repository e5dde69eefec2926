//! Calls as Linear makes them.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::github_call::hmac;
use super::{Call, LINEAR_PATH, Seeds};

/// A signed delivery of Linear under construction. [`Call::from`] signs it.
#[derive(Debug, Clone)]
pub struct LinearCall {
    secret: String,
    payload: Value,
    delivery_id: Option<String>,
    path: String,
}

impl LinearCall {
    pub(super) fn issue(seeds: &Seeds) -> Self {
        Self {
            secret: seeds.linear_secret.clone(),
            payload: issue_payload(),
            delivery_id: Some(Uuid::new_v4().to_string()),
            path: LINEAR_PATH.to_owned(),
        }
    }

    /// Changes the JSON.
    #[must_use]
    pub fn edit(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.payload);
        self
    }

    /// Sent this many milliseconds ago, says the signed body; negative: in the future.
    #[must_use]
    pub fn aged_ms(self, age_ms: i64) -> Self {
        self.edit(|payload| payload["webhookTimestamp"] = json!(now_ms() - age_ms))
    }

    /// `Linear-Delivery`.
    #[must_use]
    pub fn delivery(mut self, id: &str) -> Self {
        self.delivery_id = Some(id.to_owned());
        self
    }

    #[must_use]
    pub fn without_delivery(mut self) -> Self {
        self.delivery_id = None;
        self
    }

    /// Signs with another secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.secret);
        self
    }

    /// To another path, such as that of a workspace's own source.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Signed, with all its headers, ready to be tampered with.
    pub fn sign(&self) -> Call {
        let mut call = Call::post(&self.path, self.payload.to_string())
            .with("user-agent", "Linear-Webhook")
            .with("content-type", "application/json; charset=utf-8")
            .with("linear-event", self.payload["type"].as_str().unwrap_or_default())
            .with("linear-timestamp", self.payload["webhookTimestamp"].to_string());
        if let Some(id) = &self.delivery_id {
            call = call.with("linear-delivery", id);
        }
        let signature = hex::encode(hmac(&self.secret, &call.body));
        call.with("linear-signature", signature)
    }
}

impl From<LinearCall> for Call {
    fn from(call: LinearCall) -> Self {
        call.sign()
    }
}

impl From<&LinearCall> for Call {
    fn from(call: &LinearCall) -> Self {
        call.sign()
    }
}

fn issue_payload() -> Value {
    json!({
        "action": "create", "type": "Issue", "createdAt": "2026-01-01T00:00:00.000Z",
        "organizationId": "a9a5e1f2-7a0f-4b1e-9d3c-2f6d3c1b0a99",
        "webhookId": "0d7bb0f4-6a3c-4a68-8f38-d0c0c8f0d2a1",
        "webhookTimestamp": now_ms(),
        "url": "https://linear.app/example/issue/EX-1",
        "actor": { "id": "b5ea5f1f-8adc-4f52-b4bd-ab4e84cf51ba", "type": "user", "name": "Ada Example" },
        "data": { "id": Uuid::new_v4(), "identifier": "EX-1", "title": "A title", "priority": 2 },
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "Linear's clock: a caller signs the time at which it calls"
)]
fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
