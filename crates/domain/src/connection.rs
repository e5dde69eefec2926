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
    /// Whether anything is sent to a connection of this status.
    pub const fn is_sent_to(self) -> bool {
        match self {
            Self::Connected | Self::Error => true,
            Self::Disconnected | Self::ActionNeeded | Self::Disabled => false,
        }
    }
}
