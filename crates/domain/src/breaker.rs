//! The breaker of a receiver: after many failures in a row it is left alone for a while, then asked by one call.
//!
//! ```text
//!   closed ──failures in a row──▶ open ──its time is over: one probe──▶ half-open
//!     ▲                            ▲                                     │   │
//!     │                            └────────── the probe fails ──────────┘   │
//!     └───────────────────────── anything succeeds ──────────────────────────┘
//! ```
//!
//! Pure: `now` is an argument. It lives in the memory of one worker; each finds out for itself.

use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failures_max: u32,
    /// How long it stays open at first; it doubles with every probe that fails.
    pub open: Duration,
    /// How long it stays open at most.
    pub open_max: Duration,
    /// How long a probe may be under way before another is let through in its place.
    pub probe_max: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures_max: 10,
            open: Duration::from_secs(5),
            open_max: Duration::from_mins(5),
            probe_max: Duration::from_secs(15),
        }
    }
}

/// Whether a call may be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Go,
    /// It may, alone: it shows whether the receiver is well again.
    Probe,
    /// Not before then.
    NotBefore(Instant),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
        times: u32,
    },
    /// A probe is under way, and counts as lost at `until`.
    HalfOpen {
        until: Instant,
        times: u32,
    },
}

/// Whether a receiver is called, by how its last calls went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
}

impl Breaker {
    /// A closed one: every call may be made.
    pub const fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 } }
    }

    /// Asks to make a call. Whoever is told [`Admission::Probe`] must tell how it went, or [`Self::give_back`] it.
    pub fn admit(&mut self, now: Instant) -> Admission {
        match self.state {
            State::Closed { .. } => Admission::Go,
            State::Open { until, .. } | State::HalfOpen { until, .. } if now < until => {
                Admission::NotBefore(until)
            }
            State::Open { times, .. } | State::HalfOpen { times, .. } => {
                self.state = State::HalfOpen { until: now + self.settings.probe_max, times };
                Admission::Probe
            }
        }
    }

    /// The receiver answered as one that is well, whatever it said.
    pub fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The receiver is ill.
    pub fn failed(&mut self, now: Instant) {
        self.state = match self.state {
            State::Closed { failures } if failures + 1 < self.settings.failures_max => {
                State::Closed { failures: failures + 1 }
            }
            State::Closed { .. } => self.opened(now, 0),
            // Calls that were under way when it opened tell nothing new.
            open @ State::Open { .. } => open,
            State::HalfOpen { times, .. } => self.opened(now, times.saturating_add(1)),
        };
    }

    /// The probe was not made after all: the next call may be it.
    pub fn give_back(&mut self, now: Instant) {
        if let State::HalfOpen { times, .. } = self.state {
            self.state = State::Open { until: now, times };
        }
    }

    /// Whether calls are held back.
    pub const fn is_open(&self) -> bool {
        match self.state {
            State::Closed { .. } => false,
            State::Open { .. } | State::HalfOpen { .. } => true,
        }
    }

    fn opened(&self, now: Instant, times: u32) -> State {
        let doubled = self.settings.open.saturating_mul(2_u32.saturating_pow(times));
        State::Open { until: now + doubled.min(self.settings.open_max), times }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings {
        failures_max: 3,
        open: Duration::from_secs(10),
        open_max: Duration::from_secs(35),
        probe_max: Duration::from_secs(5),
    };

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn opened(start: Instant) -> Breaker {
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..3 {
            assert_eq!(breaker.admit(start), Admission::Go);
            breaker.failed(start);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let start = Instant::now();
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..10 {
            breaker.failed(start);
            breaker.failed(start);
            breaker.succeeded();
        }
        assert_eq!(breaker.admit(start), Admission::Go);
        assert_eq!(opened(start).admit(start), Admission::NotBefore(start + seconds(10)));
    }

    #[test]
    fn one_probe_goes_through_and_its_success_closes_it() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let later = start + seconds(10);
        assert_eq!(breaker.admit(later), Admission::Probe);
        assert_eq!(breaker.admit(later), Admission::NotBefore(later + seconds(5)));
        breaker.succeeded();
        assert_eq!(breaker.admit(later), Admission::Go);
    }

    #[test]
    fn each_failed_probe_doubles_the_time_up_to_the_longest() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        for wait in [10, 20, 35, 35] {
            assert_eq!(breaker.admit(now), Admission::NotBefore(now + seconds(wait)));
            // What was under way when it opened does not make it longer.
            breaker.failed(now);
            now += seconds(wait);
            assert_eq!(breaker.admit(now), Admission::Probe);
            breaker.failed(now);
        }
    }

    #[test]
    fn a_probe_that_is_lost_or_given_back_blocks_nobody() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let later = start + seconds(10);
        assert_eq!(breaker.admit(later), Admission::Probe);
        assert_eq!(breaker.admit(later + seconds(5)), Admission::Probe);
        breaker.give_back(later + seconds(6));
        assert_eq!(breaker.admit(later + seconds(6)), Admission::Probe);
    }

    proptest! {
        #[test]
        fn a_call_is_never_held_back_for_longer_than_the_longest(
            steps in prop::collection::vec((0_u64..40, 0_u8..4), 0..200),
        ) {
            let mut now = Instant::now();
            let mut breaker = Breaker::new(SETTINGS);
            for (wait, what) in steps {
                now += seconds(wait);
                match what {
                    0 => breaker.succeeded(),
                    1 | 2 => breaker.failed(now),
                    _ => {
                        if let Admission::NotBefore(then) = breaker.admit(now) {
                            prop_assert!(breaker.is_open() && then > now);
                            prop_assert!(then <= now + SETTINGS.open_max);
                        }
                    }
                }
            }
        }
    }
}
