//! Connections: stored credentials for one external system that is told of events.

/// What kind of system a connection reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionKind {
    /// A Slack incoming webhook.
    Slack,
    /// A Discord webhook.
    Discord,
    /// Any HTTPS endpoint; calls are signed by the Standard Webhooks scheme.
    Webhook,
}

crate::names!(ConnectionKind, "connection kind", { Slack => "slack", Discord => "discord", Webhook => "webhook" });

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionStatus {
    /// Its last test or call went well, or nothing was sent since.
    Connected,
    /// Its credentials were forgotten; what would go to it is skipped and says so.
    Disconnected,
    /// The receiver no longer takes its credentials: somebody must connect it anew.
    ActionNeeded,
    /// Its last calls failed; it is still tried.
    Error,
    /// Switched off, by hand, by the receiver's 410, or after a long time of nothing but failures.
    Disabled,
}

crate::names!(ConnectionStatus, "connection status", {
    Connected => "connected", Disconnected => "disconnected", ActionNeeded => "action_needed", Error => "error",
    Disabled => "disabled",
});

impl ConnectionStatus {
    /// Why nothing is sent to a connection of this status, if so.
    pub const fn not_sent_to(self) -> Option<&'static str> {
        match self {
            Self::Connected | Self::Error => None,
            Self::Disconnected => Some("the connection is disconnected"),
            Self::ActionNeeded => Some("the connection must be connected anew"),
            Self::Disabled => Some("the connection is disabled"),
        }
    }
}

/// What a connection is called unless its owner says otherwise.
pub const NAME_DEFAULT: &str = "default";
/// The longest name of a connection, a subscription's token or an OAuth client, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// The longest `user_id`, in characters.
pub const USER_ID_CHARS_MAX: usize = 200;

/// A name that a person gave: 1 to [`NAME_CHARS_MAX`] characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

/// A text that is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has 1 to {NAME_CHARS_MAX} characters, and no line breaks or other control characters"
)]
pub struct InvalidName;

impl Name {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Name {
    fn default() -> Self {
        Self(NAME_DEFAULT.to_owned())
    }
}

impl std::str::FromStr for Name {
    type Err = InvalidName;

    fn from_str(value: &str) -> Result<Self, InvalidName> {
        let fits = (1..=NAME_CHARS_MAX).contains(&value.chars().count());
        if fits && value.trim() == value && !value.chars().any(char::is_control) {
            Ok(Self(value.to_owned()))
        } else {
            Err(InvalidName)
        }
    }
}

/// How many calls to a connection may be under way at once, unless its owner says otherwise.
pub const CONCURRENCY_DEFAULT: i32 = 16;
/// How many calls to an OAuth client application may be under way at once.
pub const CLIENT_CONCURRENCY: i32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_lines() {
        let longest = "ü".repeat(NAME_CHARS_MAX);
        for good in ["default", "Team 7", &longest] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        let too_long = "x".repeat(NAME_CHARS_MAX + 1);
        for bad in ["", " a", "a\n", "a\u{0}b", &too_long] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }
}
