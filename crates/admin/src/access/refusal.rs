//! Why a request is not let through.

use hookyard_store::StoreError;

use super::Need;
use crate::operations::sign_in::SignInError;

/// Why a request is not let through. What does not exist and what lies in another workspace look the same.
#[derive(Debug)]
pub enum Refusal {
    /// Nothing was shown, or nothing that opens anything.
    Unauthenticated {
        /// A genuine token whose time is over.
        expired: bool,
    },
    /// Too many failed attempts: seconds to wait.
    TooMany { wait_s: i64 },
    /// There is no such thing in this workspace, or no such workspace.
    NotFound { what: &'static str, name: String },
    /// What stands in the path is no id of its kind.
    Malformed { parameter: String, why: String },
    /// Somebody else may; this is what it takes.
    Forbidden(Need),
    /// Another site sent a browser here.
    CrossSite,
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why somebody is not signed in.
#[derive(Debug)]
pub enum SignInRefusal {
    /// Too many failed attempts: seconds to wait.
    TooMany { wait_s: i64 },
    /// The token opens nothing, or its time is over, or the database failed.
    Token(SignInError),
}
