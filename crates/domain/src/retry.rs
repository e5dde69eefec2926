//! When a failed attempt is made again. Pure: the jitter is an argument.

/// Exponential backoff with a jitter of 0.8 to 1.2, as reconciliations use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncRetryPolicy {
    /// Attempts in all, the first one included.
    pub attempts_max: u32,
    /// The wait after the first failed attempt, in milliseconds.
    pub base_ms: u64,
    /// The longest wait, in milliseconds.
    pub longest_ms: u64,
}

impl Default for SyncRetryPolicy {
    fn default() -> Self {
        Self { attempts_max: 8, base_ms: 5_000, longest_ms: 15 * 60_000 }
    }
}

/// A number of 0 to 1, both included, that the caller drew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// Takes a random number; what lies outside 0 to 1 is clamped.
    pub fn new(unit: f64) -> Self {
        Self(if unit.is_nan() { 0.5 } else { unit.clamp(0.0, 1.0) })
    }

    /// The number itself.
    pub(crate) const fn unit(self) -> f64 {
        self.0
    }
}

impl SyncRetryPolicy {
    /// The wait in milliseconds after the `attempt`-th attempt failed in passing (1 is the first);
    /// none when that was the last.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a wait of at most minutes is exact to the millisecond in an f64"
    )]
    pub fn delay_ms_after(&self, attempt: u32, jitter: Jitter) -> Option<u64> {
        if attempt >= self.attempts_max {
            return None;
        }
        let doublings = attempt.saturating_sub(1).min(62);
        let unjittered = self.base_ms.saturating_mul(1 << doublings).min(self.longest_ms);
        let jittered = unjittered as f64 * (0.8 + 0.4 * jitter.0);
        Some((jittered as u64).min(self.longest_ms))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_until_the_longest() {
        let policy = SyncRetryPolicy { attempts_max: 12, base_ms: 1_000, longest_ms: 900_000 };
        let middle = Jitter::new(0.5);
        let waits: Vec<u64> = (1..=11).map_while(|n| policy.delay_ms_after(n, middle)).collect();
        assert_eq!(waits[..4], [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(waits.len(), 11);
        assert_eq!(waits[10], 900_000);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_past_the_longest_and_attempts_end(
            attempts_max in 1_u32..50, base_ms in 1_u64..100_000, longest_ms in 1_u64..1_000_000,
            attempt in 1_u32..100, unit in -1.0_f64..2.0,
        ) {
            let policy = SyncRetryPolicy { attempts_max, base_ms, longest_ms };
            match policy.delay_ms_after(attempt, Jitter::new(unit)) {
                Some(wait) => prop_assert!(wait <= longest_ms && attempt < attempts_max),
                None => prop_assert!(attempt >= attempts_max),
            }
        }

        #[test]
        fn the_jitter_stays_within_a_fifth(attempt in 1_u32..7, unit in 0.0_f64..=1.0) {
            let policy = SyncRetryPolicy { attempts_max: 9, base_ms: 1_000, longest_ms: 1_000_000 };
            let plain = 1_000 * (1_u64 << (attempt - 1));
            let wait = policy.delay_ms_after(attempt, Jitter::new(unit)).unwrap();
            prop_assert!(wait >= plain * 8 / 10 - 1 && wait <= plain * 12 / 10);
        }
    }
}
