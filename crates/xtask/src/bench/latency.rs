//! Times to the answer, all of them: a quantile is looked up, not estimated.

use std::time::Duration;

/// Measured times, sorted.
#[derive(Debug, Clone, Default)]
pub(super) struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    pub(super) fn of(mut micros: Vec<u32>) -> Self {
        micros.sort_unstable();
        Self { micros }
    }

    pub(super) fn count(&self) -> usize {
        self.micros.len()
    }

    /// The time within which `share` of all were done, in milliseconds; the nearest rank.
    pub(super) fn quantile_ms(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "millions of samples at most, shares of 0 to 1"
        )]
        let rank = (share * self.micros.len() as f64).ceil() as usize;
        let micros = self.micros.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        f64::from(micros) / 1000.0
    }
}

/// A duration as it is kept.
pub(super) fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Latencies;

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let latencies = Latencies::of((1..=1000).rev().map(|ms| ms * 1000).collect());
        assert!((latencies.quantile_ms(0.5) - 500.0).abs() < f64::EPSILON);
        assert!((latencies.quantile_ms(0.99) - 990.0).abs() < f64::EPSILON);
        assert!((latencies.quantile_ms(1.0) - 1000.0).abs() < f64::EPSILON);
        assert!(Latencies::default().quantile_ms(0.5).abs() < f64::EPSILON);
    }
}
