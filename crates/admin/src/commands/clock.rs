//! The one place where a command reads this machine's clock, and the times that people write.

use jiff::{SignedDuration, Timestamp};

#[expect(clippy::disallowed_methods, reason = "the one reading of the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// In milliseconds since the epoch.
pub(crate) fn now_ms() -> i64 {
    now().as_millisecond()
}

/// A time, or a span before now.
pub(crate) fn parse_since(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let wrong =
        || "write a time such as 2026-01-31T12:00:00Z, or a span such as 2h or 30m".to_owned();
    let span: SignedDuration = text.parse().map_err(|_| wrong())?;
    if span.is_negative() {
        return Err(wrong());
    }
    now().checked_sub(span).map_err(|_| wrong())
}
