//! The page that tells what a retry of many would queue.

use hookyard_domain::sync_event::SyncStatus;
use maud::{Markup, html};

use super::words;
use crate::console::components::filters;
use crate::console::components::form;
use crate::console::components::message::note;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, Tone, badge};
use crate::console::components::text::{branch, counted, grouped, outside, outside_cut};
use crate::console::components::time::{clock, stamp};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Errors, reason_field};
use crate::operations::sync_retries::{LeftOut, Preview, RetriedTarget, SELECTED_MAX};

/// The most groups that are shown.
const GROUPS_MAX: usize = 100;
/// The most targets that a group names.
const NAMED_MAX: usize = 20;
/// The longest cause that a row shows, in characters.
const CAUSE_CHARS_MAX: usize = 240;

const COLUMNS: [Column; 4] = [
    Column::text("Now"),
    Column::text("Target"),
    Column::number("Selected"),
    Column::text("This retry"),
];

/// What the page shows.
#[derive(Debug)]
pub(super) struct Retry<'a> {
    pub(super) preview: &'a Preview,
    /// The selection, frozen.
    pub(super) query: &'a Query,
    /// How the text of `q` was understood.
    pub(super) read_as: Option<&'a str>,
}

/// Targets of one cause for which a retry does the same.
struct Group<'a> {
    status: SyncStatus,
    cause: Option<String>,
    left_out: Option<LeftOut>,
    targets: Vec<&'a RetriedTarget>,
}

impl Group<'_> {
    fn selected(&self) -> u64 {
        self.targets.iter().map(|target| target.selected.unsigned_abs()).sum()
    }
}

/// The page.
pub(super) fn view(viewer: &Viewer, retry: &Retry<'_>) -> Markup {
    let list = viewer.place(Place::SyncEvents);
    let preview = retry.preview;
    let groups = groups(preview);
    let selected = preview.selected.unsigned_abs();
    let title = format!("Retry {}?", counted(selected, "sync event", "sync events"));
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(retry.query.without("to").without("from").href(&list)) { "Sync events" } " / Retry" }),
            title: html! { (title) },
            answer: answer(preview),
            ..Head::default()
        }))
        div.stack-s {
            (filters::chips(&viewer.path("sync-events/retry"), retry.query, &said(retry)))
            p.small.dim {
                @if retry.query.get("status").is_none() { "Failed and partial ones, as of " } @else { "As of " }
                (clock(preview.as_of)) " UTC; later arrivals are not included."
            }
        }
        (older(viewer, retry))
        @if !groups.is_empty() { (what_happens(&groups)) }
        (ask(viewer, retry, &list))
    };
    frame::page(viewer, Place::SyncEvents, &title, &[], &body)
}

fn answer(preview: &Preview) -> Markup {
    let targets = preview.targets.len() as u64;
    if targets == 0 {
        return html! { "No failed or partial sync event matches. Nothing has been started." };
    }
    html! {
        "They belong to " (counted(targets, "target", "targets"))
        ". All of one target fold into one sync at its branch's head, so this queues "
        b { (counted(preview.syncs as u64, "sync", "syncs")) }
        @if preview.left_out > 0 {
            "; " (counted(preview.left_out as u64, "target is", "targets are")) " left out"
        }
        ". Nothing has been started."
    }
}

fn said(retry: &Retry<'_>) -> Vec<(&'static str, String)> {
    let query = retry.query;
    let mut said = Vec::new();
    if let Some(statuses) = query.get("status") {
        said.push(("status", format!("status {}", statuses.replace(',', " or "))));
    }
    for (name, word) in [("target", "target"), ("trigger", "trigger"), ("from", "queued since")] {
        if let Some(value) = query.get(name) {
            said.push((name, format!("{word} {value}")));
        }
    }
    if let Some(q) = query.get("q") {
        said.push(("q", format!("“{q}” read as {}", retry.read_as.unwrap_or("text"))));
    }
    said
}

fn older(viewer: &Viewer, retry: &Retry<'_>) -> Markup {
    let Some(before) = retry.preview.older_before else { return html! {} };
    let href = retry.query.with("to", before.to_string()).href(&viewer.path("sync-events/retry"));
    let body = html! {
        p {
            "These are the newest " (grouped(SELECTED_MAX as u64)) ". Older ones match, too: "
            a href=(href) { "those queued before " (stamp(before)) }
        }
    };
    note(Tone::Warn, &body)
}

fn groups(preview: &Preview) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for target in &preview.targets {
        let files = target.failed_files.unsigned_abs();
        let cause = words::why_of(target.error.as_deref(), files, target.reason.as_deref());
        let same = |group: &&mut Group<'_>| {
            group.cause == cause
                && group.left_out == target.left_out
                && group.status == target.status
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.targets.push(target),
            None => groups.push(Group {
                status: target.status,
                cause,
                left_out: target.left_out,
                targets: vec![target],
            }),
        }
    }
    // What is queued first, then what is left out; each with the newest first.
    groups.sort_by_key(|group| group.left_out.is_some());
    groups
}

fn what_happens(groups: &[Group<'_>]) -> Markup {
    let rows = html! { @for group in groups.iter().take(GROUPS_MAX) { (row(group)) } };
    let more = groups.len().saturating_sub(GROUPS_MAX);
    html! {
        section.panel {
            header { h2 { "What will happen" } p { "by target and cause" } }
            (panel::table("as-cards", None, &COLUMNS, &rows))
            @if more > 0 {
                footer { span { (counted(more as u64, "more cause is", "more causes are")) " not shown; they are part of it." } }
            }
        }
    }
}

fn row(group: &Group<'_>) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(Status::of_sync(group.status, None, jiff::Timestamp::UNIX_EPOCH))) }
            td.wide.o3 role="cell" {
                @if let Some(first) = group.targets.first() {
                    span.strong { (outside(&first.repository)) } " "
                    span.dim { "@ " (outside(branch(&first.git_ref))) }
                }
                @if group.targets.len() > 1 {
                    details.more {
                        summary { "and " (grouped(group.targets.len() as u64 - 1)) " more" }
                        ul.small { @for target in group.targets.iter().skip(1).take(NAMED_MAX) {
                            li { (outside(&target.repository)) " @ " (outside(branch(&target.git_ref))) }
                        } }
                    }
                }
                @if let Some(cause) = &group.cause { span.sub.err { (outside_cut(cause, CAUSE_CHARS_MAX)) } }
            }
            td.num.o2 role="cell" { (grouped(group.selected())) }
            td.wide.o4 role="cell" { (outcome(group)) }
        }
    }
}

fn outcome(group: &Group<'_>) -> Markup {
    html! {
        @match group.left_out {
            Some(why) => { span.dim { "left out: " (why.to_string()) } },
            None => {
                "queues " (counted(group.targets.len() as u64, "sync at the branch's head", "syncs, each at its branch's head"))
            }
        }
    }
}

fn ask(viewer: &Viewer, retry: &Retry<'_>, list: &str) -> Markup {
    let back = retry.query.without("to").without("from").href(list);
    let syncs = retry.preview.syncs;
    if syncs == 0 {
        return html! {
            div.actions { a.btn href=(back) { "Back" } }
        };
    }
    let body = html! {
        @for (name, value) in retry.query.pairs() { input type="hidden" name=(name) value=(value); }
        (reason_field(None, &Errors::default()))
        div.actions {
            button.btn.primary { "Queue " (counted(syncs as u64, "sync", "syncs")) }
            a.btn href=(back) { "Back" }
        }
    };
    form::post(&viewer.path("sync-events/retry"), &viewer.csrf, "form", &body)
}
