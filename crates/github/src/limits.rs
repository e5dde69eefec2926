//! Which installations must not be asked for a while, and how GitHub says so.
//!
//! 403 and 429 both carry limits. `x-ratelimit-remaining: 0` means the primary limit, until `x-ratelimit-reset`
//! (seconds of the epoch). Otherwise `retry-after` (seconds) means a secondary limit; a secondary limit without that
//! header asks for at least a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, StatusCode, header};
use jiff::{Timestamp, fmt::rfc2822};
use tokio::time::Instant;

use crate::{GitHubError, LimitKind};

/// A secondary limit that names no time.
const SECONDARY_WAIT: Duration = Duration::from_mins(1);
/// Primary limits reset within the hour: a longer wait is a broken header, not a limit.
const WAIT_MAX: Duration = Duration::from_hours(1);
/// A wait that is over already would be answered by the same refusal.
const WAIT_MIN: Duration = Duration::from_secs(1);

/// A pause that GitHub demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) kind: LimitKind,
    pub(crate) wait: Duration,
}

impl From<Limit> for GitHubError {
    fn from(limit: Limit) -> Self {
        Self::RateLimited { kind: limit.kind, retry_after: limit.wait }
    }
}

/// The limit that an answer speaks of, if it does.
pub(crate) fn refused(
    status: StatusCode,
    headers: &HeaderMap,
    message: &str,
    now: Timestamp,
) -> Option<Limit> {
    if status != StatusCode::FORBIDDEN && status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    if let Some(limit) = exhausted(headers, now) {
        return Some(limit);
    }
    let asked = number(headers, header::RETRY_AFTER.as_str()).map(Duration::from_secs);
    let told = status == StatusCode::TOO_MANY_REQUESTS
        || message.to_ascii_lowercase().contains("rate limit");
    let wait = asked.or_else(|| told.then_some(SECONDARY_WAIT))?;
    Some(Limit { kind: LimitKind::Secondary, wait: wait.clamp(WAIT_MIN, WAIT_MAX) })
}

/// The primary limit, when this answer used up its last request.
pub(crate) fn exhausted(headers: &HeaderMap, now: Timestamp) -> Option<Limit> {
    if remaining(headers)? > 0 {
        return None;
    }
    let reset = number(headers, "x-ratelimit-reset").and_then(|s| i64::try_from(s).ok());
    let until_reset = reset.map(|reset| {
        // Both times are GitHub's own where it sends its date, so that our clock's error does not matter.
        let wait_s = reset.saturating_sub(date(headers).unwrap_or(now).as_second());
        Duration::from_secs(u64::try_from(wait_s).unwrap_or(0))
    });
    let asked = number(headers, header::RETRY_AFTER.as_str()).map(Duration::from_secs);
    let wait = until_reset.max(asked).unwrap_or(SECONDARY_WAIT);
    Some(Limit { kind: LimitKind::Primary, wait: wait.clamp(WAIT_MIN, WAIT_MAX) })
}

/// Requests left in the current hour.
pub(crate) fn remaining(headers: &HeaderMap) -> Option<u64> {
    number(headers, "x-ratelimit-remaining")
}

/// GitHub's own time.
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Whose limit a request counts against: an installation's, or the App's own.
pub(crate) type Budget = Option<i64>;

/// The budgets that are known to be spent. A call against one of them fails without a request.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<HashMap<Budget, (LimitKind, Instant)>>);

impl Limits {
    pub(crate) fn check(&self, budget: Budget) -> Result<(), Limit> {
        let now = Instant::now();
        let spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match spent.get(&budget) {
            Some((kind, until)) if *until > now => Err(Limit { kind: *kind, wait: *until - now }),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn note(&self, budget: Budget, limit: Limit) {
        let now = Instant::now();
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spent.retain(|_, (_, until)| *until > now);
        spent.insert(budget, (limit.kind, now + limit.wait));
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    fn limit(kind: LimitKind, wait_s: u64) -> Limit {
        Limit { kind, wait: Duration::from_secs(wait_s) }
    }

    #[test]
    fn no_requests_left_means_the_primary_limit_until_its_reset() {
        let headers =
            headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1700000090")]);
        assert_eq!(
            refused(StatusCode::FORBIDDEN, &headers, "", NOW),
            Some(limit(LimitKind::Primary, 90))
        );
        assert_eq!(
            refused(StatusCode::TOO_MANY_REQUESTS, &headers, "", NOW),
            Some(limit(LimitKind::Primary, 90))
        );
    }

    #[test]
    fn the_reset_is_measured_by_githubs_clock_when_it_tells() {
        let headers = headers(&[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1700000090"),
            ("date", "Tue, 14 Nov 2023 22:14:20 GMT"),
        ]);
        assert_eq!(
            refused(StatusCode::FORBIDDEN, &headers, "", NOW),
            Some(limit(LimitKind::Primary, 30))
        );
    }

    #[test]
    fn retry_after_with_requests_left_means_a_secondary_limit() {
        let headers = headers(&[("x-ratelimit-remaining", "4000"), ("retry-after", "17")]);
        assert_eq!(
            refused(StatusCode::FORBIDDEN, &headers, "", NOW),
            Some(limit(LimitKind::Secondary, 17))
        );
    }

    #[test]
    fn a_secondary_limit_without_a_time_waits_a_minute() {
        let message = "You have exceeded a secondary rate limit. Please wait a few minutes.";
        let none = HeaderMap::new();
        assert_eq!(
            refused(StatusCode::FORBIDDEN, &none, message, NOW),
            Some(limit(LimitKind::Secondary, 60))
        );
        assert_eq!(
            refused(StatusCode::TOO_MANY_REQUESTS, &none, "", NOW),
            Some(limit(LimitKind::Secondary, 60))
        );
    }

    #[test]
    fn a_plain_403_is_no_limit() {
        let headers = headers(&[("x-ratelimit-remaining", "12")]);
        assert_eq!(
            refused(StatusCode::FORBIDDEN, &headers, "Resource not accessible by integration", NOW),
            None
        );
        assert_eq!(refused(StatusCode::NOT_FOUND, &headers, "rate limit", NOW), None);
    }

    #[test]
    fn a_wait_is_at_least_a_second_and_at_most_an_hour() {
        let past = headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1600000000")]);
        assert_eq!(exhausted(&past, NOW), Some(limit(LimitKind::Primary, 1)));
        let never = headers(&[("retry-after", "99999999999")]);
        assert_eq!(
            refused(StatusCode::FORBIDDEN, &never, "", NOW),
            Some(limit(LimitKind::Secondary, 3600))
        );
    }

    #[test]
    fn a_spent_budget_leaves_the_others_alone() {
        let limits = Limits::default();
        limits.note(Some(1), Limit { kind: LimitKind::Primary, wait: Duration::from_mins(10) });
        assert!(limits.check(Some(1)).is_err());
        assert!(limits.check(Some(2)).is_ok());
        assert!(limits.check(None).is_ok());
    }
}
