//! Why a retry of many passes over a target.

use hookyard_domain::target::{AccountStatus, InstanceStatus, TargetStatus};
use hookyard_store::sync_events::RetryTarget;
use serde::Serialize;
use utoipa::ToSchema;

use super::Selection;

/// Why a target is left out of a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Its last sync completed: there is nothing to mend.
    Settled,
    /// A sync of it runs now.
    Running,
    /// A sync of it is queued already.
    Queued,
    /// The deletion guard waits for a decision.
    NeedsConfirmation,
    TargetDisabled,
    RepositoryRemoved,
    InstanceNotActive,
    AccountNotActive,
    /// Whoever asks is no editor of its connector instance.
    NotPermitted,
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Settled => "its last sync completed",
            Self::Running => "a sync of it runs now",
            Self::Queued => "a sync of it is queued already",
            Self::NeedsConfirmation => "the deletion guard waits for a decision",
            Self::TargetDisabled => "the target is disabled",
            Self::RepositoryRemoved => "the installation may not see the repository any more",
            Self::InstanceNotActive => "its connector instance is not active",
            Self::AccountNotActive => "its account is suspended or disconnected",
            Self::NotPermitted => "it takes an editor of its connector instance",
        })
    }
}

impl LeftOut {
    /// Whether a target is left out, as it stands now, and why.
    pub(super) fn of(selection: &Selection, found: &RetryTarget) -> Option<Self> {
        let may = selection.edited.as_ref().is_none_or(|them| them.contains(&found.instance));
        Some(match found.status {
            _ if !may => Self::NotPermitted,
            TargetStatus::Disabled => Self::TargetDisabled,
            TargetStatus::RepositoryRemoved => Self::RepositoryRemoved,
            _ if found.instance_status != InstanceStatus::Active => Self::InstanceNotActive,
            _ if found.account_status != AccountStatus::Active => Self::AccountNotActive,
            TargetStatus::InstallationSuspended | TargetStatus::Disconnected => {
                Self::AccountNotActive
            }
            TargetStatus::NeedsConfirmation => Self::NeedsConfirmation,
            TargetStatus::Active | TargetStatus::BranchDeleted | TargetStatus::RepositoryGone => {
                match (found.running, found.queued, found.settled) {
                    (true, _, _) => Self::Running,
                    (_, true, _) => Self::Queued,
                    (_, _, true) => Self::Settled,
                    (false, false, false) => return None,
                }
            }
        })
    }
}
