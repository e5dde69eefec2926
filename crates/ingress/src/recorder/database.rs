//! Whether the database can be reached: one committer with a connection is enough to record.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hookyard_process::Gate;

/// How many committers have a connection, and the gate that is open while any has.
#[derive(Debug)]
pub(super) struct Database {
    connections: Mutex<usize>,
    gate: Gate,
}

impl Database {
    pub(super) fn new(gate: Gate) -> Self {
        Self { connections: Mutex::new(0), gate }
    }

    /// A committer has a connection.
    pub(super) fn connected(&self) {
        let mut connections = self.connections();
        *connections += 1;
        self.gate.set(true, "");
    }

    /// A committer's connection is gone; it tries to get another one at once.
    pub(super) fn disconnected(&self) {
        *self.connections() -= 1;
    }

    /// A committer gets no connection.
    pub(super) fn unreachable(&self) {
        let connections = self.connections();
        if *connections == 0 {
            self.gate.set(false, "PostgreSQL cannot be reached");
        }
    }

    /// Held while the gate is set: otherwise a late failure could close what another committer has just opened.
    fn connections(&self) -> MutexGuard<'_, usize> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
