//! When a failed delivery is tried again. Pure: the jitter is an argument.
//!
//! Stored with a subscription, as JSON: `{"preset":"persistent"}`,
//! `{"attempts":3,"baseMs":5000,"longestMs":60000,"retry4xx":false}` or `{"waitsMs":[5000,300000]}`.

use serde::{Deserialize, Serialize};

use crate::delivery::ErrorClass;
use crate::retry::Jitter;

/// The most tries of one delivery between two replays.
pub const ATTEMPTS_MAX: u32 = 30;
/// The longest wait between two tries, in milliseconds; a receiver's `Retry-After` asks for no more either.
pub const WAIT_MS_MAX: u64 = 24 * 60 * 60 * 1000;

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// The waits of the preset `persistent`: eight tries over a little more than a day.
const PERSISTENT_WAITS_MS: [u64; 7] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    10 * HOUR_MS,
];

/// How often, and how far apart, a delivery is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// Each wait is drawn from nothing to a bound that doubles: full jitter.
    Exponential {
        /// Tries in all, the first one included.
        attempts_max: u32,
        /// The bound after the first failed try, in milliseconds.
        base_ms: u64,
        /// The highest bound, in milliseconds.
        longest_ms: u64,
    },
    /// These waits one after the other, each times 0.8 to 1.2; one try more than there are waits.
    Listed {
        /// The waits, in milliseconds.
        waits_ms: Vec<u64>,
    },
    /// The waits of `persistent`, under its name.
    Persistent,
}

/// When a failed delivery is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct DeliveryRetryPolicy {
    schedule: Schedule,
    retry_4xx: bool,
}

/// A policy outside of the limits, or not one policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRetryPolicy {
    /// Fields of several forms, or of none.
    #[error(
        r#"a retry policy is {{"preset":"persistent"}}, {{"attempts":N,"baseMs":N,"longestMs":N}} or {{"waitsMs":[N]}}"#
    )]
    Form,
    /// A preset that does not exist.
    #[error("there is no preset {0:?}; there is persistent")]
    Preset(String),
    /// Too many tries, or none.
    #[error("a delivery is tried 1 to {ATTEMPTS_MAX} times")]
    Attempts,
    /// A wait that is too long, or a base that is none.
    #[error("waits are 1 to {WAIT_MS_MAX} ms, and no base is longer than the longest wait")]
    Wait,
}

/// What a failed try leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// Another try after so many milliseconds.
    TryAgain { wait_ms: u64 },
    /// None: the failure is final, or it was the last try.
    GiveUp,
}

/// How a try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedTry {
    pub class: ErrorClass,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long the receiver asks to be left alone, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Default for DeliveryRetryPolicy {
    fn default() -> Self {
        let schedule = Schedule::Exponential {
            attempts_max: 3,
            base_ms: 5 * SECOND_MS,
            longest_ms: 15 * MINUTE_MS,
        };
        Self { schedule, retry_4xx: false }
    }
}

impl DeliveryRetryPolicy {
    /// A policy within the limits.
    pub fn new(schedule: Schedule, retry_4xx: bool) -> Result<Self, InvalidRetryPolicy> {
        let waits = 1..=WAIT_MS_MAX;
        match &schedule {
            Schedule::Exponential { attempts_max, base_ms, longest_ms } => {
                if !(1..=ATTEMPTS_MAX).contains(attempts_max) {
                    return Err(InvalidRetryPolicy::Attempts);
                }
                if !waits.contains(base_ms) || !waits.contains(longest_ms) || base_ms > longest_ms {
                    return Err(InvalidRetryPolicy::Wait);
                }
            }
            Schedule::Listed { waits_ms } => {
                if waits_ms.len() >= ATTEMPTS_MAX as usize {
                    return Err(InvalidRetryPolicy::Attempts);
                }
                if !waits_ms.iter().all(|wait| waits.contains(wait)) {
                    return Err(InvalidRetryPolicy::Wait);
                }
            }
            Schedule::Persistent => {}
        }
        Ok(Self { schedule, retry_4xx })
    }

    /// The preset for signed endpoints: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
    pub const fn persistent() -> Self {
        Self { schedule: Schedule::Persistent, retry_4xx: false }
    }

    /// Tries in all, the first one included.
    pub fn attempts_max(&self) -> u32 {
        match &self.schedule {
            Schedule::Exponential { attempts_max, .. } => *attempts_max,
            Schedule::Listed { waits_ms } => one_more(waits_ms),
            Schedule::Persistent => one_more(&PERSISTENT_WAITS_MS),
        }
    }

    /// What the `attempt`-th try since the last replay leads to when it failed so (1 is the first).
    ///
    /// A wait that the receiver asks for is kept, up to [`WAIT_MS_MAX`].
    pub fn after_failure(&self, attempt: u32, failure: FailedTry, jitter: Jitter) -> AfterFailure {
        if attempt >= self.attempts_max()
            || !failure.class.is_in_passing(failure.status, self.retry_4xx)
        {
            return AfterFailure::GiveUp;
        }
        let asked_ms = failure.retry_after_ms.unwrap_or(0);
        AfterFailure::TryAgain {
            wait_ms: self.wait_ms(attempt, jitter).max(asked_ms).min(WAIT_MS_MAX),
        }
    }

    fn wait_ms(&self, attempt: u32, jitter: Jitter) -> u64 {
        let earlier = attempt.saturating_sub(1);
        let listed = |waits: &[u64]| {
            let wait = waits.get(earlier as usize).copied().unwrap_or(WAIT_MS_MAX);
            share_of(wait, 0.8 + 0.4 * jitter.unit())
        };
        match &self.schedule {
            Schedule::Exponential { base_ms, longest_ms, .. } => {
                let bound = base_ms.saturating_mul(1 << earlier.min(62)).min(*longest_ms);
                share_of(bound, jitter.unit())
            }
            Schedule::Listed { waits_ms } => listed(waits_ms),
            Schedule::Persistent => listed(&PERSISTENT_WAITS_MS),
        }
    }
}

fn one_more(waits: &[u64]) -> u32 {
    u32::try_from(waits.len()).unwrap_or(ATTEMPTS_MAX).saturating_add(1)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a wait of at most a day is exact to the millisecond in an f64"
)]
fn share_of(wait_ms: u64, share: f64) -> u64 {
    (wait_ms as f64 * share) as u64
}

/// A policy as it is written.
#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_ms: Option<Vec<u64>>,
    #[serde(rename = "retry4xx", skip_serializing_if = "std::ops::Not::not")]
    retry_4xx: bool,
}

const PERSISTENT: &str = "persistent";

impl From<DeliveryRetryPolicy> for Written {
    fn from(policy: DeliveryRetryPolicy) -> Self {
        let written = Self { retry_4xx: policy.retry_4xx, ..Self::default() };
        match policy.schedule {
            Schedule::Exponential { attempts_max, base_ms, longest_ms } => Self {
                attempts: Some(attempts_max),
                base_ms: Some(base_ms),
                longest_ms: Some(longest_ms),
                ..written
            },
            Schedule::Listed { waits_ms } => Self { waits_ms: Some(waits_ms), ..written },
            Schedule::Persistent => Self { preset: Some(PERSISTENT.to_owned()), ..written },
        }
    }
}

impl TryFrom<Written> for DeliveryRetryPolicy {
    type Error = InvalidRetryPolicy;

    fn try_from(written: Written) -> Result<Self, InvalidRetryPolicy> {
        let schedule = match written {
            Written {
                preset: Some(preset),
                attempts: None,
                base_ms: None,
                longest_ms: None,
                waits_ms: None,
                retry_4xx: _,
            } => match preset.as_str() {
                PERSISTENT => Schedule::Persistent,
                _ => return Err(InvalidRetryPolicy::Preset(preset.chars().take(40).collect())),
            },
            Written {
                preset: None,
                attempts: Some(attempts_max),
                base_ms: Some(base_ms),
                longest_ms: Some(longest_ms),
                waits_ms: None,
                retry_4xx: _,
            } => Schedule::Exponential { attempts_max, base_ms, longest_ms },
            Written {
                preset: None,
                attempts: None,
                base_ms: None,
                longest_ms: None,
                waits_ms: Some(waits_ms),
                retry_4xx: _,
            } => Schedule::Listed { waits_ms },
            Written { .. } => return Err(InvalidRetryPolicy::Form),
        };
        Self::new(schedule, written.retry_4xx)
    }
}

#[cfg(test)]
mod tests;
