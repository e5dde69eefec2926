//! How many bytes of large bodies are in memory at once.
//!
//! Bytes are charged as they arrive, not as they are declared. The first bytes of every body are free: they are
//! bounded by the number of connections, and so ordinary calls pass while large ones fill the budget. One
//! source or one peer can hold only a share of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::ids::SourceId;

/// Bytes of every body that are not charged.
pub(crate) const FREE_BYTES: usize = 64 * 1024;

/// The bytes that large bodies hold.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes_max: usize,
    share_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    by_source: HashMap<SourceId, usize>,
    by_peer: HashMap<IpAddr, usize>,
}

/// The bytes that one body holds; dropped, they are given back.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Arc<Budget>,
    source: SourceId,
    peer: IpAddr,
    charged: usize,
}

/// The budget, or the caller's share of it, is used up: try again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Budget {
    pub(crate) fn new(bytes_max: usize, share_percent: u8) -> Self {
        let share_max = bytes_max.saturating_mul(usize::from(share_percent)) / 100;
        Self { bytes_max, share_max, held: Mutex::default() }
    }

    /// A charge of nothing yet.
    pub(crate) fn charge(self: &Arc<Self>, source: SourceId, peer: IpAddr) -> Charge {
        Charge { budget: Arc::clone(self), source, peer, charged: 0 }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        // Every change of the counts is a single step: a panic elsewhere cannot leave them half done.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Charge {
    /// Charges for a body that has grown to `bytes`.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let wanted = bytes.saturating_sub(FREE_BYTES);
        let more = wanted.saturating_sub(self.charged);
        if more == 0 {
            return Ok(());
        }
        let budget = &self.budget;
        let mut held = budget.held();
        let of = |count: Option<&usize>| count.copied().unwrap_or(0) + more;
        if held.total + more > budget.bytes_max
            || of(held.by_source.get(&self.source)) > budget.share_max
            || of(held.by_peer.get(&self.peer)) > budget.share_max
        {
            return Err(Exhausted);
        }
        held.total += more;
        *held.by_source.entry(self.source).or_default() += more;
        *held.by_peer.entry(self.peer).or_default() += more;
        self.charged = wanted;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if self.charged == 0 {
            return;
        }
        let mut held = self.budget.held();
        held.total -= self.charged;
        give_back(&mut held.by_source, &self.source, self.charged);
        give_back(&mut held.by_peer, &self.peer, self.charged);
    }
}

fn give_back<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K, bytes: usize) {
    if let Some(count) = counts.get_mut(key) {
        *count -= bytes;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use uuid::Uuid;

    use super::*;

    const MIB: usize = 1024 * 1024;

    fn source(n: u128) -> SourceId {
        SourceId(Uuid::from_u128(n))
    }

    fn peer(n: u8) -> IpAddr {
        Ipv4Addr::new(127, 0, 0, n).into()
    }

    #[test]
    fn one_source_and_one_peer_can_hold_only_their_share() {
        let budget = Arc::new(Budget::new(10 * MIB, 50));
        let mut first = budget.charge(source(1), peer(1));
        first.grow_to(5 * MIB).unwrap();
        assert_eq!(budget.charge(source(1), peer(2)).grow_to(MIB), Err(Exhausted));
        assert_eq!(budget.charge(source(2), peer(1)).grow_to(MIB), Err(Exhausted));
        assert_eq!(budget.charge(source(2), peer(2)).grow_to(MIB), Ok(()));
    }

    #[test]
    fn ordinary_bodies_pass_while_the_budget_is_used_up() {
        let budget = Arc::new(Budget::new(MIB, 100));
        let mut large = budget.charge(source(1), peer(1));
        large.grow_to(MIB + FREE_BYTES).unwrap();
        assert_eq!(budget.charge(source(1), peer(1)).grow_to(FREE_BYTES), Ok(()));
        assert_eq!(budget.charge(source(1), peer(1)).grow_to(FREE_BYTES + 1), Err(Exhausted));
    }

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = Arc::new(Budget::new(MIB, 100));
        for _ in 0..3 {
            budget.charge(source(1), peer(1)).grow_to(MIB).unwrap();
        }
        let held = budget.held();
        assert!(held.total == 0 && held.by_peer.is_empty() && held.by_source.is_empty());
    }
}
