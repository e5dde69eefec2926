//! What tokens and OAuth clients may do.

/// What a token allows its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenScope {
    /// Publish events of its workspace.
    EventsWrite,
    /// Everything in the whole deployment but publishing, as its command line has it.
    Operator,
}

crate::names!(TokenScope, "token scope", { EventsWrite => "events:write", Operator => "operator" });

/// What an OAuth client application is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientScope {
    /// That a user who granted it access connected an integration.
    Integration,
}

crate::names!(ClientScope, "client scope", { Integration => "integration" });
