//! One target: is it at its head, what do its mappings choose, and what happened last?

use axum::extract::State;
use hookyard_domain::ids::{MappingId, TargetId};
use hookyard_domain::role::InstanceRole;
use hookyard_domain::target::TargetStatus;
use hookyard_store::mappings::{self, Mapping};
use hookyard_store::paging::Page;
use hookyard_store::sync_event_list::{self, SyncEvent, SyncEventFilter};
use hookyard_store::targets::{Head as Branch, Target};
use hookyard_store::{bindings, targets};
use maud::{Markup, html};

use super::lineage::{Lineage, target_name, target_path};
use super::rows::{applied, cause, has_newer_mappings, is_behind};
use super::{VIEWER, first, target_changes};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{self, Answer};
use crate::console::components::counts::delta;
use crate::console::components::facts;
use crate::console::components::message::note;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::status::{Status, Tone, badge, badge_big};
use crate::console::components::text::{GITHUB_WEB, code, commit, counted, nothing, outside_cut};
use crate::console::components::text::{branch, outside};
use crate::console::components::time::{ago, cell, fact};
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::Subject;
use crate::routes::Routes;

/// The newest sync events that the page shows.
const SYNCS: u16 = 8;
/// The newest mappings that it shows: few targets have more.
const MAPPINGS: u16 = 50;
/// The longest error that a row shows.
const ERROR_CHARS_MAX: usize = 240;

const SYNC_COLUMNS: [Column; 4] = [
    Column::text("Status"),
    Column::text("Why it ran"),
    Column::text("Changes"),
    Column::newest_first("Queued, UTC"),
];
const MAPPING_COLUMNS: [Column; 4] = [
    Column::text("Becomes"),
    Column::text("Selector"),
    Column::text(""),
    Column::newest_first("Since, UTC"),
];

/// The page of one target.
pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/connector-targets/{target}", VIEWER, show)
}

struct Shown<'a> {
    lineage: &'a Lineage,
    target: &'a Target,
    head: Option<&'a Branch>,
    mappings: &'a Page<Mapping, MappingId>,
    syncs: &'a [SyncEvent],
    bound: u32,
    may_edit: bool,
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TargetId>,
) -> Answer {
    let conn = app.store.conn().await?;
    let (lineage, target) = Lineage::of_target(&conn, id).await?;
    let filter = SyncEventFilter {
        workspace: Some(asked.workspace().id),
        target: Some(id),
        ..SyncEventFilter::default()
    };
    let syncs = sync_event_list::list(&conn, &filter, first(SYNCS)?).await?;
    let mappings = mappings::list(&conn, Some(id), first(MAPPINGS)?).await?;
    let heads = targets::heads(&conn, &[id]).await?;
    let bound = bindings::count(&conn, id).await?;
    drop(conn);
    let shown = Shown {
        lineage: &lineage,
        target: &target,
        head: heads.first(),
        mappings: &mappings,
        syncs: &syncs.items,
        bound,
        may_edit: asked.on_instance().is_some_and(|role| role >= InstanceRole::Editor),
    };
    answer::page(&app, &viewer, view(&viewer, &shown))
}

fn view(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let target = shown.target;
    let name = target_name(target);
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { (shown.lineage.crumb_below(viewer)) " / " span.id.mono { (target.id) } }),
            title: html! { (outside(&target.repository)) " @ " (outside(branch(&target.git_ref))) },
            answer: sentence(viewer, shown),
            actions: shown.may_edit.then(|| target_changes::actions(viewer, target)),
        }))
        @if !shown.may_edit { (note(Tone::Quiet, &html! { "You can read this. Changing it takes an editor of the instance." })) }
        @if let Some(advice) = advice(viewer, shown) { (note(Tone::Warn, &advice)) }
        (facts::strip(&key_facts(viewer, shown)))
        (mappings_panel(viewer, shown))
        (syncs_panel(viewer, shown))
        (facts::identity(
            &[
                ("Target", target.id.to_string()),
                ("Repository", target.repository_id.to_string()),
                ("Ref", target.git_ref.clone()),
            ],
            Some(&format!("hookyard-admin connector target show {}", target.id)),
        ))
    };
    frame::page(viewer, Place::Connectors, &name, &[], &body)
}

fn sentence(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let target = shown.target;
    let announced = shown.head.and_then(|head| head.announced.as_ref());
    html! {
        (badge_big(target.status)) " "
        @if let Some(why) = cause(target.status) { (why) }
        @else if target.applied_at.is_none() && shown.mappings.items.is_empty() {
            "Nothing is brought in yet: no mapping chooses its files."
        }
        @else if let (true, Some((sha, at))) = (is_behind(target, shown.head), announced) {
            "Behind: " (commit(GITHUB_WEB, &target.repository, sha)) " was announced " (ago(viewer.now, *at)) " and is not applied."
        }
        @else if has_newer_mappings(target) { "Its mappings were changed since what is applied was read." }
        @else if let Some(at) = target.applied_at {
            "At its head, as far as was announced: "
            b { (counted(shown.bound.into(), "config object", "config objects")) } ", applied " (ago(viewer.now, at)) "."
        }
        @else { "Nothing is applied yet." }
    }
}

/// What to do about it.
fn advice(viewer: &Viewer, shown: &Shown<'_>) -> Option<Markup> {
    let path = |rest: &str| target_path(viewer, shown.target.id, rest);
    let last = shown.syncs.iter().find_map(|sync| sync.error.as_deref());
    match shown.target.status {
        TargetStatus::NeedsConfirmation => Some(html! {
            p {
                b { "Somebody must decide. " }
                "If so many files are really to go, let the next sync delete them; the page before says what that means. If \
                 not, bring the files back or correct the mappings, then resync."
            }
            @if let Some(error) = last { p.small { (outside_cut(error, ERROR_CHARS_MAX)) } }
            @if shown.may_edit { div.actions { a.btn.danger href=(path("/confirm-deletions")) { "Allow deletions …" } } }
        }),
        TargetStatus::RepositoryRemoved | TargetStatus::RepositoryGone => Some(html! {
            b { "What to do. " }
            "On GitHub, see to it that the App's installation may read the repository. GitHub then tells Hookyard; a resync is not needed."
        }),
        TargetStatus::Active if shown.mappings.items.is_empty() && shown.may_edit => Some(html! {
            b { "What to do. " } a href=(path("/mappings/add")) { "Add a mapping" } ": a selector such as " code { "skills/**" }
            ", and what its files become."
        }),
        TargetStatus::InstallationSuspended => Some(html! {
            b { "What to do. " }
            "On GitHub, unsuspend the App's installation. GitHub then tells Hookyard; a resync is not needed."
        }),
        TargetStatus::Disconnected => Some(html! {
            b { "What to do. " }
            "Install the App again, then connect the new installation; or leave everything as it was last applied."
        }),
        TargetStatus::Active | TargetStatus::BranchDeleted | TargetStatus::Disabled => None,
    }
}

fn key_facts(viewer: &Viewer, shown: &Shown<'_>) -> [facts::Fact<'static>; 6] {
    let target = shown.target;
    let announced = match shown.head.and_then(|head| head.announced.as_ref()) {
        Some((sha, at)) => html! {
            (commit(GITHUB_WEB, &target.repository, sha)) small { (ago(viewer.now, *at)) }
        },
        None => nothing(),
    };
    let default = target.default_branch.as_deref().map_or_else(nothing, outside);
    [
        ("Applied", applied(target)),
        ("At", target.applied_at.map_or_else(nothing, |at| fact(viewer.now, at))),
        ("Announced", announced),
        ("Config objects", html! { (shown.bound) }),
        (
            "Mappings",
            html! { (shown.mappings.items.len()) @if shown.mappings.next_cursor.is_some() { " and more" } },
        ),
        (
            "Default branch",
            html! { (default) @if target.archived { small { "archived on GitHub" } } },
        ),
    ]
}

fn mappings_panel(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let add = target_path(viewer, shown.target.id, "/mappings/add");
    html! {
        section.panel aria-label="Mappings" {
            header {
                h2 { "Mappings" }
                p { "Of several that match a file the oldest takes it" }
            }
            @if shown.mappings.items.is_empty() {
                div.pad { p { "None yet. A mapping is a selector over paths, and what the files that it matches become." } }
            } @else {
                (panel::table("as-cards", None, &MAPPING_COLUMNS, &html! {
                    @for it in &shown.mappings.items { (mapping_row(viewer, it, shown.may_edit)) }
                }))
            }
            @if shown.may_edit || shown.mappings.next_cursor.is_some() {
                footer {
                    @if shown.may_edit { a href=(add) { "Add a mapping" } }
                    @if shown.mappings.next_cursor.is_some() {
                        span { "The newest " (MAPPINGS) ". All: " code { "hookyard-admin connector mapping list --target " (shown.target.id) } }
                    }
                }
            }
        }
    }
}

fn mapping_row(viewer: &Viewer, mapping: &Mapping, may_edit: bool) -> Markup {
    let path = |rest: &str| viewer.path(&format!("connector-mappings/{}/{rest}", mapping.id));
    html! {
        tr role="row" id=(mapping.id) {
            td.o1 role="cell" { (mapping.object_type.as_str()) }
            td.wide.o3 role="cell" { (code(&mapping.selector)) span.sub.mono { (mapping.id) } }
            td.o4.none[!may_edit] role="cell" {
                @if may_edit {
                    a href=(path("edit")) { "Edit" span.vh { " " (mapping.selector) } } " · "
                    a href=(path("remove")) { "Remove …" span.vh { " " (mapping.selector) } }
                }
            }
            td.num.o2 role="cell" { (cell(viewer.now, mapping.created_at)) }
        }
    }
}

fn syncs_panel(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let all = viewer.path(&format!("sync-events?target={}", shown.target.id));
    html! {
        section.panel aria-label="Sync events" {
            header { h2 { "Last sync events" } p { a href=(all) { "all of this target" } } }
            @if shown.syncs.is_empty() {
                div.pad { p { "None yet. A push to the branch makes one, and so does a resync." } }
            } @else {
                (panel::table("as-cards", None, &SYNC_COLUMNS, &html! { @for it in shown.syncs { (sync_row(viewer, it)) } }))
            }
        }
    }
}

fn sync_row(viewer: &Viewer, sync: &SyncEvent) -> Markup {
    let page = viewer.path(&format!("sync-events/{}", sync.id));
    let status = Status::of_sync(sync.status, sync.next_attempt_at, viewer.now);
    let sha = sync.applied_sha.as_ref().or(sync.announced_sha.as_ref());
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(status)) }
            td.wide.o3 role="cell" {
                a.rowlink href=(page) { (sync.trigger.as_str().replace('_', " ")) }
                @if let Some(sha) = sha { " at " (commit(GITHUB_WEB, &sync.repository, sha)) }
                @if let Some(error) = &sync.error { span.sub.err { (outside_cut(error, ERROR_CHARS_MAX)) } }
            }
            td.o4 role="cell" { (delta(&sync.counts)) }
            td.num.o2 role="cell" { (cell(viewer.now, sync.queued_at)) }
        }
    }
}
