//! Lanes in turn: one of each workspace before the second of any.

use std::collections::{HashMap, VecDeque};

use hookyard_domain::ids::WorkspaceId;
use hookyard_store::delivery_jobs::Lane;

#[derive(Debug, Default)]
pub(super) struct Rotation {
    workspaces: VecDeque<WorkspaceId>,
    lanes: HashMap<WorkspaceId, VecDeque<Lane>>,
    count: usize,
}

impl Rotation {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Adds a lane that is not in it, behind all others of its workspace.
    pub(super) fn push(&mut self, lane: Lane) {
        let lanes = self.lanes.entry(lane.workspace).or_default();
        if lanes.is_empty() {
            self.workspaces.push_back(lane.workspace);
        }
        lanes.push_back(lane);
        self.count += 1;
    }

    /// Takes the next lane of the next workspace.
    pub(super) fn pop(&mut self) -> Option<Lane> {
        let workspace = self.workspaces.pop_front()?;
        let lanes = self.lanes.get_mut(&workspace)?;
        let lane = lanes.pop_front()?;
        self.count -= 1;
        if lanes.is_empty() {
            self.lanes.remove(&workspace);
        } else {
            self.workspaces.push_back(workspace);
        }
        Some(lane)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn workspaces_take_turns_and_so_do_their_lanes() {
        let lane = |workspace, receiver| Lane {
            workspace: WorkspaceId(Uuid::from_u128(workspace)),
            receiver: Uuid::from_u128(receiver),
        };
        let mut rotation = Rotation::default();
        for it in [lane(1, 1), lane(1, 2), lane(1, 3), lane(2, 4), lane(3, 5)] {
            rotation.push(it);
        }
        assert_eq!(rotation.len(), 5);
        let order: Vec<Lane> = std::iter::from_fn(|| rotation.pop()).collect();
        assert_eq!(order, [lane(1, 1), lane(2, 4), lane(3, 5), lane(1, 2), lane(1, 3)]);
        assert_eq!(rotation.len(), 0);
    }
}
