//! The rules of Hookyard: ids, events, jobs, states and their transitions.
//!
//! Nothing here does IO, awaits, or reads a clock: `now` and randomness are arguments.

pub mod breaker;
pub mod config_object;
pub mod connection;
pub mod delivery;
pub mod delivery_retry;
pub mod discovery;
pub mod event;
pub mod event_type;
pub mod github_event;
pub mod ids;
pub mod job;
pub mod provider;
pub mod reconcile;
pub mod retry;
pub mod role;
pub mod selector;
pub mod sync_attempt;
pub mod sync_event;
pub mod system_event;
pub mod tally;
pub mod target;
pub mod token;
pub mod workspace;

/// Text that no known state has: the database holds something this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is no known {what}; known are: {known}")]
pub struct UnknownName {
    /// What was to be read, e.g. `sync event status`.
    pub what: &'static str,
    /// The text that was found.
    pub value: String,
    /// The texts that would have been understood.
    pub known: String,
}

/// Gives a closed enum its one spelling for SQL, JSON, logs and the command line.
macro_rules! names {
    ($type:ident, $what:literal, { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The one spelling, used in SQL, JSON, logs and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::UnknownName;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.as_str() == value).ok_or_else(|| {
                    $crate::UnknownName {
                        what: $what,
                        value: value.to_owned(),
                        known: Self::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", "),
                    }
                })
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some(Self::ALL.iter().map(|known| known.as_str())))
                    .into()
            }
        }

        impl utoipa::ToSchema for $type {}
    };
}
pub(crate) use names;
