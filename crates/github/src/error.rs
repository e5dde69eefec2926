use std::{fmt, sync::Arc, time::Duration};

use crate::ObjectId;

/// Why a call to GitHub did not bring what was asked for; one variant for each thing a caller can do about it.
///
/// Nothing in here holds a token, a key or a body. Clones are cheap, because the calls that waited for one and the
/// same token share its failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GitHubError {
    /// Nothing may be asked for this installation until then. It costs no attempt.
    #[error("GitHub's {kind} rate limit is reached for another {} s", retry_after.as_secs())]
    RateLimited { kind: LimitKind, retry_after: Duration },
    /// The same call may succeed later.
    #[error("GitHub did not answer as it should")]
    Transient(#[source] Transient),
    /// The repository does not exist or the installation cannot see it any more: GitHub does not tell which.
    #[error("the repository is gone")]
    RepositoryGone,
    /// The repository answers but does not have this blob.
    #[error("blob {0} is not in the repository")]
    BlobGone(ObjectId),
    /// The repository answers but does not have this commit or tree.
    #[error("commit or tree {0} is not in the repository")]
    TreeGone(ObjectId),
    /// The key, the App or the installation lacks a permission.
    #[error("GitHub refused with status {status}: {message}")]
    NotPermitted { status: u16, message: String },
    /// The installation is suspended.
    #[error("the installation is suspended")]
    Suspended,
    /// The App is no longer installed there.
    #[error("the installation is gone")]
    InstallationGone,
    /// The answer is longer than the caller, or this client, accepts.
    #[error("{what} exceeds {max}")]
    TooLarge { what: &'static str, max: u64 },
    /// An answer outside GitHub's own description of itself.
    #[error("GitHub's answer to {route} was not understood")]
    Unexpected {
        route: &'static str,
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl GitHubError {
    /// Whether the same call may succeed later by itself, a reached limit included.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Transient(_) => true,
            Self::RepositoryGone
            | Self::BlobGone(_)
            | Self::TreeGone(_)
            | Self::NotPermitted { .. }
            | Self::Suspended
            | Self::InstallationGone
            | Self::TooLarge { .. }
            | Self::Unexpected { .. } => false,
        }
    }

    pub(crate) fn unexpected(
        route: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unexpected { route, source: Arc::from(source.into()) }
    }
}

/// What kept GitHub from answering for the moment.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Transient {
    #[error("the network failed")]
    Network(#[source] Arc<reqwest::Error>),
    #[error("status {0}")]
    Status(u16),
    /// New tokens reach all of GitHub's servers only after seconds.
    #[error("a token that was just issued is refused")]
    TokenRefused,
    /// What arrived is not the object that was asked for.
    #[error("the content received for {0} does not have this hash")]
    Corrupt(ObjectId),
}

/// GitHub's two kinds of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// Requests an hour; resets at a known time.
    Primary,
    /// Too much at once; asks for a pause.
    Secondary,
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        })
    }
}

/// Why a client could not be made from its settings and its key.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("GitHub's address must be an http or https URL without user, query and fragment")]
    ApiUrl,
    #[error("the App's private key is not an RSA key in PEM form (PKCS#1 or PKCS#8)")]
    PrivateKey(#[source] jsonwebtoken::errors::Error),
    #[error("the HTTP client could not be made")]
    HttpClient(#[source] reqwest::Error),
}
