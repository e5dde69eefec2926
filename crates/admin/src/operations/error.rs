//! Why an operation was not done, by what its caller does about it.

use hookyard_store::StoreError;
use hookyard_vault::SealError;

/// An operation that was not done. Nothing of it took effect.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// There is no such thing.
    #[error("there is no {what} {name}")]
    NotFound { what: &'static str, name: String },
    /// What exists already stands against it; the text says what to do instead.
    #[error("{0}")]
    Conflict(String),
    /// What was given cannot be used; the text says why and never quotes a secret.
    #[error("{0}")]
    Invalid(String),
    /// The workspace's plan does not include it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The other system did not take the call that tests it; the text says what it answered.
    #[error("{0}")]
    TestFailed(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be sealed.
    #[error("the secret could not be sealed")]
    Seal(#[from] SealError),
}

impl OperationError {
    pub(super) fn not_found(what: &'static str, name: &impl ToString) -> Self {
        Self::NotFound { what, name: name.to_string() }
    }
}
