//! Spans of time in addresses: relative, so that an address means the same tomorrow.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::console::answer::Failure;

/// When a list begins that is narrowed to `24h` or `7d` before now; none: at the beginning of time.
pub(super) fn begins_at(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let at = span(text).and_then(|span| now.checked_sub(span).ok());
    at.map(Some).ok_or_else(|| {
        let why = "since: write a span such as 1h, 24h or 7d";
        Failure::new(StatusCode::BAD_REQUEST, "That address means nothing", why)
    })
}

/// A span of hours or days.
fn span(text: &str) -> Option<SignedDuration> {
    /// Ten years: beyond every retention.
    const HOURS_MAX: i64 = 24 * 366 * 10;
    let (number, hours) = match text.strip_suffix('d') {
        Some(days) => (days, 24),
        None => (text.strip_suffix('h')?, 1),
    };
    let hours = number.parse::<u16>().ok().map(|number| i64::from(number) * hours)?;
    (hours <= HOURS_MAX).then(|| SignedDuration::from_hours(hours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_hours_or_days_and_nothing_else() {
        assert_eq!(span("7d"), span("168h"));
        for text in ["", "d", "-1h", "1w", "99999d", "1.5h", "65535d"] {
            assert_eq!(span(text), None, "{text}");
        }
    }
}
