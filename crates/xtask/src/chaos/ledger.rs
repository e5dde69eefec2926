//! What was sent, and how each call was answered.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::mishap::Mishap;

/// What a call is about, which says what must have come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One sync event, unless it was redundant.
    Push,
    /// Exactly one sync event that tells of it.
    Lifecycle,
}

/// One call with all its tries.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) mishap: Mishap,
    pub(super) delivery_id: String,
    pub(super) kind: Kind,
    /// Tries that were answered, but not with 2xx, by their status; 0 stands for no answer at all.
    pub(super) refused: Vec<u16>,
    /// Whether it was answered 2xx in the end.
    pub(super) accepted: bool,
}

/// Every call so far.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Vec<Entry>>);

impl Ledger {
    pub(super) fn add(&self, entry: Entry) {
        self.entries().push(entry);
    }

    pub(super) fn of(&self, mishap: Mishap) -> Vec<Entry> {
        self.entries().iter().filter(|entry| entry.mishap == mishap).cloned().collect()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
