//! Applications that are told when one of their users connects an integration.
//!
//! `{"event": "integration.connected", "user_id", "integration": {"id", "provider", "account_id", "mcp_endpoint",
//! "name", "icon"}, "timestamp"}` with `X-Webhook-Delivery` (a UUID, the same on every attempt), `X-Webhook-Event` and,
//! if the client has a secret, `X-Webhook-Secret`.

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::text::iso;
use crate::webhook::predecessors;
use crate::{Event, Outgoing, RenderError, Workspace};

/// The type of event that OAuth clients are told of.
pub const INTEGRATION_CONNECTED: &str = "integration.connected";

/// What is told of a connected integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    pub id: String,
    /// The kind of system, such as `slack`.
    pub provider: String,
    pub account_id: Option<String>,
    pub mcp_endpoint: Option<String>,
    pub name: String,
    pub icon: Option<String>,
}

/// The data of an event `integration.connected` that a user caused: OAuth clients are told of no other.
pub fn integration_connected(user_id: &str, integration: &Integration) -> Value {
    json!({ "userId": user_id, "integration": integration })
}

/// The same data as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connected {
    user_id: String,
    integration: Integration,
}

/// One call to a client.
pub(crate) struct ClientCall<'a> {
    pub(crate) url: &'a Url,
    pub(crate) secret: Option<&'a SecretString>,
    pub(crate) delivery: Uuid,
}

impl ClientCall<'_> {
    pub(crate) fn request(&self, event: &Event) -> Result<Outgoing, RenderError> {
        let Connected { user_id, integration } =
            Connected::deserialize(event.data()).map_err(|_| RenderError::NotAnIntegration)?;
        let Integration { id, provider, account_id, mcp_endpoint, name, icon } = integration;
        let body = json!({
            "event": event.event_type(),
            "user_id": user_id,
            "integration": {
                "id": id,
                "provider": provider,
                "account_id": account_id,
                "mcp_endpoint": mcp_endpoint,
                "name": name,
                "icon": icon,
            },
            "timestamp": iso(event.head().occurred_at),
        });
        Ok(self.signed(event.event_type(), body.to_string().into()))
    }

    pub(crate) fn test(&self, workspace: &Workspace, at: Timestamp) -> Outgoing {
        let Workspace { id, slug, name } = workspace;
        let body = json!({
            "event": "test",
            "workspace": { "id": id, "slug": slug, "name": name },
            "timestamp": iso(at),
        });
        self.signed("test", body.to_string().into())
    }

    fn signed(&self, event_type: &str, body: Bytes) -> Outgoing {
        let delivery = self.delivery.to_string();
        let headers = predecessors(&delivery, event_type, self.secret, &body);
        let mut outgoing = Outgoing::json(self.url.clone(), body);
        outgoing.headers.extend(headers);
        outgoing
    }
}
