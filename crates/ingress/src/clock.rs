//! The one place where this process reads a clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hookyard_domain::ids::EventId;
use jiff::Timestamp;
use uuid::Uuid;

/// The host's clock, and how far it is from the database's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    /// What must be added to the host's time, in milliseconds.
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The host's time in milliseconds since the epoch.
    pub(crate) fn host_ms() -> i64 {
        Self::host().as_millisecond()
    }

    #[expect(clippy::disallowed_methods, reason = "the one reading of the clock")]
    fn host() -> Timestamp {
        Timestamp::now()
    }

    /// Learns what must be added to the host's time to get the database's.
    pub(crate) fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }

    /// The database's time, as well as it is known.
    pub(crate) fn now(&self) -> Timestamp {
        let offset = jiff::SignedDuration::from_millis(self.offset_ms.load(Ordering::Relaxed));
        Self::host().saturating_add(offset).unwrap_or_else(|_| Self::host())
    }

    /// A new event id: its time names the partition, so it must be the database's.
    pub(crate) fn event_id(&self) -> EventId {
        let now = self.now();
        let seconds = now.as_second().unsigned_abs();
        let nanos = now.subsec_nanosecond().unsigned_abs();
        EventId(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos)))
    }
}
