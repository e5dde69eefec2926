use std::time::Duration;

use hookyard_domain::delivery::ErrorClass;
use hookyard_domain::delivery_retry::WAIT_MS_MAX;
use http::{HeaderMap, StatusCode, header};
use jiff::{Timestamp, fmt::rfc2822};

use crate::{Answer, Ending, SendError};

/// The longest wait that is taken from an answer.
const WAIT_MAX: Duration = Duration::from_millis(WAIT_MS_MAX);

/// What an answer means for the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver took it.
    Delivered {
        /// The receiver wants nothing for so long: its limit is used up.
        pause: Option<Duration>,
    },
    /// It did not.
    Failed(Failure),
}

/// Why a try did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub class: ErrorClass,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// In words, without a secret. At most a few hundred characters.
    pub error: String,
    /// How long the receiver asks to be left alone, at most a day.
    pub retry_after: Option<Duration>,
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self { class: error.class, status: None, error: error.error, retry_after: None }
    }
}

impl Verdict {
    pub(crate) const DELIVERED: Self = Self::Delivered { pause: None };

    pub(crate) fn failed(answer: &Answer, class: ErrorClass, error: impl Into<String>) -> Self {
        Self::Failed(Failure {
            class,
            status: Some(answer.status.as_u16()),
            error: error.into(),
            retry_after: None,
        })
    }

    /// The same with a wait that was read by [`retry_after`] or [`seconds`], which bound it.
    #[must_use]
    pub(crate) fn retry_after(mut self, wait: Option<Duration>) -> Self {
        if let Self::Failed(failure) = &mut self {
            failure.retry_after = wait;
        }
        self
    }
}

/// What an answer means by its status alone; 2xx is success if the answer is whole.
pub(crate) fn by_status(answer: &Answer, now: Timestamp) -> Verdict {
    let status = answer.status;
    if status.is_success() {
        return whole(answer);
    }
    let wait = retry_after(&answer.headers, now);
    let (class, error) = match status {
        StatusCode::TOO_MANY_REQUESTS => (ErrorClass::RateLimited, "too many requests"),
        StatusCode::GONE => (ErrorClass::Gone, "nobody is there any more"),
        _ if status.is_redirection() => (ErrorClass::Redirect, "redirects are not followed"),
        _ if status.is_server_error() => (ErrorClass::ServerError, "the receiver failed"),
        _ => (ErrorClass::Refused, "the receiver refused it"),
    };
    Verdict::failed(answer, class, format!("{}: {error}", status.as_u16())).retry_after(wait)
}

/// What an answer to a signed call means: its status says all, so that 2xx is success however much follows.
pub(crate) fn of_signed_call(answer: &Answer, now: Timestamp) -> Verdict {
    if answer.status.is_success() && answer.ending == Ending::TooLong {
        return Verdict::DELIVERED;
    }
    by_status(answer, now)
}

/// Success, unless the answer broke off or does not end.
fn whole(answer: &Answer) -> Verdict {
    match &answer.ending {
        Ending::Complete => Verdict::DELIVERED,
        Ending::TooLong => Verdict::failed(answer, ErrorClass::Garbage, "the answer is too long"),
        Ending::Broken(error) => Verdict::failed(answer, error.class, error.error.clone()),
    }
}

/// `Retry-After` in either form: seconds or a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(wait) = seconds(text) {
        return Some(wait);
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
    Some(wait.min(WAIT_MAX))
}

/// A wait in seconds, with or without a fraction, at most a day.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| number)?;
    Some(Duration::from_secs_f64(seconds.clamp(0.0, WAIT_MAX.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(784_111_777, 0);

    fn wait(text: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, http::HeaderValue::from_static(text));
        retry_after(&headers, NOW)
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        // 784111777 is Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110.
        assert_eq!(wait("120"), Some(Duration::from_mins(2)));
        assert_eq!(wait("0.65"), Some(Duration::from_millis(650)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_mins(1)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn a_wait_is_at_most_a_day_and_garbage_is_none() {
        assert_eq!(wait("999999999999999999999"), Some(WAIT_MAX));
        assert_eq!(wait("Sat, 06 Nov 2094 08:49:37 GMT"), Some(WAIT_MAX));
        for garbage in ["soon", "", "-5", "inf", "NaN", "1e9", ".", "1.2.3"] {
            assert_eq!(wait(garbage), None, "{garbage}");
        }
    }
}
