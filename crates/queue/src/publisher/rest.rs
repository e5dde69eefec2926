//! Rests between messages, so that pointers gather.

use std::time::Duration;

use tokio::time::Instant;

/// How long a queue rests after its lane was emptied.
const REST: Duration = Duration::from_millis(8);

/// Until when each lane rests.
pub(crate) struct Rests {
    pub(crate) events: Rest,
    pub(crate) deliveries: Rest,
    pub(crate) syncs: Rest,
}

/// Until when one lane rests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    until: Instant,
}

impl Rests {
    /// All lanes awake.
    pub(crate) fn over(now: Instant) -> Self {
        let awake = Rest { until: now };
        Self { events: awake, deliveries: awake, syncs: awake }
    }

    /// When the next lane wakes up, if one rests.
    pub(crate) fn next_end(&self, now: Instant) -> Option<Instant> {
        let ends = [self.events, self.deliveries, self.syncs].map(|rest| rest.until);
        ends.into_iter().filter(|until| *until > now).min()
    }
}

impl Rest {
    pub(crate) fn is_over(self, now: Instant) -> bool {
        self.until <= now
    }

    /// Begins when a lane was emptied: what comes now waits for company. A lane that has more goes on at once.
    pub(crate) fn after(emptied: bool, now: Instant) -> Self {
        Self { until: if emptied { now + REST } else { now } }
    }
}
