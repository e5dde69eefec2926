//! Sync events: queued, started, ended. The admin's lists are in [`crate::sync_event_list`].
//!
//! Whoever changes a target and a job locks the target first: a start deletes the jobs of the sync events that
//! it supersedes, and their workers may be waiting for the same target.

mod attempt_end;
mod dead;
mod end;
mod past;
mod plugins;
mod pointers;
mod put_off;
mod queue;
mod record_applied;
mod retries;
mod start;
mod tell;
mod tracked;
mod wake;

pub use dead::bury;
pub use end::{Applied, End, FileResult, Looked, end};
pub use past::{Shown, shown};
pub use plugins::{FoundPlugins, KnownPlugins, PluginMapping, import_plugins};
pub use pointers::{SyncPointer, pointers};
pub use put_off::{Spent, park, retry};
pub use queue::{NewSync, Told, queue, queue_for_push, queue_of_instance, record};
pub use retries::{NewRetry, QueuedRetry, RetryTarget, lock_retries, queue_retries, retry_targets};
pub use start::{Start, SyncWork, start};
