//! Targets in tables: where each stands, at which commit, and what was announced since.

use std::collections::HashMap;

use hookyard_domain::ids::TargetId;
use hookyard_domain::target::TargetStatus;
use hookyard_store::Conn;
use hookyard_store::targets::{self, Head, Target};
use maud::{Markup, html};

use super::lineage::target_path;
use crate::console::answer::Failure;
use crate::console::components::panel::{self, Column};
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{GITHUB_WEB, branch, commit, nothing, outside};
use crate::console::components::time::{ago, cell};
use crate::console::frame::Viewer;

const COLUMNS: [Column; 6] = [
    Column::text("State"),
    Column::text("Target"),
    Column::text("Applied"),
    Column::text("Announced"),
    Column::wide_only("Last sync"),
    Column::number("Applied, UTC"),
];

/// What is known of the branches of targets, by target.
pub(super) type Heads = HashMap<TargetId, Head>;

/// What is known of the branches of these targets.
pub(super) async fn heads(conn: &Conn, of: &[Target]) -> Result<Heads, Failure> {
    let ids: Vec<TargetId> = of.iter().map(|it| it.id).collect();
    let found = targets::heads(conn, &ids).await?;
    Ok(found.into_iter().map(|head| (head.target, head)).collect())
}

/// A table of targets.
pub(super) fn table(viewer: &Viewer, rows: &[&Target], heads: &Heads) -> Markup {
    panel::table(
        "as-cards",
        None,
        &COLUMNS,
        &html! { @for target in rows { (row(viewer, target, heads.get(&target.id))) } },
    )
}

fn row(viewer: &Viewer, target: &Target, head: Option<&Head>) -> Markup {
    let announced = head.and_then(|head| head.announced.as_ref());
    let last = head.and_then(|head| head.last.as_ref());
    html! {
        tr role="row" id=(target.id) {
            td.o1 role="cell" { (badge(target.status)) }
            td.wide.o3 role="cell" {
                a.rowlink href=(target_path(viewer, target.id, "")) { (outside(&target.repository)) }
                " " span.dim { "@ " (outside(branch(&target.git_ref))) }
                @if let Some(why) = cause(target.status) { span.sub.err { (why) } }
                @else if target.archived { span.sub { "archived on GitHub: nothing will change there" } }
            }
            td.o4 role="cell" { (applied(target)) }
            td.o5.none[announced.is_none()] role="cell" {
                @match announced {
                    None => (nothing()),
                    Some((sha, at)) => {
                        @if is_behind(target, head) {
                            (commit(GITHUB_WEB, &target.repository, sha))
                            span.sub { "not applied yet, " (ago(viewer.now, *at)) }
                        } @else { span.dim { "is applied" } }
                    }
                }
            }
            td.h-md.h-sm role="cell" {
                @match last {
                    None => (nothing()),
                    Some(last) => {
                        a href=(viewer.path(&format!("sync-events/{}", last.id))) {
                            (badge(Status::of_sync(last.status, None, viewer.now)))
                        }
                        span.sub { (ago(viewer.now, last.queued_at)) }
                    }
                }
            }
            td.num.o2 role="cell" {
                @match target.applied_at { Some(at) => (cell(viewer.now, at)), None => (nothing()) }
            }
        }
    }
}

/// The commit that a target's config objects stand at.
pub(super) fn applied(target: &Target) -> Markup {
    html! {
        @match &target.applied_sha {
            Some(sha) => {
                (commit(GITHUB_WEB, &target.repository, sha))
                @if has_newer_mappings(target) { span.sub { "before the mappings were changed" } }
            },
            None => (nothing()),
        }
    }
}

/// Whether mappings were changed since what is applied was read.
pub(super) fn has_newer_mappings(target: &Target) -> bool {
    target.applied_mapping_revision.is_some_and(|applied| applied < target.mapping_revision)
}

/// Whether a commit was announced that is not applied. What a resync found later than the announcement is newer.
pub(super) fn is_behind(target: &Target, head: Option<&Head>) -> bool {
    let Some((sha, at)) = head.and_then(|head| head.announced.as_ref()) else { return false };
    target.applied_sha.as_ref() != Some(sha) && target.applied_at.is_none_or(|then| then < *at)
}

/// Why a target is not followed as it should be, and what that means.
pub(super) const fn cause(status: TargetStatus) -> Option<&'static str> {
    match status {
        TargetStatus::Active => None,
        TargetStatus::BranchDeleted => {
            Some("The branch was deleted on GitHub. What was applied stays; a push to it resumes.")
        }
        TargetStatus::RepositoryGone => {
            Some("GitHub does not show the repository any more. What was applied stays.")
        }
        TargetStatus::RepositoryRemoved => {
            Some("The repository was taken out of the installation. Add it there again, on GitHub.")
        }
        TargetStatus::InstallationSuspended => Some(
            "GitHub suspended the installation. What was applied stays; it is followed again as soon as that ends.",
        ),
        TargetStatus::Disconnected => Some(
            "The installation is disconnected. What was applied stays, and pushes change nothing.",
        ),
        TargetStatus::NeedsConfirmation => Some(
            "The last sync would have deleted more than half of its config objects, so it stopped and changed nothing.",
        ),
        TargetStatus::Disabled => Some("Switched off here: pushes change nothing."),
    }
}
