//! What a change of an installation or a repository does: one arm for each row of the event table.

use hookyard_domain::github_event::{Lifecycle, RepositoryName};
use hookyard_domain::ids::{EventId, TargetId};
use hookyard_domain::sync_event::SyncTrigger;
use hookyard_domain::target::{AccountStatus, TargetStatus};
use hookyard_store::lifecycle::{
    Reach, queue_unless_pending, rename, set_accounts, set_archived, set_default_branch,
    set_targets, targets_of,
};
use hookyard_store::{StoreError, Tx, sync_events};

/// The states from which a repository that went away takes its target.
const PRESENT: &[TargetStatus] = &[
    TargetStatus::Active,
    TargetStatus::BranchDeleted,
    TargetStatus::RepositoryGone,
    TargetStatus::NeedsConfirmation,
];
/// The states that end when the repository is within reach again.
const AWAY: &[TargetStatus] = &[TargetStatus::RepositoryRemoved, TargetStatus::RepositoryGone];

/// One change, applied in the event's transaction.
struct Change<'a, 'tx> {
    tx: &'a Tx<'tx>,
    event: EventId,
    reach: Reach,
}

/// Applies a change to everything that is tracked within reach.
pub(super) async fn apply(
    tx: &Tx<'_>,
    event: EventId,
    reach: Reach,
    change: &Lifecycle,
) -> Result<(), StoreError> {
    let it = Change { tx, event, reach };
    match change {
        Lifecycle::InstallationDeleted => {
            it.move_accounts(
                &[AccountStatus::Active, AccountStatus::Suspended],
                AccountStatus::Disconnected,
            )
            .await
        }
        Lifecycle::InstallationSuspended => {
            it.move_accounts(&[AccountStatus::Active], AccountStatus::Suspended).await
        }
        Lifecycle::InstallationUnsuspended => {
            it.move_accounts(&[AccountStatus::Suspended], AccountStatus::Active).await?;
            it.sync(&it.targets(None).await?, SyncTrigger::Connected).await
        }
        Lifecycle::RepositoriesAdded(repositories) => it.added(repositories).await,
        Lifecycle::RepositoriesRemoved(repositories) => it.removed(repositories).await,
        Lifecycle::RepositoryRenamed { repository, from } => {
            let from = from.as_deref().unwrap_or("another name");
            it.renamed(repository, &format!("renamed from {from} to {}", repository.full_name))
                .await
        }
        Lifecycle::RepositoryTransferred { repository } => {
            it.renamed(repository, &format!("transferred to {}", repository.full_name)).await
        }
        Lifecycle::RepositoryArchived { repository, archived } => {
            let targets = it.targets_of(repository).await?;
            set_archived(tx, &targets, *archived).await?;
            it.record(
                &targets,
                SyncTrigger::Repository,
                if *archived { "archived" } else { "unarchived" },
            )
            .await
        }
        Lifecycle::RepositoryDeleted { repository } => {
            let targets = it.targets_of(repository).await?;
            let gone =
                set_targets(tx, &targets, event, PRESENT, TargetStatus::RepositoryGone).await?;
            it.record(&gone, SyncTrigger::Repository, "deleted").await
        }
        Lifecycle::DefaultBranchChanged { repository, branch } => {
            let targets = it.targets_of(repository).await?;
            set_default_branch(tx, &targets, branch.as_deref()).await?;
            let what = format!("default branch is now {}", branch.as_deref().unwrap_or("unknown"));
            it.record(&targets, SyncTrigger::Repository, &what).await
        }
    }
}

impl Change<'_, '_> {
    async fn added(&self, repositories: &[RepositoryName]) -> Result<(), StoreError> {
        let targets = self.targets(Some(repositories)).await?;
        let back = set_targets(self.tx, &targets, self.event, AWAY, TargetStatus::Active).await?;
        self.record(&back, SyncTrigger::InstallationRepositories, "added to the installation")
            .await?;
        self.sync(&back, SyncTrigger::Connected).await
    }

    async fn removed(&self, repositories: &[RepositoryName]) -> Result<(), StoreError> {
        if repositories.is_empty() {
            // GitHub names none when the selection changes from all to some: each target finds out for itself.
            return self.sync(&self.targets(None).await?, SyncTrigger::ManualResync).await;
        }
        let targets = self.targets(Some(repositories)).await?;
        let gone =
            set_targets(self.tx, &targets, self.event, PRESENT, TargetStatus::RepositoryRemoved)
                .await?;
        self.record(&gone, SyncTrigger::InstallationRepositories, "removed from the installation")
            .await
    }

    async fn renamed(&self, repository: &RepositoryName, what: &str) -> Result<(), StoreError> {
        let targets = self.targets_of(repository).await?;
        let renamed = rename(self.tx, &targets, &repository.full_name).await?;
        self.record(&renamed, SyncTrigger::Repository, what).await?;
        self.sync(&renamed, SyncTrigger::ManualResync).await
    }

    async fn move_accounts(
        &self,
        from: &[AccountStatus],
        to: AccountStatus,
    ) -> Result<(), StoreError> {
        set_accounts(self.tx, &self.reach, self.event, from, to).await
    }

    async fn targets(
        &self,
        repositories: Option<&[RepositoryName]>,
    ) -> Result<Vec<TargetId>, StoreError> {
        targets_of(self.tx, &self.reach, repositories).await
    }

    async fn targets_of(&self, repository: &RepositoryName) -> Result<Vec<TargetId>, StoreError> {
        self.targets(Some(std::slice::from_ref(repository))).await
    }

    async fn record(
        &self,
        targets: &[TargetId],
        trigger: SyncTrigger,
        what: &str,
    ) -> Result<(), StoreError> {
        sync_events::record(self.tx, targets, trigger, self.event, what).await
    }

    async fn sync(&self, targets: &[TargetId], trigger: SyncTrigger) -> Result<(), StoreError> {
        queue_unless_pending(self.tx, targets, trigger, self.event).await
    }
}
