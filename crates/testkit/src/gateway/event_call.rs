//! Calls as applications make them to publish events.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Call, Database, WORKSPACE};

/// A call that publishes events. [`Call::from`] ends it.
#[derive(Debug, Clone)]
pub struct EventCall {
    path: String,
    token: String,
    body: Vec<u8>,
    idempotency_key: Option<String>,
}

impl EventCall {
    /// Publishes one event to the workspace that every gateway has.
    pub fn one(token: &str, event_type: &str, data: &Value) -> Self {
        Self::raw(token, json!({ "type": event_type, "data": data }).to_string())
    }

    /// Publishes whatever this body says.
    pub fn raw(token: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            path: format!("/v1/workspaces/{WORKSPACE}/events"),
            token: token.to_owned(),
            body: body.into(),
            idempotency_key: None,
        }
    }

    /// `Idempotency-Key`.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.idempotency_key = Some(key.to_owned());
        self
    }

    /// To another workspace.
    #[must_use]
    pub fn to(mut self, workspace: &str) -> Self {
        self.path = format!("/v1/workspaces/{workspace}/events");
        self
    }
}

impl From<EventCall> for Call {
    fn from(call: EventCall) -> Self {
        let sent = Self::post(&call.path, call.body)
            .with("content-type", "application/json")
            .with("authorization", format!("Bearer {}", call.token));
        match call.idempotency_key {
            Some(key) => sent.with("idempotency-key", key),
            None => sent,
        }
    }
}

impl From<&EventCall> for Call {
    fn from(call: &EventCall) -> Self {
        call.clone().into()
    }
}

/// Adds a token of a workspace to the database itself; for tests of what a command cannot make.
pub async fn plant_token(db: &Database, workspace: &str, scopes: &str) -> String {
    let token = format!("hky_{}", Uuid::new_v4().simple());
    let hash = hex::encode(Sha256::digest(&token));
    db.execute(&format!(
        "insert into token (id, workspace_id, name, prefix, hash, scopes)
         select gen_random_uuid(), id, 'test', 'hky_', decode('{hash}', 'hex'), '{scopes}'
           from workspace where slug = '{workspace}'"
    ))
    .await;
    token
}
