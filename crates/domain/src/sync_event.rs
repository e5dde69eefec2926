//! Sync events: the record of one reconciliation of one target.
//!
//! ```text
//!   queued ──start──▶ running ──finish──▶ completed | partial | failed | ignored
//!     │ ▲                │
//!     │ └─ retry, park ──┘
//!     └──superseded, not applicable──▶ ignored
//! ```

/// Where a sync event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyncStatus {
    /// Waits for a worker, for its next attempt, or for another sync of its target to end.
    Queued,
    /// A worker reconciles; at most one a target.
    Running,
    /// The target equals the tree.
    Completed,
    /// The target equals the tree but for the files that failed.
    Partial,
    /// Nothing was changed; the reason says why.
    Failed,
    /// Superseded by a newer one, or no longer applicable; the reason says which.
    Ignored,
}

crate::names!(SyncStatus, "sync event status", {
    Queued => "queued", Running => "running", Completed => "completed",
    Partial => "partial", Failed => "failed", Ignored => "ignored",
});

impl SyncStatus {
    /// Whether nothing will change it any more, but for a retry, which makes a new sync event.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Completed | Self::Partial | Self::Failed | Self::Ignored => true,
        }
    }

    /// How a reconciliation that ran to its end is recorded.
    pub const fn of_counts(failed_files: u32) -> Self {
        if failed_files == 0 { Self::Completed } else { Self::Partial }
    }
}

/// What asked for a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyncTrigger {
    Push,
    /// An operator, or a change of what is tracked.
    ManualResync,
    /// An operator ran a sync event once more.
    Retry,
    /// The target's first import, or its return.
    Connected,
    /// The branch was seen at a commit that a push had left: a second look, once GitHub has surely caught up.
    Recheck,
    /// The record of a change of the repository itself: renamed, transferred, archived, ...
    Repository,
    /// The record of repositories entering or leaving the installation.
    InstallationRepositories,
}

crate::names!(SyncTrigger, "sync trigger", {
    Push => "push", ManualResync => "manual_resync", Retry => "retry", Connected => "connected", Recheck => "recheck",
    Repository => "repository", InstallationRepositories => "installation_repositories",
});

/// Why a sync event ended as it did, where that is not plain success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyncReason {
    Superseded,
    /// The head was queued or applied already.
    Redundant,
    BranchDeleted,
    RepositoryGone,
    RepositoryRemoved,
    InstallationSuspended,
    Disconnected,
    TargetDisabled,
    DeletionGuard,
    TooManyFiles,
    NotPermitted,
    AttemptsExhausted,
    WorkerDied,
    InvalidMapping,
    /// A change of the repository itself was recorded; there was nothing to reconcile.
    Recorded,
}

crate::names!(SyncReason, "sync reason", {
    Superseded => "superseded", Redundant => "redundant", BranchDeleted => "branch_deleted", RepositoryGone => "repository_gone",
    RepositoryRemoved => "repository_removed", InstallationSuspended => "installation_suspended",
    Disconnected => "disconnected", TargetDisabled => "target_disabled",
    DeletionGuard => "deletion_guard", TooManyFiles => "too_many_files",
    NotPermitted => "not_permitted", AttemptsExhausted => "attempts_exhausted",
    WorkerDied => "worker_died", InvalidMapping => "invalid_mapping", Recorded => "recorded",
});

/// How many of a target's files had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Counts {
    pub created: u32,
    pub updated: u32,
    pub deleted: u32,
    pub skipped: u32,
    pub failed: u32,
}

/// What a sync did about one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileOutcome {
    Created,
    Updated,
    Deleted,
    /// Left alone: unchanged, or of a kind that is not brought in.
    Skipped,
    /// Could not be brought in; what was there before stays.
    Failed,
}

crate::names!(FileOutcome, "file outcome", {
    Created => "created", Updated => "updated", Deleted => "deleted", Skipped => "skipped", Failed => "failed",
});

/// Why a file was skipped or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileReason {
    /// Skipped: a symbolic link.
    Symlink,
    /// Skipped: a submodule.
    Submodule,
    /// Failed: larger than the limit.
    TooLarge,
    /// Failed: a Git LFS pointer, whose content is elsewhere.
    LfsPointer,
    /// Failed: the bytes are not UTF-8 text.
    NotUtf8,
    /// Failed: the frontmatter or manifest does not parse.
    Unparsable,
    /// Failed: another entry of the tree has the same path.
    DuplicatePath,
    /// Failed: GitHub does not have the blob that its tree names.
    BlobMissing,
}

crate::names!(FileReason, "file reason", {
    Symlink => "symlink", Submodule => "submodule", TooLarge => "too_large", LfsPointer => "lfs_pointer",
    NotUtf8 => "not_utf8", Unparsable => "unparsable", DuplicatePath => "duplicate_path", BlobMissing => "blob_missing",
});
