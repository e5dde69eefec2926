//! What can go wrong between Hookyard and `PostgreSQL`, by what the caller does about it.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// A failed conversation with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, or it broke, or the server is going down: try again later.
    #[error("PostgreSQL is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The data breaks a rule of the schema; the same data will fail again.
    #[error("PostgreSQL refused the data")]
    Refused(#[source] tokio_postgres::Error),
    /// The statement itself failed.
    #[error("PostgreSQL failed the statement")]
    Statement(#[source] tokio_postgres::Error),
    /// A row holds something this version does not know.
    #[error("the database holds something unknown to this version")]
    Unknown(#[from] hookyard_domain::UnknownName),
    /// A stored selector does not parse.
    #[error("a stored mapping does not parse")]
    Selector(#[from] hookyard_domain::selector::InvalidSelector),
    /// A stored retry policy is none.
    #[error("a stored retry policy cannot be read")]
    RetryPolicy(#[source] serde_json::Error),
    /// A stored filter of a replay is none.
    #[error("a stored filter of a replay cannot be read")]
    ReplayFilter(#[source] serde_json::Error),
    /// The database URL cannot be used.
    #[error("the database URL cannot be used: {0}")]
    Url(&'static str),
    /// The schema is not the one this version works with.
    #[error(
        "the database schema is at version {found}, this program needs {needed}; run `hookyard-admin migrate`"
    )]
    Schema { found: i32, needed: i32 },
    /// A migration failed.
    #[error("the migration failed")]
    Migration(#[source] Box<refinery::Error>),
}

impl StoreError {
    /// Why there is no connection. What the server says for itself is told from what lies between: no route, no TLS.
    pub(crate) fn of_connecting(error: tokio_postgres::Error) -> Self {
        if error.code().is_some() { error.into() } else { Self::Unavailable(Box::new(error)) }
    }

    /// Whether waiting may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether somebody else was in the way: a lock that did not come free in time, a deadlock, a statement cut off.
    ///
    /// Less work at once may succeed where a batch did not.
    pub fn is_contention(&self) -> bool {
        let Self::Unavailable(error) = self else { return false };
        let code =
            error.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
        code.is_some_and(|code| *code == SqlState::QUERY_CANCELED || code.code().starts_with("40"))
    }

    /// Whether a value that was given is one that no column can hold and nothing can be compared with: a text with a
    /// NUL, a time before the calendar of the database begins.
    pub fn is_unrepresentable(&self) -> bool {
        const UNREPRESENTABLE: [SqlState; 3] = [
            SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            SqlState::UNTRANSLATABLE_CHARACTER,
            SqlState::DATETIME_FIELD_OVERFLOW,
        ];
        let Self::Refused(error) = self else { return false };
        error.code().is_some_and(|code| UNREPRESENTABLE.contains(code))
    }

    /// What went wrong, for logs: never a value of a row, which `PostgreSQL`'s details quote.
    pub fn brief(&self) -> String {
        match self {
            Self::Refused(error) | Self::Statement(error) => match error.as_db_error() {
                Some(db) => {
                    let constraint =
                        db.constraint().map(|it| format!(", {it}")).unwrap_or_default();
                    format!("{self}: {} ({}{constraint})", db.message(), db.code().code())
                }
                None => self.to_string(),
            },
            Self::Unavailable(_)
            | Self::Unknown(_)
            | Self::Selector(_)
            | Self::RetryPolicy(_)
            | Self::ReplayFilter(_)
            | Self::Url(_)
            | Self::Schema { .. }
            | Self::Migration(_) => self.to_string(),
        }
    }

    /// The name of the unique index or check that refused the data, if one did.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Refused(error) => error.as_db_error().and_then(|error| error.constraint()),
            Self::Unavailable(_)
            | Self::Statement(_)
            | Self::Unknown(_)
            | Self::Selector(_)
            | Self::RetryPolicy(_)
            | Self::ReplayFilter(_)
            | Self::Url(_)
            | Self::Schema { .. }
            | Self::Migration(_) => None,
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else {
            // Without a code it is no answer of the server: the connection is gone, or a value did not convert.
            let conversion = std::error::Error::source(&error)
                .is_some_and(|source| !source.is::<std::io::Error>());
            return if error.is_closed() || !conversion {
                Self::Unavailable(Box::new(error))
            } else {
                Self::Statement(error)
            };
        };
        match &code.code()[..2] {
            // Connection exceptions, operator intervention, too few resources, a deadlock's victim.
            "08" | "57" | "53" | "40" => Self::Unavailable(Box::new(error)),
            // Data exceptions, integrity violations.
            "23" if is_missing_partition(&error) => Self::Unavailable(Box::new(error)),
            "22" | "23" => Self::Refused(error),
            _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Self::Unavailable(Box::new(error)),
            _ => Self::Statement(error),
        }
    }
}

/// A row that no partition takes breaks a check without a name. That is ours to repair, not the row's fault.
fn is_missing_partition(error: &tokio_postgres::Error) -> bool {
    error
        .as_db_error()
        .is_some_and(|it| *it.code() == SqlState::CHECK_VIOLATION && it.constraint().is_none())
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::of_connecting(error),
            PoolError::Timeout(_)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => Self::Unavailable(Box::new(error)),
        }
    }
}

impl From<refinery::Error> for StoreError {
    fn from(error: refinery::Error) -> Self {
        Self::Migration(Box::new(error))
    }
}
