//! Publishing an event by hand. Applications publish at the ingress, with tokens of their own.

use axum::extract::State;
use axum::http::HeaderMap;
use hookyard_domain::event_type::EventType;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::extract::checked_reason;
use super::{Answer, Body, Doc, queued};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::publishing::{self as operation, EventOnRecord, Publish};
use crate::routes::Routes;

/// The route that publishes.
pub(super) fn routes() -> Routes {
    Routes::api("events").post(
        "/v1/workspaces/{slug}/events",
        Need::Admin,
        publish,
        Doc::queued::<EventOnRecord>(
            "Publish an event; the same Idempotency-Key and event again is the same event",
        )
        .body::<NewEvent>(),
    )
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewEvent {
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    event_type: EventType,
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// When it happened; left out: when it is recorded.
    occurred_at: Option<Timestamp>,
    reason: Option<String>,
}

async fn publish(
    State(app): State<App>,
    asked: Asked,
    headers: HeaderMap,
    Body(new): Body<NewEvent>,
) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let key = headers.get("idempotency-key");
    let new = Publish {
        workspace: asked.slug(),
        event_type: new.event_type.as_str().to_owned(),
        data: new.data.get().to_owned(),
        occurred_at: new.occurred_at,
        // What is no visible ASCII is refused as such a key.
        idempotency_key: key.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
    };
    let settings = &app.store_settings;
    queued(&operation::publish(&app.store, settings, &actor, &new, app.clock_ms).await?)
}
