//! Doing what leased events ask for: all in one transaction, in the order of arrival.

use std::collections::BTreeSet;

use hookyard_domain::event::EventOutcome;
use hookyard_domain::github_event::{Disposition, Ignored, Lifecycle};
use hookyard_domain::ids::{EventId, WorkspaceId};
use hookyard_store::events::{self, Ending};
use hookyard_store::jobs::Lease;
use hookyard_store::lifecycle::{
    Busy, Owner, Reach, Wanted, lock_targets, owners_of, set_accounts,
};
use hookyard_store::{Store, StoreError, Tx, sync_events};

use super::lifecycle::{Targets, account_move, wanted};

/// What a leased event asks for.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) lease: Lease,
    /// The workspace whose own source took the event.
    pub(super) workspace: Option<WorkspaceId>,
    pub(super) disposition: Disposition,
}

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acted {
    /// So many events are done; the others were somebody else's by now.
    Done { events: usize, syncs_queued: bool },
    /// Nothing is done: somebody else is at one of the targets.
    Busy,
}

impl Action {
    /// Whether it is done alone: a push that is done again asks the tables what earlier events have changed.
    pub(super) fn is_alone(&self) -> bool {
        self.lease.again && matches!(self.disposition, Disposition::Push(_))
    }

    fn event(&self) -> EventId {
        EventId(self.lease.subject)
    }

    fn reach(&self) -> Option<Reach> {
        match &self.disposition {
            Disposition::Push(push) => Some(self.reach_of(push.installation_id)),
            Disposition::Lifecycle { installation_id, .. } => Some(self.reach_of(*installation_id)),
            Disposition::Ignored(_) => None,
        }
    }

    fn change(&self) -> Option<(Reach, &Lifecycle)> {
        match &self.disposition {
            Disposition::Lifecycle { installation_id, change } => {
                Some((self.reach_of(*installation_id), change))
            }
            Disposition::Push(_) | Disposition::Ignored(_) => None,
        }
    }

    fn reach_of(&self, installation_id: i64) -> Reach {
        Reach { installation_id, workspace: self.workspace }
    }
}

/// Does what events ask for and ends their jobs, all or nothing.
pub(super) async fn act(
    store: &Store,
    actions: &[Action],
    busy: Busy,
) -> Result<Acted, StoreError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let leases: Vec<Lease> = actions.iter().map(|it| it.lease).collect();
    let held = events::finish_jobs(&tx, &leases).await?;
    let held: Vec<&Action> = actions.iter().filter(|it| held.contains(&it.lease.subject)).collect();
    let reaches: BTreeSet<Reach> = held.iter().filter_map(|it| it.reach()).collect();
    let owners = if reaches.is_empty() {
        Vec::new()
    } else {
        owners_of(&tx, &reaches.iter().map(|it| it.installation_id).collect()).await?
    };
    // Accounts before targets: in that order whoever disconnects an account changes them.
    move_accounts(&tx, &held).await?;
    let Some(targets) = lock(&tx, &held, busy).await? else { return Ok(Acted::Busy) };
    let mut noted = Noted { targets, endings: Vec::new(), syncs_queued: false };
    for action in &held {
        end(&tx, action, &owners, &mut noted).await?;
    }
    noted.syncs_queued |= noted.targets.write(&tx).await?;
    events::record_endings(&tx, &noted.endings).await?;
    tx.commit().await?;
    Ok(Acted::Done { events: held.len(), syncs_queued: noted.syncs_queued })
}

/// What is written when all events of a group were looked at.
struct Noted {
    targets: Targets,
    endings: Vec<Ending>,
    syncs_queued: bool,
}

async fn move_accounts(tx: &Tx<'_>, actions: &[&Action]) -> Result<(), StoreError> {
    for action in actions {
        let Some((reach, change)) = action.change() else { continue };
        if let Some((from, to)) = account_move(change) {
            set_accounts(tx, &reach, action.event(), from, to).await?;
        }
    }
    Ok(())
}

async fn lock(tx: &Tx<'_>, actions: &[&Action], busy: Busy) -> Result<Option<Targets>, StoreError> {
    let changes = actions.iter().filter_map(|it| it.change());
    let all: BTreeSet<Wanted> = changes.flat_map(|(reach, change)| wanted(reach, change)).collect();
    let locked =
        if all.is_empty() { Some(Vec::new()) } else { lock_targets(tx, &all, busy).await? };
    Ok(locked.map(Targets::new))
}

/// Does what one event asks for; what comes of it for targets is only noted.
async fn end(
    tx: &Tx<'_>,
    action: &Action,
    owners: &[Owner],
    noted: &mut Noted,
) -> Result<(), StoreError> {
    let reach = action.reach();
    let covered = owners.iter().filter(|owner| reach.is_some_and(|it| it.covers(owner)));
    let mut workspaces: BTreeSet<WorkspaceId> = covered.map(|owner| owner.workspace).collect();
    let ignored = match &action.disposition {
        Disposition::Ignored(reason) => Some(*reason),
        Disposition::Lifecycle { .. } if workspaces.is_empty() => Some(Ignored::NotConnected),
        Disposition::Lifecycle { installation_id, change } => {
            noted.targets.apply(action.event(), action.reach_of(*installation_id), change);
            None
        }
        // Its syncs were queued when it was recorded.
        Disposition::Push(_) if !action.lease.again => None,
        Disposition::Push(push) => {
            let queued =
                sync_events::queue_for_push(tx, action.event(), action.workspace, push).await?;
            if queued.is_empty() {
                Some(Ignored::NotTracked)
            } else {
                noted.syncs_queued = true;
                workspaces = queued.into_iter().collect();
                None
            }
        }
    };
    workspaces.extend(action.workspace);
    noted.endings.push(Ending {
        event: action.event(),
        outcome: ignored.map(|_| EventOutcome::Ignored),
        reason: ignored.map(Ignored::as_str),
        workspaces,
    });
    Ok(())
}
