//! Places: how many deliveries are under way at once, and how workspaces share them.
//!
//! A workspace may start another delivery while it has fewer under way than places are free. One alone gets half of
//! all, two a third each, and a newcomer always finds a place: however slow the receivers of some are, and however
//! much waits for them, the others' deliveries leave at once.
//!
//! The bytes of the events that are under way are shared in the same way: a workspace may start another delivery while
//! its own are fewer than what is free.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hookyard_domain::ids::WorkspaceId;
use metrics::gauge;
use tokio::sync::Notify;

/// The places of one process.
#[derive(Debug)]
pub(super) struct Places {
    total: usize,
    bytes_max: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    bytes: usize,
    by_workspace: HashMap<WorkspaceId, Own>,
    /// Workspaces whose last delivery was too long for the bytes that were free. Nothing more of them is worth leasing
    /// before some are free again.
    short: HashSet<WorkspaceId>,
    /// Leased and not started yet: about to take places.
    coming: Mix,
}

/// What one workspace has under way.
#[derive(Debug, Default, Clone, Copy)]
struct Own {
    places: usize,
    bytes: usize,
}

/// One delivery under way. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    workspace: WorkspaceId,
    /// What it takes of the places and of the bytes.
    own: Own,
}

/// How many deliveries of a batch are each workspace's.
#[derive(Debug, Default, Clone)]
pub(super) struct Mix {
    all: usize,
    by_workspace: HashMap<WorkspaceId, usize>,
}

/// Deliveries that are about to take their places. Dropped when they have, or have found none.
#[derive(Debug)]
pub(super) struct Coming {
    places: Arc<Places>,
    mix: Mix,
}

impl FromIterator<WorkspaceId> for Mix {
    fn from_iter<T: IntoIterator<Item = WorkspaceId>>(workspaces: T) -> Self {
        let mut mix = Self::default();
        for workspace in workspaces {
            mix.all += 1;
            *mix.by_workspace.entry(workspace).or_default() += 1;
        }
        mix
    }
}

impl Mix {
    fn of(&self, workspace: WorkspaceId) -> usize {
        self.by_workspace.get(&workspace).copied().unwrap_or_default()
    }

    fn add(&mut self, other: &Self) {
        self.all += other.all;
        for (workspace, count) in &other.by_workspace {
            *self.by_workspace.entry(*workspace).or_default() += count;
        }
    }

    fn subtract(&mut self, other: &Self) {
        self.all -= other.all;
        for (workspace, count) in &other.by_workspace {
            if let Some(own) = self.by_workspace.get_mut(workspace) {
                *own -= count;
                if *own == 0 {
                    self.by_workspace.remove(workspace);
                }
            }
        }
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.places.lock().coming.subtract(&self.mix);
        self.places.freed.notify_waiters();
    }
}

impl Places {
    pub(super) fn new(total: usize, bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { total, bytes_max, taken: Mutex::default(), freed: Notify::new() })
    }

    /// A place for a delivery of this workspace whose event takes so many bytes, if it may have another.
    pub(super) fn take(self: &Arc<Self>, workspace: WorkspaceId, bytes: usize) -> Option<Place> {
        self.take_some(workspace, Own { places: 1, bytes })
    }

    /// The bytes alone, for a delivery that waits for a turn of its own.
    pub(super) fn hold(self: &Arc<Self>, workspace: WorkspaceId, bytes: usize) -> Option<Place> {
        self.take_some(workspace, Own { places: 0, bytes })
    }

    fn take_some(self: &Arc<Self>, workspace: WorkspaceId, wanted: Own) -> Option<Place> {
        let mut taken = self.lock();
        let own = taken.own(workspace);
        if wanted.places > 0 && own.places >= self.total.saturating_sub(taken.all) {
            return None;
        }
        let free = self.bytes_max.saturating_sub(taken.bytes);
        // One that is longer than all that there is goes by itself.
        if taken.bytes > 0 && (own.bytes >= free || wanted.bytes > free) {
            taken.short.insert(workspace);
            return None;
        }
        let own = taken.by_workspace.entry(workspace).or_default();
        own.places += wanted.places;
        own.bytes += wanted.bytes;
        taken.all += wanted.places;
        taken.bytes += wanted.bytes;
        Some(Place { places: Arc::clone(self), workspace, own: wanted })
    }

    /// Lets those who wait for room know of deliveries that are about to take places.
    pub(super) fn announce(self: &Arc<Self>, mix: Mix) -> Coming {
        self.lock().coming.add(&mix);
        Coming { places: Arc::clone(self), mix }
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
        if taken.short.contains(&workspace) {
            return 0;
        }
        let own = taken.own(workspace);
        let places = room(self.total, taken.all, own.places);
        // Further ones are taken to be as long as those that are under way.
        let Some(length) = own.bytes.checked_div(own.places) else { return places };
        let bytes = room(self.bytes_max, taken.bytes, own.bytes);
        places.min(bytes.div_ceil(length.max(1)))
    }

    /// Waits until so many more find their places, should they be of the same workspaces as the last ones; or for as
    /// long as `patience` lasts.
    ///
    /// A workspace that holds many places without asking for more, because its receiver hangs, holds up nobody.
    pub(super) async fn wait_for_room(&self, wanted: usize, like: &Mix, patience: Duration) {
        let roomy = async {
            loop {
                let freed = self.freed.notified();
                if self.has_room(wanted, like) {
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

    /// Tells the metrics how many deliveries are under way, and the bytes of their events.
    pub(super) fn observe(&self) {
        let (taken, bytes) = {
            let taken = self.lock();
            (taken.all, taken.bytes)
        };
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        gauge!("hookyard_worker_deliveries_under_way").set(number(taken));
        gauge!("hookyard_worker_delivery_bytes_under_way").set(number(bytes));
    }

    fn has_room(&self, wanted: usize, like: &Mix) -> bool {
        let taken = self.lock();
        let all = taken.all + taken.coming.all + wanted;
        let Some(left) = self.total.checked_sub(all) else { return false };
        like.by_workspace.iter().all(|(workspace, count)| {
            let own = taken.own(*workspace).places;
            !taken.short.contains(workspace)
                && own + taken.coming.of(*workspace) + (count * wanted).div_ceil(like.all) <= left
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much `own` can grow, one by one, while it is less than what is free.
fn room(total: usize, taken: usize, own: usize) -> usize {
    total.saturating_sub(taken).saturating_sub(own).div_ceil(2)
}

impl Taken {
    fn own(&self, workspace: WorkspaceId) -> Own {
        self.by_workspace.get(&workspace).copied().unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= self.own.places;
        taken.bytes -= self.own.bytes;
        taken.short.clear();
        if let Some(own) = taken.by_workspace.get_mut(&self.workspace) {
            own.places -= self.own.places;
            own.bytes -= self.own.bytes;
            if own.places == 0 && own.bytes == 0 {
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

    const BYTES: usize = 1_000;

    fn take_all(places: &Arc<Places>, workspace: u128) -> Vec<Place> {
        let workspace = WorkspaceId(Uuid::from_u128(workspace));
        let room = places.room_of(workspace);
        let taken: Vec<Place> = std::iter::from_fn(|| places.take(workspace, 1)).collect();
        assert_eq!(taken.len(), room, "it was told before how many it would get");
        taken
    }

    #[test]
    fn a_newcomer_always_finds_a_place() {
        let places = Places::new(64, BYTES);
        let mut held = Vec::new();
        for (workspace, expected) in [(1, 32), (2, 16), (3, 8), (4, 4), (5, 2), (6, 1)] {
            let taken = take_all(&places, workspace);
            assert_eq!(taken.len(), expected, "workspace {workspace}");
            held.push(taken);
        }
        held.remove(0);
        assert_eq!(take_all(&places, 7).len(), 17, "what one gives back is there for the others");
    }

    fn workspace(n: u128) -> WorkspaceId {
        WorkspaceId(Uuid::from_u128(n))
    }

    #[tokio::test]
    async fn room_is_waited_for() {
        let places = Places::new(8, BYTES);
        let held = take_all(&places, 1);
        let like = Mix::from_iter([workspace(1)]);
        assert!(!places.has_room(2, &like));
        let waiting = places.wait_for_room(2, &like, Duration::from_mins(1));
        let freeing = async { drop(held) };
        tokio::join!(waiting, freeing);
        assert!(places.has_room(2, &like));
    }

    #[test]
    fn a_workspace_that_asks_for_nothing_holds_up_nobody() {
        let places = Places::new(64, BYTES);
        let _hanging: Vec<Place> = (0..16).filter_map(|_| places.take(workspace(1), 1)).collect();
        let others: Mix = (2..18).map(workspace).collect();
        assert!(places.has_room(32, &others), "16 are left, and two are enough for each");
        assert!(!places.has_room(32, &Mix::from_iter([workspace(1)])));
        assert!(!places.has_room(49, &others), "there are no more places than there are");
        let _busy: Vec<Place> = (0..9).filter_map(|_| places.take(workspace(2), 1)).collect();
        assert!(places.has_room(16, &others));
        let coming = places.announce((2..18).map(workspace).collect());
        assert!(!places.has_room(16, &others), "those that come are counted");
        drop(coming);
        assert!(places.has_room(16, &others));
        assert!(!places.has_room(16, &Mix::from_iter([workspace(2), workspace(2)])));
    }

    #[test]
    fn long_events_leave_bytes_for_others() {
        let places = Places::new(64, BYTES);
        let alone = places.take(workspace(1), 2 * BYTES).expect("the first goes, however long");
        assert!(places.take(workspace(2), 1).is_none());
        assert_eq!(places.room_of(workspace(2)), 0, "nothing is leased that would only go back");
        drop(alone);
        assert!(places.room_of(workspace(2)) > 0, "bytes are free again");
        let long: Vec<Place> =
            std::iter::from_fn(|| places.take(workspace(1), BYTES / 10)).collect();
        assert_eq!(long.len(), 5, "one workspace gets half");
        assert!(places.take(workspace(2), BYTES / 10).is_some());
        assert!(places.take(workspace(2), BYTES).is_none());
        assert!(!places.has_room(1, &Mix::from_iter([workspace(2)])));
        let waiting = places.hold(workspace(3), BYTES / 10).expect("bytes alone");
        assert_eq!(places.taken(), 5);
        drop((waiting, long));
        assert!(places.take(workspace(2), BYTES).is_some());
    }
}
