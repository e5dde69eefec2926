//! Times in ids: a UUIDv7 begins with when it was made.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How far the clock that made an id may be ahead of or behind the database's.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// No row that the database recorded at `since` or later has an id below this.
pub(crate) fn first_id_of(since: Timestamp) -> Uuid {
    id_at(since.saturating_sub(CLOCK_SKEW).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// The first id that can be made at a time.
pub(crate) fn id_at(at: Timestamp) -> Uuid {
    /// A UUIDv7 is 48 bits of milliseconds before all else.
    const BITS_BELOW_TIME: u32 = 80;
    let millis = u128::from(u64::try_from(at.as_millisecond()).unwrap_or(0));
    Uuid::from_u128(millis << BITS_BELOW_TIME)
}
