//! A receiver's rate: a bucket that holds one second's worth of calls. Pure: `now` is an argument.

use std::time::{Duration, Instant};

/// Calls that may be made at once and, once those are spent, at the receiver's rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    per_s: f64,
    calls: f64,
    at: Instant,
}

impl Bucket {
    /// A full one. A rate that is none counts as the slowest: one call in a day.
    pub(super) fn new(per_s: f32, now: Instant) -> Self {
        /// One call in a day.
        const SLOWEST_PER_S: f64 = 1.0 / 86_400.0;
        let per_s = f64::from(per_s);
        let per_s = if per_s.is_finite() { per_s.max(SLOWEST_PER_S) } else { SLOWEST_PER_S };
        Self { per_s, calls: per_s.max(1.0), at: now }
    }

    /// Whether it was made for this rate.
    pub(super) fn is_for(&self, per_s: f32) -> bool {
        *self == Self { calls: self.calls, at: self.at, ..Self::new(per_s, self.at) }
    }

    /// How many calls may be made at once.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of calls is small and positive"
    )]
    pub(super) fn calls(&self, now: Instant) -> usize {
        self.filled(now) as usize
    }

    /// When the next call may be made, if not now.
    pub(super) fn not_before(&self, now: Instant) -> Option<Instant> {
        let missing = 1.0 - self.filled(now);
        (missing > 0.0).then(|| now + Duration::from_secs_f64(missing / self.per_s))
    }

    /// Counts a call.
    pub(super) fn take(&mut self, now: Instant) {
        self.calls = self.filled(now) - 1.0;
        self.at = now;
    }

    fn filled(&self, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        (self.calls + since * self.per_s).min(self.per_s.max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_as_many_calls_as_the_rate_says() {
        let start = Instant::now();
        let mut bucket = Bucket::new(4.0, start);
        for _ in 0..4 {
            assert_eq!(bucket.not_before(start), None);
            bucket.take(start);
        }
        assert_eq!(bucket.calls(start), 0);
        assert_eq!(bucket.not_before(start), Some(start + Duration::from_millis(250)));
        assert_eq!(bucket.calls(start + Duration::from_millis(500)), 2);
        assert_eq!(bucket.calls(start + Duration::from_mins(10)), 4);
    }

    #[test]
    fn less_than_one_call_a_second_is_a_rate_too() {
        let start = Instant::now();
        let mut bucket = Bucket::new(0.5, start);
        bucket.take(start);
        assert_eq!(bucket.not_before(start), Some(start + Duration::from_secs(2)));
        assert!(bucket.is_for(0.5) && !bucket.is_for(1.0));
    }

    #[test]
    fn a_rate_that_is_none_lets_a_call_through_at_last() {
        let start = Instant::now();
        for none in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let mut bucket = Bucket::new(none, start);
            bucket.take(start);
            assert!(bucket.not_before(start).is_some(), "{none}");
        }
    }
}
