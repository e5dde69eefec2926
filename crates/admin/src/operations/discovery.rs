//! What a target's repository offers at the head of its branch, and the mappings that bring the chosen plugins in.

mod apply;
mod tree;

use std::sync::Arc;

use std::collections::HashSet;

use hookyard_domain::discovery::{self, Classification, Discovery, Marketplace, Plugin};
use hookyard_domain::ids::{InstanceId, TargetId};
use hookyard_github::regular_files;
use hookyard_store::mappings;
use hookyard_store::paging::PageRequest;
use hookyard_store::{Db, targets as target_rows};
use serde::Serialize;
use utoipa::ToSchema;

use super::github::{Branch, GitHubAccess, Head, cut_off, refusal};
use super::{OperationError, targets};

pub use apply::{AppliedDiscovery, Apply, KEYS_MAX, apply};
pub use tree::{TREE_ITEMS_MAX, TreeFile, tree};

/// What a repository offers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveredRepository {
    pub target_id: TargetId,
    pub repository: String,
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// The commit that was looked at; to apply what was seen, and nothing newer, show it.
    pub head_sha: String,
    pub classification: Classification,
    /// What a marketplace says of itself.
    pub marketplace: Option<Marketplace>,
    pub tree_summary: TreeSummary,
    pub discovered_plugins: Vec<OfferedPlugin>,
    pub warnings: Vec<String>,
}

/// How the files were found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TreeSummary {
    pub scanned_entry_count: usize,
    /// `git-tree-recursive`, or `git-tree-walk` where GitHub's one answer would not have been whole.
    pub strategy: &'static str,
    /// Never: what GitHub cuts off is read folder by folder.
    pub truncated: bool,
}

/// A plugin, and whether it is brought in already.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferedPlugin {
    #[serde(flatten)]
    pub plugin: Plugin,
    /// Whether the target has all of its mappings.
    pub mapped: bool,
}

/// Looks at what a target's repository offers. Reads the tree and the manifests, and changes nothing.
pub async fn discover(
    github: &GitHubAccess,
    id: TargetId,
) -> Result<DiscoveredRepository, OperationError> {
    let conn = github.store().conn().await?;
    let target = targets::require(&conn, id).await?;
    let branch = Branch::of(&conn, &target).await?;
    let existing = mappings::in_order(&conn, id, mappings::MAPPINGS_MAX).await?;
    drop(conn);
    let (head, discovery) = look(github, &branch).await?;
    let Discovery { classification, marketplace, discovered_plugins, warnings } = discovery;
    let existing: HashSet<_> = existing.iter().map(|it| (&*it.selector, it.object_type)).collect();
    let offered = |plugin: Plugin| {
        let has =
            plugin.mappings.iter().all(|it| existing.contains(&(&*it.selector, it.object_type)));
        OfferedPlugin { mapped: has && !plugin.mappings.is_empty(), plugin }
    };
    Ok(DiscoveredRepository {
        target_id: id,
        repository: target.repository,
        git_ref: target.git_ref,
        head_sha: head.sha.to_string(),
        classification,
        marketplace,
        tree_summary: TreeSummary {
            scanned_entry_count: head.files.len(),
            strategy: if head.requests > 1 { "git-tree-walk" } else { "git-tree-recursive" },
            truncated: false,
        },
        discovered_plugins: discovered_plugins.into_iter().map(offered).collect(),
        warnings,
    })
}

/// The target of an instance that is meant: the one named, or the only one.
pub async fn target_of(
    db: &impl Db,
    instance: InstanceId,
    named: Option<TargetId>,
) -> Result<TargetId, OperationError> {
    if let Some(id) = named {
        let target = target_rows::by_id(db, id).await?.filter(|it| it.instance_id == instance);
        return target
            .map(|it| it.id)
            .ok_or_else(|| OperationError::not_found("connector target", &id));
    }
    let first = PageRequest::new(2, None).unwrap_or_else(|_| PageRequest::first());
    match &target_rows::list_of_instance(db, instance, first).await?.items[..] {
        [target] => Ok(target.id),
        [] => Err(OperationError::conflict(format!(
            "{instance} tracks no branch yet; add a target to it first"
        ))),
        _ => Err(OperationError::conflict(format!(
            "{instance} tracks several branches; say by `target` which one is meant"
        ))),
    }
}

/// What the branch offers at its head.
async fn look(github: &GitHubAccess, branch: &Branch) -> Result<(Head, Discovery), OperationError> {
    let session = github.session(branch.installation_id).await?;
    let head = github.head(&session, branch).await?;
    let manifests = session
        .manifests(&branch.repository, &head.files)
        .await
        .map_err(|error| refusal(&error))?;
    let files = Arc::clone(&head.files);
    let discovered = tokio::task::spawn_blocking(move || {
        discovery::discover(&regular_files(&files), &manifests)
    });
    Ok((head, discovered.await.map_err(|_| cut_off())?))
}
