//! Waiting for a condition that takes a question to somebody else.

use std::time::{Duration, Instant};

/// How long a condition may take to come true before a test has failed.
pub const PATIENCE: Duration = Duration::from_mins(1);

const POLL: Duration = Duration::from_millis(20);

/// Waits until `condition` holds.
///
/// # Panics
/// When it did not within `limit`; the message says `what` was waited for.
pub async fn until(what: &str, limit: Duration, condition: impl AsyncFnMut() -> bool) {
    assert!(holds(limit, condition).await, "after {limit:?} still not: {what}");
}

/// Whether `condition` comes true within `limit`.
pub(crate) async fn holds(limit: Duration, mut condition: impl AsyncFnMut() -> bool) -> bool {
    let started = Instant::now();
    loop {
        if condition().await {
            return true;
        }
        if started.elapsed() >= limit {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
}
