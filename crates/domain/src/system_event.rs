//! What Hookyard itself tells: events of origin `system`.

/// The types of Hookyard's own events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SystemEvent {
    /// Somebody connected an external system.
    IntegrationConnected,
    /// Its credentials were forgotten.
    IntegrationDisconnected,
    /// A target equals its branch.
    SyncCompleted,
    /// A target equals its branch but for files that failed.
    SyncPartial,
    /// A target could not be reconciled.
    SyncFailed,
    /// A connection was switched off: its receiver is gone, or has done nothing but fail for long.
    ConnectionDisabled,
    /// Calls to a source keep failing their signature.
    SourceSignatureFailures,
}

crate::names!(SystemEvent, "system event", {
    IntegrationConnected => "integration.connected",
    IntegrationDisconnected => "integration.disconnected",
    SyncCompleted => "sync.completed",
    SyncPartial => "sync.partial",
    SyncFailed => "sync.failed",
    ConnectionDisabled => "connection.disabled",
    SourceSignatureFailures => "source.signature_failures",
});

/// Why a system event is on record and nothing came of it: nobody had subscribed to it.
pub const NO_SUBSCRIBER: &str = "no_subscriber";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_type::EventType;

    #[test]
    fn every_system_event_has_a_type_that_can_be_subscribed_to() {
        for event in SystemEvent::ALL {
            assert!(event.as_str().parse::<EventType>().is_ok(), "{event}");
        }
    }
}
