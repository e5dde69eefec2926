//! Events: what happened, stored once.

/// How an event came to Hookyard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A verified inbound call.
    Webhook,
    /// Published by an application.
    Api,
    /// Raised by Hookyard itself.
    System,
}

crate::names!(Origin, "event origin", { Webhook => "webhook", Api => "api", System => "system" });

/// How an event ended when it was not plain success. No outcome and no job means done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventOutcome {
    /// Nothing wanted it.
    Ignored,
    /// The same signed body had arrived before under another id.
    Replay,
    /// Its work ended for good without success.
    Failed,
}

crate::names!(EventOutcome, "event outcome", { Ignored => "ignored", Replay => "replay", Failed => "failed" });

impl EventOutcome {
    /// Whether a redelivery under the same id gives the event another chance.
    ///
    /// A replay is left alone: only an operator may have it processed.
    pub const fn rearmed_by_redelivery(self) -> bool {
        match self {
            Self::Ignored | Self::Failed => true,
            Self::Replay => false,
        }
    }
}
