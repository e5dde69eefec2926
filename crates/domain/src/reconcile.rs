//! What a reconciliation has to do: the tree at a commit against what is bound.
//!
//! Pure: the caller reads the tree and the bindings, and carries out the plan.

use std::collections::HashMap;

use crate::config_object::ObjectType;
use crate::ids::ConfigObjectId;
use crate::selector::Selector;
use crate::sync_event::FileReason;

/// What kind of entry a tree has at a path. Folders are not entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Symlink,
    Submodule,
}

/// One entry of a repository's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    pub path: String,
    pub kind: EntryKind,
    pub sha: String,
    /// The file's length, where the tree tells it.
    pub bytes: Option<u64>,
}

/// A selector of a target, with the type that its files become.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub selector: Selector,
    pub object_type: ObjectType,
}

/// What a path of the target stands for today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub path: String,
    pub object: ConfigObjectId,
    pub object_type: ObjectType,
    pub blob_sha: String,
    pub parser_version: u32,
}

/// The limits of one reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest file that is brought in, in bytes.
    pub file_bytes_max: u64,
    /// The most files that the mappings of one target may select.
    pub files_max: usize,
    /// Deletions up to this number pass the deletion guard.
    pub guard_deletions: usize,
    /// Deletions up to this share of the bound files, in percent, pass the deletion guard.
    pub guard_percent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 1024 * 1024,
            files_max: 50_000,
            guard_deletions: 20,
            guard_percent: 50,
        }
    }
}

/// A file whose content must be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub path: String,
    pub sha: String,
    pub object_type: ObjectType,
    /// The object that gets a new version; none makes a new object.
    pub object: Option<ConfigObjectId>,
}

/// A binding whose path is gone, or has become another kind of thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    pub path: String,
    pub object: ConfigObjectId,
}

/// A file that is left alone, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    pub path: String,
    pub sha: String,
    pub reason: FileReason,
}

/// What is to be done so that the target equals the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// New or changed files, in path order.
    pub wanted: Vec<Wanted>,
    /// Objects to delete, in path order.
    pub gone: Vec<Gone>,
    /// Symbolic links and submodules.
    pub skipped: Vec<LeftAlone>,
    /// Files known to fail before they are read.
    pub failed: Vec<LeftAlone>,
    /// How many files are bound at this very content.
    pub unchanged: usize,
}

/// The mappings select more files than a target may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the mappings select {selected} files, more than the limit of {files_max}; narrow the selectors or raise the limit"
)]
pub struct TooManyFiles {
    pub selected: usize,
    pub files_max: usize,
}

/// Compares a tree with what is bound. The first mapping that selects a path decides its type.
pub fn plan(
    tree: &[TreeEntry],
    mappings: &[Mapping],
    bindings: Vec<Binding>,
    parser_version: u32,
    limits: &Limits,
) -> Result<Plan, TooManyFiles> {
    let mut bound: HashMap<String, Binding> =
        bindings.into_iter().map(|binding| (binding.path.clone(), binding)).collect();
    let mut plan = Plan::default();
    let mut selected = 0;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for entry in tree {
        let Some(mapping) = mappings.iter().find(|mapping| mapping.selector.matches(&entry.path))
        else {
            continue;
        };
        // Git's paths are bytes: two that are no UTF-8 can become the same text. The first one stands for it.
        let times = seen.entry(&entry.path).or_default();
        *times += 1;
        if *times > 1 {
            if *times == 2 {
                plan.failed.push(left_alone(entry, FileReason::DuplicatePath));
            }
            continue;
        }
        selected += 1;
        place(&mut plan, entry, mapping.object_type, &mut bound, parser_version, limits);
    }
    if selected > limits.files_max {
        return Err(TooManyFiles { selected, files_max: limits.files_max });
    }
    plan.gone.extend(bound.into_values().map(|it| Gone { path: it.path, object: it.object }));
    plan.gone.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    plan.wanted.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(plan)
}

fn place(
    plan: &mut Plan,
    entry: &TreeEntry,
    object_type: ObjectType,
    bound: &mut HashMap<String, Binding>,
    parser_version: u32,
    limits: &Limits,
) {
    match entry.kind {
        EntryKind::Symlink => return plan.skipped.push(left_alone(entry, FileReason::Symlink)),
        EntryKind::Submodule => return plan.skipped.push(left_alone(entry, FileReason::Submodule)),
        EntryKind::File => {}
    }
    let binding = bound.remove(&entry.path);
    if entry.bytes.is_some_and(|bytes| bytes > limits.file_bytes_max) {
        // What was bound before stays: a bad file is recorded, not a reason to delete.
        return plan.failed.push(left_alone(entry, FileReason::TooLarge));
    }
    let object = match binding {
        Some(it) if it.object_type != object_type => {
            plan.gone.push(Gone { path: it.path, object: it.object });
            None
        }
        Some(it) if it.blob_sha == entry.sha && it.parser_version == parser_version => {
            plan.unchanged += 1;
            return;
        }
        Some(it) => Some(it.object),
        None => None,
    };
    plan.wanted.push(Wanted {
        path: entry.path.clone(),
        sha: entry.sha.clone(),
        object_type,
        object,
    });
}

fn left_alone(entry: &TreeEntry, reason: FileReason) -> LeftAlone {
    LeftAlone { path: entry.path.clone(), sha: entry.sha.clone(), reason }
}

/// Whether so many deletions need an operator's word: more than the share and more than the number.
pub fn guarded(deletions: usize, bound: usize, limits: &Limits) -> bool {
    deletions > limits.guard_deletions
        && deletions.saturating_mul(100) > bound.saturating_mul(limits.guard_percent)
}

#[cfg(test)]
mod tests;
