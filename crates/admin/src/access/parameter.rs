//! The parameters that a path may have. A name means the same in every path.

use hookyard_domain::ids::{
    AccountId, ConfigObjectId, ConnectionId, DeadLetterId, DeliveryId, EventId, GrantId,
    InstanceId, InvalidId, MappingId, MemberId, OauthClientId, ReplayId, SourceId, SubscriptionId,
    SyncEventId, TargetId, TeamId, TokenId,
};
use hookyard_store::access::Noun;
use uuid::Uuid;

/// What stands in a path in the place of `{name}`.
#[derive(Debug, Clone, Copy)]
pub enum Parameter {
    /// The workspace's slug.
    Slug,
    /// The id of something in the workspace.
    Id(Noun, fn(&str) -> Result<Uuid, InvalidId>),
    /// A word that the handler understands and that opens nothing by itself.
    Word,
}

macro_rules! id {
    ($noun:ident, $type:ty) => {
        Parameter::Id(Noun::$noun, |text| text.parse::<$type>().map(|id| id.0))
    };
}

impl Parameter {
    /// What a name means; none: no path may have it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "slug" => Self::Slug,
            "account" => id!(Account, AccountId),
            "config_object" => id!(ConfigObject, ConfigObjectId),
            "connection" => id!(Connection, ConnectionId),
            "dead_letter" => id!(DeadLetter, DeadLetterId),
            "delivery" => id!(Delivery, DeliveryId),
            "event" => id!(Event, EventId),
            "grant" => id!(Grant, GrantId),
            "instance" => id!(Instance, InstanceId),
            "mapping" => id!(Mapping, MappingId),
            "member" => id!(Member, MemberId),
            "oauth_client" => id!(OauthClient, OauthClientId),
            "replay" => id!(Replay, ReplayId),
            "source" => id!(Source, SourceId),
            "subscription" => id!(Subscription, SubscriptionId),
            "sync_event" => id!(SyncEvent, SyncEventId),
            "target" => id!(Target, TargetId),
            "team" => id!(Team, TeamId),
            "token" => id!(Token, TokenId),
            "kind" | "action" | "step" | "file" | "secret" | "user" | "format" => Self::Word,
            _ => return None,
        })
    }

    /// The names in a path's template, in order.
    pub fn names(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
