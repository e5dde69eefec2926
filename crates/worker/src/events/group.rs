//! Doing what leased events ask for: all in one transaction, in the order of arrival.

use std::collections::BTreeSet;

use hookyard_domain::event::EventOutcome;
use hookyard_domain::github_event::{Disposition, Ignored, Lifecycle};
use hookyard_domain::ids::{DeliveryId, EventId, WorkspaceId};
use hookyard_domain::system_event::NO_SUBSCRIBER;
use hookyard_store::events::{self, Ending, Routable};
use hookyard_store::jobs::Lease;
use hookyard_store::lifecycle::{
    Busy, Owner, Reach, Wanted, lock_targets, owners_of, set_accounts,
};
use hookyard_store::{Store, StoreError, Tx, sync_events};

use super::fan_out::{Filters, Reached, fan_out};
use super::lifecycle::{Targets, account_move, wanted};

/// Why an event came to nothing: subscriptions want its type, and the filter of each refused it.
const FILTERED: &str = "filtered";

/// What a leased event asks for.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) lease: Lease,
    pub(super) routable: Routable,
    pub(super) disposition: Disposition,
}

/// What became of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Acted {
    /// So many events are done; the others were somebody else's by now.
    Done { events: usize, syncs_queued: bool, deliveries: Vec<DeliveryId> },
    /// Nothing is done: somebody else is at one of the targets.
    Busy,
}

impl Action {
    /// Whether it is done alone: a push that is done again asks the tables what earlier events have changed.
    pub(super) fn is_alone(&self) -> bool {
        self.lease.again && matches!(self.disposition, Disposition::Push(_))
    }

    pub(super) fn event(&self) -> EventId {
        EventId(self.lease.subject)
    }

    fn reach(&self) -> Option<Reach> {
        match &self.disposition {
            Disposition::Push(push) => Some(self.reach_of(push.installation_id)),
            Disposition::Lifecycle { installation_id, .. } => Some(self.reach_of(*installation_id)),
            // Nothing is done about it, but subscribers may want it.
            Disposition::Ignored(_) => self.routable.installation_id.map(|id| self.reach_of(id)),
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
        Reach { installation_id, workspace: self.routable.workspace }
    }
}

/// Does what events ask for and ends their jobs, all or nothing.
pub(super) async fn act(
    store: &Store,
    filters: &Filters,
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
    events::record_concerned(&tx, &noted.endings).await?;
    let fanned_out = fan_out(&tx, &held, filters).await?;
    for ending in &mut noted.endings {
        heed_subscribers(ending, fanned_out.reached.get(&ending.event).copied());
    }
    events::record_endings(&tx, &noted.endings).await?;
    tx.commit().await?;
    Ok(Acted::Done {
        events: held.len(),
        syncs_queued: noted.syncs_queued,
        deliveries: fanned_out.ready,
    })
}

/// Decides what becomes of an event that no handler wanted, by how far it got towards subscribers.
fn heed_subscribers(ending: &mut Ending, reached: Option<Reached>) {
    let unhandled = Ignored::NotHandled.as_str();
    match reached {
        Some(Reached::Owed) => (ending.outcome, ending.reason) = (None, None),
        Some(Reached::Filtered) if ending.reason == Some(unhandled) => {
            ending.reason = Some(FILTERED);
        }
        // Nobody has subscribed to its type since it was recorded, or any more.
        None if ending.reason == Some(unhandled) => ending.reason = Some(NO_SUBSCRIBER),
        Some(Reached::Filtered) | None => {}
    }
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
                sync_events::queue_for_push(tx, action.event(), action.routable.workspace, push)
                    .await?;
            if queued.is_empty() {
                Some(Ignored::NotTracked)
            } else {
                noted.syncs_queued = true;
                workspaces = queued.into_iter().collect();
                None
            }
        }
    };
    workspaces.extend(action.routable.workspace);
    noted.endings.push(Ending {
        event: action.event(),
        outcome: ignored.map(|_| EventOutcome::Ignored),
        reason: ignored.map(Ignored::as_str),
        workspaces,
    });
    Ok(())
}
