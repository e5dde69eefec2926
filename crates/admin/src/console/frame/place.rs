//! The places of the rail.

/// A place of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Overview,
    SyncEvents,
    Events,
    Connectors,
    Sources,
    Deliveries,
    DeadLetters,
    Subscriptions,
    Integrations,
    Members,
    Audit,
    System,
}

impl Place {
    pub(super) const GROUPS: [(&'static str, &'static [Self]); 4] = [
        ("", &[Self::Overview]),
        ("Inbound", &[Self::SyncEvents, Self::Events, Self::Connectors, Self::Sources]),
        (
            "Outbound",
            &[Self::Deliveries, Self::DeadLetters, Self::Subscriptions, Self::Integrations],
        ),
        ("Workspace", &[Self::Members, Self::Audit, Self::System]),
    ];

    /// Its name on the rail.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::SyncEvents => "Sync events",
            Self::Events => "Events",
            Self::Connectors => "Connectors",
            Self::Sources => "Sources",
            Self::Deliveries => "Deliveries",
            Self::DeadLetters => "Dead letters",
            Self::Subscriptions => "Subscriptions",
            Self::Integrations => "Integrations",
            Self::Members => "Tokens and members",
            Self::Audit => "Audit log",
            Self::System => "System",
        }
    }

    /// The last part of its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::SyncEvents => "sync-events",
            Self::Events => "events",
            Self::Connectors => "connectors",
            Self::Sources => "sources",
            Self::Deliveries => "deliveries",
            Self::DeadLetters => "dead-letters",
            Self::Subscriptions => "subscriptions",
            Self::Integrations => "integrations",
            Self::Members => "members",
            Self::Audit => "audit-log",
            Self::System => "system",
        }
    }

    /// Whether only an owner or an admin can open it.
    pub const fn is_for_admins(self) -> bool {
        match self {
            Self::Events
            | Self::Sources
            | Self::DeadLetters
            | Self::Members
            | Self::Audit
            | Self::System => true,
            Self::Overview
            | Self::SyncEvents
            | Self::Connectors
            | Self::Deliveries
            | Self::Subscriptions
            | Self::Integrations => false,
        }
    }
}
