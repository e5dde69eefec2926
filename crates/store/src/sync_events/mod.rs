//! Sync events: queued, started, ended. The admin's lists are in [`crate::sync_event_list`].
//!
//! Whoever changes a target and a job locks the target first: a start deletes the jobs of the sync events that
//! it supersedes, and their workers may be waiting for the same target.

mod attempt_end;
mod end;
mod past;
mod pointers;
mod queue;
mod record_applied;
mod retries;
mod start;
mod tell;
mod tracked;

pub use end::{Applied, End, FileResult, Looked, Spent, bury, end, park, retry};
pub use past::{Shown, shown};
pub use pointers::{SyncPointer, pointers};
pub use queue::{NewSync, Told, queue, queue_for_push, queue_of_instance, record};
pub use retries::{NewRetry, QueuedRetry, RetryTarget, lock_retries, queue_retries, retry_targets};
pub use start::{Start, SyncWork, start};
