use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use crate::Stop;

/// The tasks of a process, so that stopping can wait for them. Clones share the same tasks.
///
/// Dropping a `Tasks` ends none of them: each watches its [`Stop`].
#[derive(Debug, Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: Stop,
}

impl Tasks {
    /// `stop` is triggered when an essential task ends before it.
    pub fn new(stop: Stop) -> Self {
        Self { tracker: TaskTracker::new(), stop }
    }

    /// Runs a task whose end, even by a panic, concerns no other. A panic is logged as an error.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let _detached = self.tracker.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                error!(task.name = name, "the task `{name}` panicked");
            }
        });
    }

    /// Runs a task without which the process is useless: if it panics, or returns before the stop, the process
    /// stops and [`Stop::has_failed`].
    pub fn spawn_essential<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        let _detached = self.tracker.spawn(async move {
            let panicked = AssertUnwindSafe(task).catch_unwind().await.is_err();
            if panicked || !stop.is_stopping() {
                let how = if panicked { "panicked" } else { "ended too early" };
                error!(task.name = name, "the essential task `{name}` {how}; stopping");
                stop.trigger_failed();
            }
        });
    }

    /// The number of tasks that have not ended.
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Waits until every task has ended; false when `deadline` comes first.
    ///
    /// What still runs then is cut off when the runtime ends; leases and transactions are made for that.
    pub async fn drain(&self, deadline: Duration) -> bool {
        self.tracker.close();
        let drained = tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok();
        if !drained {
            warn!("{} tasks still ran after {deadline:?}; they are cut off", self.running());
        }
        drained
    }
}
