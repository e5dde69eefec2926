//! Whether so many calls wait that they are worth a statement of their own beside the one under way.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// With fewer calls a statement costs more by itself than by its rows; with more, the other core had better begin.
const CALLS: usize = 20;

/// Tells committers of a crowd of waiting calls.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    told: AtomicBool,
    notify: Notify,
}

impl Crowd {
    /// A call came, and so many wait now. One committer is told, once for each crowd.
    pub(super) fn came(&self, waiting: usize) {
        if waiting >= CALLS && !self.told.swap(true, Ordering::Relaxed) {
            self.notify.notify_one();
        }
    }

    /// A committer took what waited, and left so many.
    pub(super) fn left(&self, waiting: usize) {
        self.told.store(false, Ordering::Relaxed);
        self.came(waiting);
    }

    /// Waits for a crowd. It may have been taken already: then there is just less to record.
    pub(super) async fn gathered(&self) {
        self.notify.notified().await;
    }
}
