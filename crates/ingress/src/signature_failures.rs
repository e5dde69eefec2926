//! Counts refused signatures by source, and puts on record that they keep failing.
//!
//! One wrong signature says nothing, and anybody can send many: so a source is put on record at most once in a window,
//! out of the way of the calls, and dropped when the database is behind.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hookyard_domain::ids::SourceId;
use hookyard_process::Tasks;
use hookyard_store::signature_failures::{WINDOW_S, insert};
use hookyard_store::{Store, StoreError};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{debug, warn};

/// Refused signatures of one source within a window that are more than an accident.
const FAILURES_MIN: u32 = 20;
const WINDOW: Duration = Duration::from_secs(WINDOW_S);
/// Sources that may wait to be put on record.
const WAITING_MAX: usize = 64;

/// Refused signatures of each source since its window began.
pub(crate) struct SignatureFailures {
    counts: Mutex<HashMap<SourceId, Count>>,
    noticed: mpsc::Sender<SourceId>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    since: Instant,
    failures: u32,
}

impl SignatureFailures {
    /// Starts to write what is noticed, until this is dropped.
    pub(crate) fn start(store: Store, tasks: &Tasks) -> Self {
        let (noticed, mut to_record) = mpsc::channel(WAITING_MAX);
        tasks.spawn("signature failures", async move {
            while let Some(source) = to_record.recv().await {
                if let Err(error) = record(&store, source).await {
                    warn!(source.id = %source, "that signatures of {source} keep failing is not on record: {}", error.brief());
                }
            }
        });
        Self { counts: Mutex::default(), noticed }
    }

    /// Counts a refused signature.
    pub(crate) fn count(&self, source: SourceId, now: Instant) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if count(&mut counts, source, now) == FAILURES_MIN && self.noticed.try_send(source).is_err()
        {
            // Many at once: it has its turn in the next window.
            debug!(source.id = %source, "that signatures of {source} keep failing is not put on record");
        }
    }
}

/// The failures of this source in its window, this one included.
fn count(counts: &mut HashMap<SourceId, Count>, source: SourceId, now: Instant) -> u32 {
    let anew = Count { since: now, failures: 0 };
    let known = counts.entry(source).or_insert(anew);
    if now.duration_since(known.since) >= WINDOW {
        *known = anew;
    }
    known.failures = known.failures.saturating_add(1);
    known.failures
}

async fn record(store: &Store, source: SourceId) -> Result<(), StoreError> {
    insert(&store.conn().await?, source, FAILURES_MIN).await.map(drop)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_source_is_counted_by_itself_and_anew_in_each_window() {
        let (mut counts, now) = (HashMap::new(), Instant::now());
        let [a, b] = [1, 2].map(|n| SourceId(Uuid::from_u128(n)));
        assert_eq!([count(&mut counts, a, now), count(&mut counts, a, now)], [1, 2]);
        assert_eq!(count(&mut counts, b, now), 1);
        assert_eq!(count(&mut counts, a, now + WINDOW - Duration::from_millis(1)), 3);
        assert_eq!(count(&mut counts, a, now + WINDOW), 1);
    }
}
