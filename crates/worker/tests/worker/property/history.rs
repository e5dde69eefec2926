//! What people do to a branch.

use std::collections::{BTreeMap, BTreeSet};

use hookyard_testkit::gateway::Gateway;
use hookyard_testkit::git::GitRepo;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;

/// Few names, so that paths come back.
const NAMES: u32 = 14;

pub(super) type Files = BTreeMap<String, String>;

/// Something that happens to the branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Add,
    Change,
    Rename,
    Delete,
    DeleteAll,
    Revert,
    ForcePush,
    DeleteBranch,
}

/// Mostly small changes.
const STEPS: [Step; 14] = [
    Step::Add,
    Step::Add,
    Step::Add,
    Step::Change,
    Step::Change,
    Step::Change,
    Step::Rename,
    Step::Rename,
    Step::Delete,
    Step::Delete,
    Step::DeleteAll,
    Step::Revert,
    Step::ForcePush,
    Step::DeleteBranch,
];

/// Every commit so far, and where the branch is.
pub(super) struct History {
    commits: Vec<(String, Files)>,
    /// Nothing while the branch is absent.
    head: Option<usize>,
    moves: BTreeSet<(Option<usize>, Option<usize>)>,
    last: Step,
}

pub(super) fn first_files() -> Files {
    (0..6).map(|n| (path(n), format!("# {n}\n"))).collect()
}

pub(super) fn stage(repo: &mut GitRepo, files: &Files) {
    for (path, content) in files {
        repo.write(path, content.as_str());
    }
}

fn path(n: u32) -> String {
    let folder = ["skills", "agents", "commands", "docs"][(n % 4) as usize];
    format!("{folder}/{n} of {NAMES}.md")
}

impl History {
    pub(super) fn new(head: String, files: Files) -> Self {
        Self {
            commits: vec![(head, files)],
            head: Some(0),
            moves: BTreeSet::new(),
            last: Step::Add,
        }
    }

    pub(super) fn last_step(&self) -> Step {
        self.last
    }

    /// Does something; the commit that the branch points at from now on.
    pub(super) fn step(&mut self, random: &mut StdRng, gateway: &Gateway) -> Option<String> {
        let step = STEPS[random.random_range(0..STEPS.len())];
        let to = match step {
            // The branch comes back, at any commit.
            _ if self.head.is_none() => Some(random.random_range(0..self.commits.len())),
            Step::DeleteBranch => None,
            Step::ForcePush => Some(random.random_range(0..self.commits.len())),
            Step::Add
            | Step::Change
            | Step::Rename
            | Step::Delete
            | Step::DeleteAll
            | Step::Revert => Some(self.commit(step, random, gateway)),
        };
        self.last = step;
        let to =
            if self.is_new_move(to) { to } else { Some(self.commit(Step::Add, random, gateway)) };
        self.moves.insert((self.head, to));
        self.head = to;
        to.map(|n| self.commits[n].0.clone())
    }

    /// Whether no push said the same before; of pushes to where the branch is nobody would hear.
    fn is_new_move(&self, to: Option<usize>) -> bool {
        to != self.head && !self.moves.contains(&(self.head, to))
    }

    fn commit(&mut self, step: Step, random: &mut StdRng, gateway: &Gateway) -> usize {
        let parent = self.head.unwrap_or(self.commits.len() - 1);
        let mut files = self.commits[parent].1.clone();
        self.change(step, &mut files, random);
        let (parent_sha, before) = &self.commits[parent];
        let mut repo = gateway.repo();
        repo.reset(parent_sha).unwrap();
        for path in before.keys().filter(|path| !files.contains_key(*path)) {
            repo.remove(path);
        }
        stage(&mut repo, &files);
        let sha = repo.commit(&format!("{step:?} {}", self.commits.len())).unwrap();
        self.commits.push((sha, files));
        self.commits.len() - 1
    }

    fn change(&self, step: Step, files: &mut Files, random: &mut StdRng) {
        let some = files.keys().choose(random).cloned();
        let content = format!("# {}\n", random.random_range(0..9));
        match (step, some) {
            (Step::Change, Some(path)) => drop(files.insert(path, content)),
            (Step::Rename, Some(old)) => {
                let content = files.remove(&old).unwrap_or(content);
                files.insert(path(random.random_range(0..NAMES)), content);
            }
            (Step::Delete, Some(path)) => drop(files.remove(&path)),
            (Step::DeleteAll, _) => files.clear(),
            (Step::Revert, _) => {
                files.clone_from(&self.commits[random.random_range(0..self.commits.len())].1);
            }
            _ => drop(files.insert(path(random.random_range(0..NAMES)), content)),
        }
    }
}
