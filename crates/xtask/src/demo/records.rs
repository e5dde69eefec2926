//! What `hookyard-admin --json` and the simulator print, as far as the demo reads it.

use serde::Deserialize;

/// A sync event as `sync-events list` prints it, and `sync-events show` with its files.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncEvent {
    pub(super) id: String,
    pub(super) trigger: String,
    pub(super) event_id: Option<String>,
    pub(super) delivery_id: Option<String>,
    pub(super) repository: String,
    pub(super) announced_sha: Option<String>,
    pub(super) applied_sha: Option<String>,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) error: Option<String>,
    pub(super) counts: Counts,
    pub(super) attempts: u32,
    pub(super) github_requests: u32,
    pub(super) duration_ms: Option<u64>,
    #[serde(default)]
    pub(super) files: Vec<File>,
}

impl SyncEvent {
    pub(super) fn is_final(&self) -> bool {
        !matches!(self.status.as_str(), "queued" | "running")
    }

    /// Whether it brought the target to a commit. A repository of the user's own may well hold a file that
    /// cannot be read, which makes it partial.
    pub(super) fn is_applied(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "partial")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Counts {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) deleted: u64,
    pub(super) skipped: u64,
    pub(super) failed: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    pub(super) path: String,
    pub(super) outcome: String,
    pub(super) reason: Option<String>,
    pub(super) error: Option<String>,
    pub(super) config_object_id: Option<String>,
}

/// The first page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct SyncEvents {
    pub(super) items: Vec<SyncEvent>,
}

/// What the simulator says after it has moved a branch.
#[derive(Debug, Deserialize)]
pub(super) struct Moved {
    pub(super) deliveries: Vec<Delivered>,
}

/// A delivery and how it was answered.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivered {
    pub(super) delivery_id: String,
    pub(super) status: Option<u16>,
    pub(super) body: Option<String>,
}
