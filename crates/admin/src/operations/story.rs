//! What happened to a record, step by step: the one timeline of a sync event, and of a delivery.
//!
//! Oldest first, the future last. Only the records are told: what was not recorded is no step.

mod delivery;
mod sync_event;

use hookyard_domain::event::Origin;
use hookyard_domain::ids::{EventId, SourceId};
use hookyard_domain::provider::Provider;
use hookyard_store::audit;
use hookyard_store::event_list::EventDetail;
use hookyard_store::sync_event_list::BodyState;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use delivery::{
    DeliveryFact, DeliveryStep, DeliveryStory, Dot, DotState, SubscriptionBrief, delivery,
};
pub use sync_event::{
    Raised, Segment, SegmentKind, SyncFact, SyncStep, SyncStory, WaitReason, sync_event,
};

/// The event at the beginning of a story. Names no workspace but the reader's own.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedEvent {
    pub id: EventId,
    pub received_at: Timestamp,
    pub event_type: String,
    pub origin: Origin,
    pub source_id: Option<SourceId>,
    /// The slug of the source.
    pub source: Option<String>,
    pub provider: Option<Provider>,
    pub signature: Signature,
    /// What the provider calls the delivery.
    pub delivery_id: Option<String>,
    pub hook_id: Option<String>,
    pub repository: Option<String>,
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    pub before_sha: Option<String>,
    pub head_sha: Option<String>,
    /// The event that this one repeats.
    pub repeats: Option<EventId>,
    pub content_type: Option<String>,
    /// `{"values": {name: text}, "lengths": {name: bytes}, "omitted": count}`; nothing that may be secret.
    pub headers: Option<Value>,
    pub body_bytes: i32,
    pub body: BodyState,
}

/// How the sender of an event was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// By a valid signature over the exact bytes: no other call is stored as an event.
    Verified,
    /// By an application's token.
    Token,
    /// Hookyard raised it itself.
    None,
}

impl From<EventDetail> for ReceivedEvent {
    fn from(detail: EventDetail) -> Self {
        let event = detail.event;
        Self {
            id: event.id,
            received_at: event.received_at,
            event_type: event.event_type,
            origin: event.origin,
            source_id: event.source_id,
            source: event.source,
            provider: event.provider,
            signature: match event.origin {
                Origin::Webhook => Signature::Verified,
                Origin::Api => Signature::Token,
                Origin::System => Signature::None,
            },
            delivery_id: event.delivery_id,
            hook_id: detail.hook_id,
            repository: event.repository,
            git_ref: event.git_ref,
            before_sha: detail.before_sha,
            head_sha: event.head_sha,
            repeats: detail.repeats,
            content_type: detail.content_type,
            headers: detail.headers,
            body_bytes: event.body_bytes,
            body: detail.body,
        }
    }
}

/// Who asked for something, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Such as `cli:root`.
    pub actor: String,
    /// Noun and verb, such as `sync_event.retry`.
    pub action: String,
    /// The id of what it was asked of: for a retry the sync event before.
    pub subject: String,
    pub reason: Option<String>,
}

impl From<audit::Entry> for Asked {
    fn from(entry: audit::Entry) -> Self {
        Self {
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            reason: entry.reason,
        }
    }
}

/// From one moment to another in milliseconds, and nothing where clocks say less than that.
fn ms_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_millisecond() - from.as_millisecond()).max(0)
}
