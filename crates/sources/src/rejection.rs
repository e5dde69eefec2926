use thiserror::Error;

/// Why a call is refused. The text is shown to the caller and contains nothing of the call's body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    #[error("invalid signature")]
    MissingSignature,
    /// Wrong, unreadable, or two that differ. The text is that of a missing one: neither tells what would pass.
    #[error("invalid signature")]
    WrongSignature,
    /// The signed time is missing, older than any repetition, or in the future.
    #[error("stale or missing timestamp")]
    Stale,
    /// The sender knows the secret, but what it sent cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Rejection {
    /// Whether the sender is not proven to be who it claims to be (401), as opposed to unreadable (400).
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Self::MissingSignature | Self::WrongSignature | Self::Stale => true,
            Self::Malformed(_) => false,
        }
    }
}

/// What is wrong with a payload or header of a proven sender, in words for the person who looks into it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Malformed(pub(crate) String);

impl Malformed {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
