use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tracing::{info, warn};

use crate::Stop;

type Gates = BTreeMap<&'static str, State>;

#[derive(Debug, PartialEq, Eq)]
enum State {
    Open,
    /// With the reason.
    Closed(String),
}

/// Whether the process may take work: every gate is open and the process is not stopping.
///
/// Asking costs nothing and asks nobody: those who know open and close their gates as they learn.
#[derive(Debug, Clone)]
pub struct Readiness {
    gates: Arc<watch::Sender<Gates>>,
    stop: Stop,
}

/// One condition of [`Readiness`]. Closed, as `starting`, until it is set.
#[derive(Debug, Clone)]
pub struct Gate {
    name: &'static str,
    gates: Arc<watch::Sender<Gates>>,
}

/// A closed gate, and why it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub gate: &'static str,
    pub reason: String,
}

impl Readiness {
    /// Ready until a gate is added or the process stops.
    pub fn new(stop: Stop) -> Self {
        Self { gates: Arc::new(watch::Sender::new(Gates::new())), stop }
    }

    /// The gate of this name; asking again gives the same one.
    pub fn gate(&self, name: &'static str) -> Gate {
        self.gates.send_modify(|gates| {
            gates.entry(name).or_insert_with(|| State::Closed("starting".to_owned()));
        });
        Gate { name, gates: Arc::clone(&self.gates) }
    }

    /// Why the process may not take work; empty when it may.
    pub fn closed(&self) -> Vec<Closed> {
        let stopping = self
            .stop
            .is_stopping()
            .then(|| Closed { gate: "process", reason: "stopping".to_owned() });
        let gates = self.gates.borrow();
        let closed = gates.iter().filter_map(|(&gate, state)| match state {
            State::Open => None,
            State::Closed(reason) => Some(Closed { gate, reason: reason.clone() }),
        });
        stopping.into_iter().chain(closed).collect()
    }

    pub fn is_ready(&self) -> bool {
        self.closed().is_empty()
    }
}

impl Gate {
    /// Opens the gate, or closes it for the given reason. The reason is public: it holds no secret.
    ///
    /// Setting what is set already costs nothing and logs nothing.
    pub fn set(&self, ready: bool, reason: &str) {
        let state = if ready { State::Open } else { State::Closed(reason.to_owned()) };
        let changed = self.gates.send_if_modified(|gates| {
            let changed = gates.get(self.name) != Some(&state);
            if changed {
                gates.insert(self.name, state);
            }
            changed
        });
        match (changed, ready) {
            (true, true) => info!(gate = self.name, "{} is ready", self.name),
            (true, false) => warn!(gate = self.name, "{} is not ready: {reason}", self.name),
            (false, _) => {}
        }
    }
}
