//! The one place where this process reads a clock and draws random numbers.

use hookyard_domain::retry::Jitter;
use jiff::Timestamp;
use uuid::Uuid;

/// The host's time. For GitHub's tokens, signed timestamps and ids only: what is due when is the database's to say.
#[expect(clippy::disallowed_methods, reason = "the one reading of the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// A new id that sorts by time.
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// A random id, anywhere among all ids.
pub(crate) fn random_id() -> Uuid {
    Uuid::new_v4()
}

/// A random share of a wait.
pub(crate) fn jitter() -> Jitter {
    Jitter::new(random_share())
}

/// A random number of 0 to 1.
pub(crate) fn random_share() -> f64 {
    rand::random()
}
