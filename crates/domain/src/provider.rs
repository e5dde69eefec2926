//! The systems whose webhooks a source accepts.

/// Whose signature scheme and payload a source expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    GitHub,
    Linear,
}

crate::names!(Provider, "provider", { GitHub => "github", Linear => "linear" });

impl Provider {
    /// The status that this provider takes for success.
    ///
    /// Linear counts only exactly 200 as success; GitHub any 2xx.
    pub const fn accepted_status(self) -> u16 {
        match self {
            Self::GitHub => 202,
            Self::Linear => 200,
        }
    }
}
