//! What narrows an export: what narrows its list.

use hookyard_domain::config_object::{ObjectStatus, ObjectType};
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{ConnectionId, EventId, OauthClientId, SourceId, TargetId};
use hookyard_domain::sync_event::SyncStatus;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SyncEventsQuery {
    pub(super) status: Option<SyncStatus>,
    pub(super) target: Option<TargetId>,
    /// The type of the event behind it, such as `github.push`, or the trigger.
    pub(super) event_type: Option<String>,
    /// A delivery id, 7 to 40 characters of a SHA, or a repository.
    pub(super) q: Option<String>,
    /// A time, or a span before now such as `24h`: those queued then or later.
    pub(super) since: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EventsQuery {
    pub(super) source: Option<SourceId>,
    /// Such as `github.push`.
    pub(super) event_type: Option<String>,
    pub(super) outcome: Option<EventOutcome>,
    /// What the provider calls the delivery.
    pub(super) delivery_id: Option<String>,
    /// A time, or a span before now such as `24h`: those received then or later.
    pub(super) since: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeliveriesQuery {
    pub(super) state: Option<DeliveryState>,
    pub(super) connection: Option<ConnectionId>,
    /// Instead of a connection.
    pub(super) oauth_client: Option<OauthClientId>,
    pub(super) event: Option<EventId>,
    pub(super) event_type: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeadLettersQuery {
    /// Also those that were replayed or dropped.
    pub(super) settled: Option<bool>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AuditLogQuery {
    /// Only those of this actor, exactly as the log has it.
    pub(super) actor: Option<String>,
    /// Only those of this kind, such as `source.rotate`.
    pub(super) action: Option<String>,
    /// Only changes of what has this id.
    pub(super) subject: Option<String>,
    /// A time, or a span before now such as `24h`: those made then or later.
    pub(super) since: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ConfigObjectsQuery {
    pub(super) target: Option<TargetId>,
    #[serde(rename = "type")]
    pub(super) object_type: Option<ObjectType>,
    pub(super) status: Option<ObjectStatus>,
    /// Exactly this path.
    pub(super) path: Option<String>,
}
