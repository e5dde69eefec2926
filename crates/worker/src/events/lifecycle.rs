//! What a change of an installation or a repository does: one arm for each row of the event table.
//!
//! Events are applied one after the other to targets in memory, which the transaction has locked. What came of all of
//! them is written at once.

use std::collections::BTreeSet;

use hookyard_domain::github_event::{Lifecycle, RepositoryName};
use hookyard_domain::ids::{EventId, TargetId};
use hookyard_domain::sync_event::SyncTrigger;
use hookyard_domain::target::{AccountStatus, TargetStatus};
use hookyard_store::lifecycle::{
    AskedSync, Reach, Target, Wanted, queue_unless_pending, write_targets,
};
use hookyard_store::sync_events::{self, Told};
use hookyard_store::{StoreError, Tx};

/// The states from which a repository that went away takes its target.
const PRESENT: &[TargetStatus] = &[
    TargetStatus::Active,
    TargetStatus::BranchDeleted,
    TargetStatus::RepositoryGone,
    TargetStatus::NeedsConfirmation,
];
/// The states that end when the repository is within reach again.
const AWAY: &[TargetStatus] = &[TargetStatus::RepositoryRemoved, TargetStatus::RepositoryGone];

/// How a change moves accounts: from one of these states to another.
pub(super) fn account_move(
    change: &Lifecycle,
) -> Option<(&'static [AccountStatus], AccountStatus)> {
    use AccountStatus::{Active, Disconnected, Suspended};
    match change {
        Lifecycle::InstallationDeleted => Some((&[Active, Suspended], Disconnected)),
        Lifecycle::InstallationSuspended => Some((&[Active], Suspended)),
        Lifecycle::InstallationUnsuspended => Some((&[Suspended], Active)),
        Lifecycle::RepositoriesAdded(_)
        | Lifecycle::RepositoriesRemoved(_)
        | Lifecycle::RepositoryRenamed { .. }
        | Lifecycle::RepositoryTransferred { .. }
        | Lifecycle::RepositoryArchived { .. }
        | Lifecycle::RepositoryDeleted { .. }
        | Lifecycle::DefaultBranchChanged { .. } => None,
    }
}

/// The targets that a change is about.
pub(super) fn wanted(reach: Reach, change: &Lifecycle) -> Vec<Wanted> {
    let all = || vec![Wanted { reach, repository_id: None }];
    let of = |list: &[RepositoryName]| {
        list.iter().map(|it| Wanted { reach, repository_id: Some(it.id) }).collect()
    };
    match change {
        Lifecycle::InstallationDeleted | Lifecycle::InstallationSuspended => Vec::new(),
        Lifecycle::InstallationUnsuspended => all(),
        Lifecycle::RepositoriesRemoved(list) if list.is_empty() => all(),
        Lifecycle::RepositoriesAdded(list) | Lifecycle::RepositoriesRemoved(list) => of(list),
        Lifecycle::RepositoryRenamed { repository, .. }
        | Lifecycle::RepositoryTransferred { repository }
        | Lifecycle::RepositoryArchived { repository, .. }
        | Lifecycle::RepositoryDeleted { repository }
        | Lifecycle::DefaultBranchChanged { repository, .. } => {
            of(std::slice::from_ref(repository))
        }
    }
}

/// Locked targets, as the events so far have left them.
#[derive(Debug)]
pub(super) struct Targets {
    all: Vec<Target>,
    changed: BTreeSet<TargetId>,
    told: Vec<Told>,
    asked: Vec<AskedSync>,
}

impl Targets {
    pub(super) fn new(locked: Vec<Target>) -> Self {
        Self { all: locked, changed: BTreeSet::new(), told: Vec::new(), asked: Vec::new() }
    }

    /// Applies a change to everything that is tracked within its reach.
    pub(super) fn apply(&mut self, event: EventId, reach: Reach, change: &Lifecycle) {
        let wanted = wanted(reach, change);
        // Out of the list while they change, so that what they lead to can be noted.
        let mut all = std::mem::take(&mut self.all);
        for target in all.iter_mut().filter(|it| is_wanted(&wanted, it)) {
            Change { event, noted: self }.apply(change, target);
        }
        self.all = all;
    }

    /// Writes what changed; whether syncs may have been queued.
    pub(super) async fn write(&self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        let changed: Vec<&Target> =
            self.all.iter().filter(|it| self.changed.contains(&it.id)).collect();
        if !changed.is_empty() {
            write_targets(tx, &changed).await?;
        }
        if !self.told.is_empty() {
            sync_events::record(tx, &self.told).await?;
        }
        if !self.asked.is_empty() {
            queue_unless_pending(tx, &self.asked).await?;
        }
        Ok(!self.asked.is_empty())
    }
}

fn is_wanted(wanted: &[Wanted], target: &Target) -> bool {
    wanted.iter().any(|it| {
        it.reach.covers(&target.owner)
            && it.repository_id.is_none_or(|repository| repository == target.repository_id)
    })
}

/// One event's change of one target.
struct Change<'a> {
    event: EventId,
    noted: &'a mut Targets,
}

impl Change<'_> {
    fn apply(&mut self, change: &Lifecycle, target: &mut Target) {
        use SyncTrigger::{Connected, InstallationRepositories, ManualResync, Repository};
        match change {
            // Only accounts move.
            Lifecycle::InstallationDeleted | Lifecycle::InstallationSuspended => {}
            Lifecycle::InstallationUnsuspended => self.sync(target, Connected),
            Lifecycle::RepositoriesAdded(_) => {
                if self.decide(target, AWAY, TargetStatus::Active) {
                    self.tell(target, InstallationRepositories, "added to the installation");
                    self.sync(target, Connected);
                }
            }
            // GitHub names none when the selection changes from all to some: each target finds out for itself.
            Lifecycle::RepositoriesRemoved(list) if list.is_empty() => {
                self.sync(target, ManualResync);
            }
            Lifecycle::RepositoriesRemoved(_) => {
                if self.decide(target, PRESENT, TargetStatus::RepositoryRemoved) {
                    self.tell(target, InstallationRepositories, "removed from the installation");
                }
            }
            Lifecycle::RepositoryRenamed { repository, from } => {
                let from = from.as_deref().unwrap_or("another name");
                let what = format!("renamed from {from} to {}", repository.full_name);
                self.rename(target, &repository.full_name, &what);
            }
            Lifecycle::RepositoryTransferred { repository } => {
                let what = format!("transferred to {}", repository.full_name);
                self.rename(target, &repository.full_name, &what);
            }
            Lifecycle::RepositoryArchived { archived, .. } => {
                target.archived = *archived;
                self.changed(target);
                self.tell(target, Repository, if *archived { "archived" } else { "unarchived" });
            }
            Lifecycle::RepositoryDeleted { .. } => {
                if self.decide(target, PRESENT, TargetStatus::RepositoryGone) {
                    self.tell(target, Repository, "deleted");
                }
            }
            Lifecycle::DefaultBranchChanged { branch, .. } => {
                target.default_branch.clone_from(branch);
                self.changed(target);
                let branch = branch.as_deref().unwrap_or("unknown");
                self.tell(target, Repository, &format!("default branch is now {branch}"));
            }
        }
    }

    /// Moves the target from one of these states to another, unless a later event decided already; whether it moved.
    fn decide(&mut self, target: &mut Target, from: &[TargetStatus], to: TargetStatus) -> bool {
        if target.decided_by.is_some_and(|later| later > self.event) {
            return false;
        }
        let moves = from.contains(&target.status);
        if moves {
            target.status = to;
        }
        target.decided_by = Some(self.event);
        self.changed(target);
        moves
    }

    fn rename(&mut self, target: &mut Target, full_name: &str, what: &str) {
        if target.repository != full_name {
            full_name.clone_into(&mut target.repository);
            self.changed(target);
            self.tell(target, SyncTrigger::Repository, what);
            self.sync(target, SyncTrigger::ManualResync);
        }
    }

    fn changed(&mut self, target: &Target) {
        self.noted.changed.insert(target.id);
    }

    fn tell(&mut self, target: &Target, trigger: SyncTrigger, what: &str) {
        self.noted.told.push(Told {
            target: target.id,
            trigger,
            event: self.event,
            repository: target.repository.clone(),
            what: what.to_owned(),
        });
    }

    fn sync(&mut self, target: &Target, trigger: SyncTrigger) {
        if !matches!(target.status, TargetStatus::Disabled | TargetStatus::RepositoryRemoved) {
            self.noted.asked.push(AskedSync { target: target.id, trigger, event: self.event });
        }
    }
}
