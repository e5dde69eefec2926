//! The files at a branch's head, a page at a time.

use hookyard_domain::ids::TargetId;
use hookyard_github::TreeEntry;
use hookyard_store::paging::Page;
use serde::Serialize;
use utoipa::ToSchema;

use crate::operations::github::{Branch, GitHubAccess};
use crate::operations::mappings::kind;
use crate::operations::{OperationError, targets};

/// The most files of one page.
pub const TREE_ITEMS_MAX: u16 = 500;

/// A file at the head of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TreeFile {
    pub path: String,
    /// `file`, `symlink` or `submodule`.
    pub kind: &'static str,
    pub bytes: u64,
    pub sha: String,
}

/// The files whose paths begin with `prefix`, by path, after the `cursor`: at most `items_max`.
pub async fn tree(
    github: &GitHubAccess,
    id: TargetId,
    prefix: &str,
    (cursor, items_max): (Option<&str>, u16),
) -> Result<Page<TreeFile, String>, OperationError> {
    let conn = github.store().conn().await?;
    let target = targets::require(&conn, id).await?;
    let branch = Branch::of(&conn, &target).await?;
    drop(conn);
    let session = github.session(branch.installation_id).await?;
    let head = github.head(&session, &branch).await?;
    Ok(page(&head.files, prefix, cursor, items_max.clamp(1, TREE_ITEMS_MAX)))
}

fn page(
    files: &[TreeEntry],
    prefix: &str,
    cursor: Option<&str>,
    items_max: u16,
) -> Page<TreeFile, String> {
    let prefix = prefix.trim_start_matches('/');
    let first = files.partition_point(|it| &*it.path < prefix);
    let first = first.max(files.partition_point(|it| cursor.is_some_and(|last| &*it.path <= last)));
    let rest = files.iter().skip(first).take_while(|it| it.path.starts_with(prefix));
    let mut rest = rest.peekable();
    let items: Vec<TreeFile> = rest.by_ref().take(usize::from(items_max)).map(shown).collect();
    let more = rest.peek().is_some();
    let next_cursor = items.last().filter(|_| more).map(|it| it.path.clone());
    Page { items, next_cursor }
}

fn shown(entry: &TreeEntry) -> TreeFile {
    TreeFile {
        path: entry.path.clone(),
        kind: kind(entry.mode),
        bytes: entry.size,
        sha: entry.sha.to_string(),
    }
}
