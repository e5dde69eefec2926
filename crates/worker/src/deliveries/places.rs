//! Places: how many deliveries are under way at once, and how workspaces share them.
//!
//! A workspace may start another delivery while it has fewer under way than places are free. One alone gets half of
//! all, two a third each, and a newcomer always finds a place: however slow the receivers of some are, and however
//! much waits for them, the others' deliveries leave at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hookyard_domain::ids::WorkspaceId;
use metrics::gauge;
use tokio::sync::Notify;

/// The places of one process.
#[derive(Debug)]
pub(super) struct Places {
    total: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_workspace: HashMap<WorkspaceId, usize>,
}

/// One delivery under way. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    workspace: WorkspaceId,
}

impl Places {
    pub(super) fn new(total: usize) -> Arc<Self> {
        Arc::new(Self { total, taken: Mutex::default(), freed: Notify::new() })
    }

    /// A place for a delivery of this workspace, if it may have another.
    pub(super) fn take(self: &Arc<Self>, workspace: WorkspaceId) -> Option<Place> {
        let mut taken = self.lock();
        let free = self.total.saturating_sub(taken.all);
        let own = taken.by_workspace.entry(workspace).or_default();
        if *own >= free {
            return None;
        }
        *own += 1;
        taken.all += 1;
        Some(Place { places: Arc::clone(self), workspace })
    }

    /// How many deliveries are under way.
    pub(super) fn taken(&self) -> usize {
        self.lock().all
    }

    /// How many places are free.
    pub(super) fn free(&self) -> usize {
        self.total.saturating_sub(self.taken())
    }

    /// How many more places this workspace may take now.
    pub(super) fn room_of(&self, workspace: WorkspaceId) -> usize {
        let taken = self.lock();
        let own = taken.by_workspace.get(&workspace).copied().unwrap_or_default();
        room(self.total, taken.all, own)
    }

    /// Waits until even the busiest workspace may take so many more; or for as long as `patience` lasts.
    pub(super) async fn wait_for_room(&self, wanted: usize, patience: Duration) {
        let roomy = async {
            loop {
                let freed = self.freed.notified();
                if self.room_of_busiest() >= wanted {
                    return;
                }
                freed.await;
            }
        };
        // Running out of patience is no failure: what finds no place waits in the table.
        drop(tokio::time::timeout(patience, roomy).await);
    }

    /// How many deliveries are worth leasing at once.
    pub(super) fn batch(&self, most: usize) -> usize {
        /// The share of all places that one statement fills.
        const SHARE: usize = 4;
        most.min(self.total / SHARE).max(1)
    }

    /// Tells the metrics how many deliveries are under way.
    pub(super) fn observe(&self) {
        let under_way = u32::try_from(self.taken()).unwrap_or(u32::MAX);
        gauge!("hookyard_worker_deliveries_under_way").set(under_way);
    }

    fn room_of_busiest(&self) -> usize {
        let taken = self.lock();
        let most = taken.by_workspace.values().copied().max().unwrap_or_default();
        room(self.total, taken.all, most)
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often `own` can grow by one while it is less than what is free.
fn room(total: usize, taken: usize, own: usize) -> usize {
    total.saturating_sub(taken).saturating_sub(own).div_ceil(2)
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Some(own) = taken.by_workspace.get_mut(&self.workspace) {
            *own -= 1;
            if *own == 0 {
                taken.by_workspace.remove(&self.workspace);
            }
        }
        drop(taken);
        self.places.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn take_all(places: &Arc<Places>, workspace: u128) -> Vec<Place> {
        let workspace = WorkspaceId(Uuid::from_u128(workspace));
        let room = places.room_of(workspace);
        let taken: Vec<Place> = std::iter::from_fn(|| places.take(workspace)).collect();
        assert_eq!(taken.len(), room, "it was told before how many it would get");
        taken
    }

    #[test]
    fn a_newcomer_always_finds_a_place() {
        let places = Places::new(64);
        let mut held = Vec::new();
        for (workspace, expected) in [(1, 32), (2, 16), (3, 8), (4, 4), (5, 2), (6, 1)] {
            let taken = take_all(&places, workspace);
            assert_eq!(taken.len(), expected, "workspace {workspace}");
            held.push(taken);
        }
        held.remove(0);
        assert_eq!(take_all(&places, 7).len(), 17, "what one gives back is there for the others");
    }

    #[tokio::test]
    async fn room_is_waited_for() {
        let places = Places::new(8);
        let held = take_all(&places, 1);
        let waiting = places.wait_for_room(2, Duration::from_mins(1));
        let freeing = async { drop(held) };
        tokio::join!(waiting, freeing);
        assert_eq!(places.room_of_busiest(), 4);
    }
}
