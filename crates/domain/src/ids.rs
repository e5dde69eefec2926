//! Typed ids. In PostgreSQL an id is a `uuid`; everywhere a person or a program reads it, it is a
//! [TypeID](https://github.com/jetify-com/typeid): a prefix that says what it names, and the UUID in
//! 26 characters, such as `evt_01h455vb4pex5vsknk084sn02q`. Both forms sort alike.

use serde::{Deserialize, Serialize};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

/// A text that is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {what} id; it looks like {prefix}_01h455vb4pex5vsknk084sn02q")]
pub struct InvalidId {
    value: String,
    what: &'static str,
    prefix: &'static str,
}

fn text_of(prefix: &'static str, id: Uuid) -> String {
    let prefix = DynamicType::new(prefix).expect("the prefixes below are lower-case letters");
    TypeSafeId::from_type_and_uuid(prefix, id).to_string()
}

fn parse(prefix: &'static str, what: &'static str, value: &str) -> Result<Uuid, InvalidId> {
    /// The longest text worth quoting back to a caller, in characters.
    const QUOTED_CHARS_MAX: usize = 64;
    let invalid =
        || InvalidId { value: value.chars().take(QUOTED_CHARS_MAX).collect(), what, prefix };
    let id: TypeSafeId<DynamicType> = value.parse().map_err(|_| invalid())?;
    if id.type_prefix() == prefix { Ok(id.uuid()) } else { Err(invalid()) }
}

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $what:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&text_of($prefix, self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(value: &str) -> Result<Self, InvalidId> {
                parse($prefix, $what, value).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(value: String) -> Result<Self, InvalidId> {
                value.parse()
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                schema_of($prefix, $what)
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

/// How the API's document describes an id.
fn schema_of(
    prefix: &'static str,
    what: &'static str,
) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::schema::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .description(Some(format!("The id of {what}")))
        .pattern(Some(format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$")))
        .examples([format!("{prefix}_01h455vb4pex5vsknk084sn02q")])
        .into()
}

id_types! {
    /// A tenant.
    WorkspaceId = "ws", "a workspace";
    /// An inbound URL. Random throughout, so that it cannot be guessed.
    SourceId = "src", "a source";
    /// Something that happened. Its time prefix names the partition that holds it.
    EventId = "evt", "an event";
    /// A GitHub App installation.
    AccountId = "acct", "a connector account";
    /// A configured use of a connector account.
    InstanceId = "inst", "a connector instance";
    /// One branch of one repository.
    TargetId = "tgt", "a connector target";
    /// A path selector of a target.
    MappingId = "map", "a connector mapping";
    /// The record of one reconciliation of one target.
    SyncEventId = "sync", "a sync event";
    /// A file brought in by a sync.
    ConfigObjectId = "obj", "a config object";
    /// One version of a config object.
    VersionId = "ver", "a config object version";
    /// A promise that work will be done.
    JobId = "job", "a job";
    /// Work that ended for good without success.
    DeadLetterId = "dead", "a dead letter";
    /// A queue message that could not be understood.
    RejectedMessageId = "rej", "a rejected message";
    /// Stored credentials of one external system.
    ConnectionId = "conn", "a connection";
    /// Which events go to which connection.
    SubscriptionId = "sub", "a subscription";
    /// An application that is told of connected integrations.
    OauthClientId = "oac", "an OAuth client";
    /// One event owed to one subscriber. Derived from the two.
    DeliveryId = "dlv", "a delivery";
    /// A replay of many deliveries.
    ReplayId = "rpl", "a replay";
    /// What a program or a person shows to prove who it is.
    TokenId = "tok", "a token";
    /// A person or a program that works in a workspace.
    MemberId = "mem", "a member";
    /// Members that are granted access together.
    TeamId = "team", "a team";
    /// What a member, a team or the whole workspace may do with a connector instance.
    GrantId = "grant", "an access grant";
    /// One entry of the audit log.
    AuditId = "aud", "an audit entry";
    /// A process that runs jobs.
    WorkerId = "wrk", "a worker";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_wrote() {
        let id = EventId(Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057));
        assert_eq!(id.to_string(), "evt_01h455vb4pex5vsknk084sn02q");
        assert_eq!(id.to_string().parse::<EventId>().unwrap(), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"evt_01h455vb4pex5vsknk084sn02q\"");
    }

    #[test]
    fn an_id_of_another_kind_is_refused_with_an_example() {
        let error = "src_01h455vb4pex5vsknk084sn02q".parse::<EventId>().unwrap_err();
        assert!(error.to_string().contains("is not an event id"), "{error}");
        assert!(error.to_string().contains("evt_"), "{error}");
    }

    #[test]
    fn text_order_is_uuid_order() {
        let early = EventId(Uuid::from_u128(7));
        let late = EventId(Uuid::from_u128(u128::MAX >> 3));
        assert!(early < late && early.to_string() < late.to_string());
    }
}
