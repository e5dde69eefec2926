//! Why an operation was not done, by what its caller does about it.

use hookyard_domain::delivery::ErrorClass;
use hookyard_store::StoreError;
use hookyard_vault::SealError;
use jiff::Timestamp;

use super::remedy::{Conflict, Remedy};

/// An operation that was not done. Nothing of it took effect.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// There is no such thing.
    #[error("there is no {what} {name}")]
    NotFound { what: &'static str, name: String },
    /// What exists already stands against it.
    #[error("{0}")]
    Conflict(Conflict),
    /// Somebody changed it since the caller looked.
    #[error("{0} was changed meanwhile; look at it again, then repeat the change")]
    Stale(String),
    /// GitHub, asked for it, stands against it.
    #[error("{message}")]
    GitHub {
        /// For programs, such as `github_branch_not_found`.
        code: &'static str,
        message: String,
    },
    /// What was given cannot be used; the text says why and never quotes a secret.
    #[error("{0}")]
    Invalid(String),
    /// The workspace's plan does not include it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The other system did not take the call that tests it; the text says what it answered.
    #[error(transparent)]
    TestFailed(Box<TestFailure>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be sealed.
    #[error("the secret could not be sealed")]
    Seal(#[from] SealError),
}

/// How a test call failed that was to save something. Nothing was saved.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the test call to {host} failed, and nothing was saved: {error} ({class})")]
pub struct TestFailure {
    /// Whom it went to.
    pub host: String,
    pub class: ErrorClass,
    pub error: String,
    /// Of the answer, if there was one.
    pub response_status: Option<u16>,
    /// The beginning of the answer's body, without the secrets of the call.
    pub response_excerpt: Option<String>,
}

impl OperationError {
    pub(super) fn not_found(what: &'static str, name: &impl ToString) -> Self {
        Self::NotFound { what, name: name.to_string() }
    }

    /// What exists already stands against it; the text says what to do instead.
    pub(super) fn conflict(why: impl Into<String>) -> Self {
        Self::Conflict(why.into().into())
    }

    /// What exists already stands against it, and there is a remedy.
    pub(super) fn remediable(why: String, remedy: Remedy) -> Self {
        Self::Conflict(Conflict { why, remedy: Some(remedy) })
    }

    /// Fails unless what is there was last changed when the caller says; one who says nothing does not mind.
    pub(super) fn check_fresh(
        id: &impl ToString,
        updated_at: Timestamp,
        expected: Option<Timestamp>,
    ) -> Result<(), Self> {
        match expected {
            Some(expected) if expected != updated_at => Err(Self::Stale(id.to_string())),
            Some(_) | None => Ok(()),
        }
    }

    /// A conflict in these words, if the database refused the data by this constraint.
    pub(super) fn taken(error: StoreError, constraint: &str, why: impl FnOnce() -> String) -> Self {
        if error.constraint() == Some(constraint) {
            Self::conflict(why())
        } else {
            Self::Store(error)
        }
    }
}
