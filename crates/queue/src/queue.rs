//! The queues, by name.

use std::fmt;

/// A queue of hints. One for each kind of work, so that a flood of one kind delays no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Events to route.
    Events,
    /// Targets to reconcile.
    Syncs,
    /// Deliveries to send.
    Deliveries,
}

impl Queue {
    /// Every queue, in the order of declaration.
    pub const ALL: &[Self] = &[Self::Events, Self::Syncs, Self::Deliveries];

    /// The queue's one spelling: in settings, in metrics, as routing key, and in the broker after the prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Syncs => "syncs",
            Self::Deliveries => "deliveries",
        }
    }

    /// The queue that `routing_key` leads to.
    pub(crate) fn from_routing_key(routing_key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|queue| queue.as_str() == routing_key)
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a settings reader says about a queue that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such queue; there are events, syncs and deliveries")]
pub struct UnknownQueue;

impl std::str::FromStr for Queue {
    type Err = UnknownQueue;

    fn from_str(name: &str) -> Result<Self, UnknownQueue> {
        Self::from_routing_key(name).ok_or(UnknownQueue)
    }
}

/// Where a consumer reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feed {
    /// Hints to work on.
    Work(Queue),
    /// Messages that were delivered too often, or refused: the dead-letter queue.
    Dead,
}

impl Feed {
    /// The feed's name in metrics, in logs, and in the broker after the prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Work(queue) => queue.as_str(),
            Self::Dead => "dead",
        }
    }
}

impl From<Queue> for Feed {
    fn from(queue: Queue) -> Self {
        Self::Work(queue)
    }
}
