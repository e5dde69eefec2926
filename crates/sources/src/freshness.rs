use jiff::{SignedDuration, Timestamp};

/// How old a signed time may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Milliseconds that the sender's clock may be before or behind ours, the way included.
    pub fresh_ms: i64,
    /// Milliseconds after which even a call that was never seen is refused. Linear repeats a failed delivery after a
    /// minute, an hour and six hours, reportedly with the first one's time.
    pub unseen_age_ms_max: i64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            fresh_ms: 60_000,
            unseen_age_ms_max: SignedDuration::from_hours(8).as_secs() * 1_000,
        }
    }
}

/// What the age of a call says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    Fresh,
    /// May be a late repetition of a call that was never recorded.
    Late,
    Unacceptable,
}

impl Freshness {
    /// Judges a time in milliseconds since the epoch. Bounds are inclusive.
    pub(crate) fn judge(&self, sent_ms: i64, now: Timestamp) -> Age {
        let age_ms = now.as_millisecond().saturating_sub(sent_ms);
        if age_ms < self.fresh_ms.saturating_neg() {
            Age::Unacceptable
        } else if age_ms <= self.fresh_ms {
            Age::Fresh
        } else if age_ms <= self.unseen_age_ms_max {
            Age::Late
        } else {
            Age::Unacceptable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_inclusive_to_the_millisecond() {
        let sent_ms = 1_676_056_940_508;
        let hours_8 = 8 * 60 * 60 * 1_000;
        for (age_ms, expected) in [
            (-60_001, Age::Unacceptable),
            (-60_000, Age::Fresh),
            (0, Age::Fresh),
            (60_000, Age::Fresh),
            (60_001, Age::Late),
            (hours_8, Age::Late),
            (hours_8 + 1, Age::Unacceptable),
        ] {
            let now = Timestamp::from_millisecond(sent_ms + age_ms).unwrap();
            assert_eq!(Freshness::default().judge(sent_ms, now), expected, "age {age_ms}");
        }
    }

    #[test]
    fn absurd_times_are_unacceptable() {
        for sent_ms in [i64::MIN, i64::MAX] {
            let judged = Freshness::default().judge(sent_ms, Timestamp::UNIX_EPOCH);
            assert_eq!(judged, Age::Unacceptable);
        }
    }
}
