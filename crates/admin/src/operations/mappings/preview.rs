//! What a selector matches at the branch's head, before anything of it is saved. Reads the tree, and no file.

use std::collections::HashSet;

use hookyard_domain::ids::{MappingId, TargetId};
use hookyard_domain::selector::Selector;
use hookyard_github::{FileMode, TreeEntry};
use hookyard_store::mappings::{self, Mapping};
use hookyard_store::{StoreError, bindings};
use serde::Serialize;
use utoipa::ToSchema;

use crate::operations::github::{Branch, GitHubAccess, cut_off};
use crate::operations::{OperationError, targets};

/// The most files that a preview names; more are counted.
pub const PREVIEWED_MAX: usize = 200;

/// Which selector is tried.
#[derive(Debug, Clone)]
pub struct PreviewSelector {
    pub selector: Selector,
    /// The mapping that has it or is to have it; none: a new one, which comes after all others.
    pub mapping: Option<MappingId>,
}

/// What a selector matches.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    pub target_id: TargetId,
    pub repository: String,
    #[serde(rename = "ref")]
    pub git_ref: String,
    pub head_sha: String,
    pub selector: String,
    /// Files of the whole tree.
    pub files: usize,
    /// Those that the selector matches.
    pub matched: usize,
    /// Of these, those that no config object stands for yet.
    pub new: usize,
    /// Of these, those that a mapping before this one takes.
    pub taken: usize,
    /// The first of the matched ones, by path.
    pub items: Vec<PreviewedFile>,
}

/// A file that a selector matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewedFile {
    pub path: String,
    pub bytes: u64,
    /// Symbolic links and submodules are matched, and skipped.
    pub kind: &'static str,
    /// Whether a config object stands for it already.
    pub bound: bool,
    /// The mapping that takes it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<MappingId>,
}

/// Tries a selector on the tree at the head of a target's branch.
pub async fn preview(
    github: &GitHubAccess,
    id: TargetId,
    asked: PreviewSelector,
) -> Result<Preview, OperationError> {
    let conn = github.store().conn().await?;
    let target = targets::require(&conn, id).await?;
    let branch = Branch::of(&conn, &target).await?;
    let earlier =
        earlier(mappings::in_order(&conn, id, mappings::MAPPINGS_MAX).await?, asked.mapping)?;
    let bound = bindings::of_target(&conn, id).await?;
    drop(conn);
    let session = github.session(branch.installation_id).await?;
    let head = github.head(&session, &branch).await?;
    let files = head.files.len();
    let selector = asked.selector.clone();
    let bound: HashSet<String> = bound.into_iter().map(|it| it.path).collect();
    // A tree may have a million paths, which would stall the other work of the thread.
    let matched = tokio::task::spawn_blocking(move || {
        matched(&head.files, &asked.selector, &earlier, &bound)
    })
    .await;
    let mut items = matched.map_err(|_| cut_off())?;
    let count = |is: fn(&PreviewedFile) -> bool| items.iter().filter(|it| is(it)).count();
    let (new, taken) = (count(|it| !it.bound), count(|it| it.taken_by.is_some()));
    let matched = items.len();
    items.truncate(PREVIEWED_MAX);
    Ok(Preview {
        target_id: id,
        repository: target.repository,
        git_ref: target.git_ref,
        head_sha: head.sha.to_string(),
        selector: selector.as_str().to_owned(),
        files,
        matched,
        new,
        taken,
        items,
    })
}

/// The selectors that are asked before this one.
fn earlier(
    mappings: Vec<Mapping>,
    own: Option<MappingId>,
) -> Result<Vec<(MappingId, Selector)>, OperationError> {
    let before = mappings.into_iter().take_while(|it| Some(it.id) != own);
    let parsed = before.map(|it| Ok((it.id, it.selector.parse().map_err(StoreError::from)?)));
    parsed.collect()
}

fn matched(
    entries: &[TreeEntry],
    selector: &Selector,
    earlier: &[(MappingId, Selector)],
    bound: &HashSet<String>,
) -> Vec<PreviewedFile> {
    entries
        .iter()
        .filter(|entry| selector.matches(&entry.path))
        .map(|entry| PreviewedFile {
            path: entry.path.clone(),
            bytes: entry.size,
            kind: kind(entry.mode),
            bound: bound.contains(&entry.path),
            taken_by: earlier.iter().find(|(_, it)| it.matches(&entry.path)).map(|(id, _)| *id),
        })
        .collect()
}

pub(in crate::operations) const fn kind(mode: FileMode) -> &'static str {
    match mode {
        FileMode::File | FileMode::Executable => "file",
        FileMode::Symlink => "symlink",
        FileMode::Submodule => "submodule",
    }
}
