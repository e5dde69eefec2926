//! The primary rate limit and its headers.

use http::HeaderName;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// Requests that the installation may still make.
#[derive(Debug, Clone)]
pub(crate) struct Rate {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) reset: Timestamp,
}

impl Rate {
    pub(crate) fn new(limit: u64, now: Timestamp) -> Self {
        Self { limit, remaining: limit, reset: window_end(now) }
    }

    /// Counts a request; false when none is left.
    pub(crate) fn take(&mut self, now: Timestamp) -> bool {
        self.renew(now);
        let left = self.remaining > 0;
        self.remaining = self.remaining.saturating_sub(1);
        left
    }

    /// Conditional requests that bring nothing new are free.
    pub(crate) fn give_back(&mut self) {
        self.remaining = (self.remaining + 1).min(self.limit);
    }

    pub(crate) fn renew(&mut self, now: Timestamp) {
        if now >= self.reset {
            self.remaining = self.limit;
            self.reset = window_end(now);
        }
    }

    pub(crate) fn headers(&self) -> Vec<(HeaderName, String)> {
        let used = self.limit.saturating_sub(self.remaining);
        vec![
            (HeaderName::from_static("x-ratelimit-limit"), self.limit.to_string()),
            (HeaderName::from_static("x-ratelimit-remaining"), self.remaining.to_string()),
            (HeaderName::from_static("x-ratelimit-used"), used.to_string()),
            (HeaderName::from_static("x-ratelimit-reset"), self.reset.as_second().to_string()),
            (HeaderName::from_static("x-ratelimit-resource"), "core".to_owned()),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "limit": self.limit,
            "remaining": self.remaining,
            "used": self.limit.saturating_sub(self.remaining),
            "reset": self.reset.as_second(),
        })
    }
}

fn window_end(now: Timestamp) -> Timestamp {
    now.saturating_add(WINDOW).unwrap_or(Timestamp::MAX)
}
