//! The list of sync events, the main page of the console.

use hookyard_domain::ids::SyncEventId;
use hookyard_store::paging::Page;
use hookyard_store::sync_event_list::SyncEvent;
use maud::{Markup, html};

use super::empty::{self, Relaxed};
use super::words;
use crate::console::components::chart::{self, Chart};
use crate::console::components::counts::delta;
use crate::console::components::filters::{self, Pick, SINCE};
use crate::console::components::message::none_so_far;
use crate::console::components::panel::{self, Column, Head, Tab};
use crate::console::components::query::Query;
use crate::console::components::status::badge;
use crate::console::components::text::{
    GITHUB_WEB, commit, counted, grouped, nothing, outside_cut,
};
use crate::console::components::time::{cell, took};
use crate::console::frame::{self, Place, Viewer};
use crate::console::live;
use crate::console::pages::exports;
use crate::operations::overview::Numbers;

const COLUMNS: [Column; 7] = [
    Column::text("Status"),
    Column::text("Target"),
    Column::text("Head"),
    Column::text("Changes"),
    Column::wide_only("Trigger"),
    Column::number("Took"),
    Column::newest_first("Queued, UTC"),
];

/// The statuses that ask for attention.
const ATTENTION: &str = "partial,failed";

/// The tabs: name, the statuses, and whether they ask for attention.
const TABS: [(&str, &str, bool); 7] = [
    ("All", "", false),
    ("Needs attention", ATTENTION, true),
    ("In progress", "queued,running", false),
    ("Completed", "completed", false),
    ("Partial", "partial", false),
    ("Failed", "failed", false),
    ("Ignored", "ignored", false),
];

/// What the list shows.
#[derive(Debug)]
pub struct List<'a> {
    pub page: &'a Page<SyncEvent, SyncEventId>,
    pub query: &'a Query,
    /// The targets to choose from: id and words.
    pub targets: &'a [(String, String)],
    /// How it went lately, from the rollups.
    pub chart: Option<Chart<'a>>,
    /// The same in numbers, for the tabs, and in which time: `24 hours`.
    pub lately: Option<(Numbers, &'static str)>,
    /// Which wider filters would show something, where this one shows nothing.
    pub relaxed: &'a [Relaxed],
    /// Whether whoever looks may retry anything.
    pub may_retry: bool,
    /// The same view with its times as stamps.
    pub moment: &'a Query,
    /// How the text of `q` was understood.
    pub read_as: Option<&'a str>,
}

/// The page.
pub fn view(viewer: &Viewer, list: &List<'_>) -> Markup {
    let path = viewer.place(Place::SyncEvents);
    let body = html! {
        (panel::head(&Head {
            title: html! { "Sync events" },
            answer: answer(list),
            actions: Some(live::switch(viewer)),
            ..Head::default()
        }))
        div.stack-s {
            (panel::tabs(&tabs_name(list), &tabs(&path, list)))
            (filters::form(&path, list.query, Some("SHA, provider delivery id, repository or path"), &picks(list)))
            (filters::chips(&path, list.query, &said(list)))
        }
        @if let Some(chart) = &list.chart { (chart::histogram(chart)) }
        @if let (true, Some(id)) = (list.page.items.is_empty(), list.page.next_cursor) {
            (none_so_far(Some(&list.query.without("after").href(&path)), &list.query.with("after", id.to_string()).href(&path)))
        } @else if list.page.items.is_empty() { (empty::view(viewer, list, &path)) }
        @else { (rows_panel(viewer, list, &path)) }
    };
    frame::page(viewer, Place::SyncEvents, "Sync events", &[], &body)
}

fn answer(list: &List<'_>) -> Markup {
    let Some((numbers, words)) = &list.lately else {
        return html! { "Each row is one reconciliation of one branch, newest first." };
    };
    let count = |count: i64| grouped(count.unsigned_abs());
    html! {
        "In the last " (words) " " b { (counted(numbers.syncs().unsigned_abs(), "sync", "syncs")) } ": "
        (count(numbers.syncs_completed)) " completed, " (count(numbers.syncs_partial)) " partial, "
        (count(numbers.syncs_failed)) " failed."
    }
}

fn tabs_name(list: &List<'_>) -> String {
    match &list.lately {
        Some((_, words)) => format!("Status, counted over the last {words}"),
        None => "Status".to_owned(),
    }
}

fn tabs(path: &str, list: &List<'_>) -> Vec<Tab> {
    let current = list.query.get("status").unwrap_or("");
    let view = list.query.without("after");
    let tab = |(name, status, warns): (&'static str, &str, bool)| Tab {
        name,
        href: view.with("status", status).href(path),
        count: count(list, status).or_else(|| on_page(list, status == current)),
        current: status == current,
        warns,
    };
    TABS.into_iter().map(tab).collect()
}

/// How many ended with these statuses, where a rollup says so.
fn count(list: &List<'_>, status: &str) -> Option<String> {
    let (numbers, _) = list.lately.as_ref()?;
    let count = match status {
        "" => numbers.syncs(),
        "completed" => numbers.syncs_completed,
        "partial" => numbers.syncs_partial,
        "failed" => numbers.syncs_failed,
        "ignored" => numbers.syncs_ignored,
        ATTENTION => numbers.syncs_partial + numbers.syncs_failed,
        _ => return None,
    };
    Some(grouped(count.unsigned_abs()))
}

/// How many the current view has, where the page in hand says so: nothing is counted for it.
fn on_page(list: &List<'_>, current: bool) -> Option<String> {
    let first = list.query.get("after").is_none();
    (current && first).then(|| {
        let rows = grouped(list.page.items.len() as u64);
        if list.page.next_cursor.is_some() { format!("more than {rows}") } else { rows }
    })
}

fn picks<'a>(list: &'a List<'_>) -> [Pick<'a>; 3] {
    let mut targets = vec![("", "All targets")];
    targets.extend(list.targets.iter().map(|(id, words)| (id.as_str(), words.as_str())));
    let triggers = vec![
        ("", "Any trigger"),
        ("push", "push"),
        ("manual_resync", "resync"),
        ("retry", "retry"),
        ("connected", "first import"),
        ("recheck", "second look"),
    ];
    [
        Pick { name: "target", label: "Target", options: targets },
        Pick { name: "trigger", label: "Trigger", options: triggers },
        Pick { name: "since", label: "Time", options: SINCE.to_vec() },
    ]
}

/// What narrows the list beyond what its fields show.
pub(super) fn said(list: &List<'_>) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    if let Some(q) = list.query.get("q") {
        said.push(("q", format!("“{q}” read as {}", list.read_as.unwrap_or("text"))));
    }
    for name in ["from", "to"] {
        if let Some(value) = list.query.get(name) {
            said.push((name, format!("{name} {value}")));
        }
    }
    said
}

fn rows_panel(viewer: &Viewer, list: &List<'_>, path: &str) -> Markup {
    let items = &list.page.items;
    let is_first = list.query.get("after").is_none();
    let older = list.page.next_cursor.map(|id| list.query.with("after", id.to_string()).href(path));
    let newest = (!is_first).then(|| list.query.without("after").href(path));
    let rows = html! { @for sync in items { (row(viewer, sync)) } };
    let foot = html! {
        (counted(items.len() as u64, "sync event", "sync events")) " on this page"
        @if list.may_retry { (retry_link(viewer, list)) }
        " · " a href=(list.moment.href(path)) title="Its times are stamps: it shows the same to everybody, later, too" { "Link to this moment" }
        (exports::links(viewer, "sync-events", list.query))
    };
    html! {
        section.panel aria-label="Sync events" {
            @if is_first && viewer.live { (live::stream(viewer, "sync-events", list.query, items.first().map(|sync| sync.id.to_string()).as_deref())) }
            (panel::table("as-cards t-sync", None, &COLUMNS, &rows))
            (panel::list_foot(&foot, newest.as_deref(), older.as_deref()))
        }
    }
}

/// The way to the preview of a retry: of the time that is shown, or of the last day.
fn retry_link(viewer: &Viewer, list: &List<'_>) -> Markup {
    let query = list.query.without("after");
    let status = query.get("status").unwrap_or("");
    if !["", ATTENTION, "partial", "failed"].contains(&status) {
        return html! {};
    }
    let status = if status.is_empty() { ATTENTION } else { status };
    let bad = list.lately.as_ref().and_then(|_| count(list, status));
    let query = query.with("status", status);
    // What the number counts is what the preview begins with.
    let query = match (&bad, query.get("since")) {
        (Some(_), None) => query.with("since", "24h"),
        _ => query,
    };
    let href = query.href(&viewer.path("sync-events/retry"));
    html! {
        @match bad.as_deref() {
            Some("0") => {},
            Some(count) => { " · " a href=(href) data-key="r" { "Retry the " (count) " that need attention …" } },
            None => { " · " a href=(href) data-key="r" { "Retry those that need attention …" } },
        }
    }
}

/// One row. It has its id, so that a live update finds it.
pub fn row(viewer: &Viewer, sync: &SyncEvent) -> Markup {
    html! { tr role="row" id=(sync.id) { (cells(viewer, sync)) } }
}

/// The row as a live update sends it: it replaces the one on screen, and is dropped where there is none.
pub fn changed_row(viewer: &Viewer, sync: &SyncEvent) -> Markup {
    html! { template { tr role="row" id=(sync.id) hx-swap-oob="true" { (cells(viewer, sync)) } } }
}

fn cells(viewer: &Viewer, sync: &SyncEvent) -> Markup {
    let now = viewer.now;
    let changes = delta(&sync.counts);
    let has_changes =
        sync.counts.created + sync.counts.updated + sync.counts.deleted + sync.counts.failed > 0;
    html! {
        td.o1 role="cell" { (badge(words::status(sync, now))) }
        td.wide.o3 role="cell" {
            a.rowlink href=(viewer.path(&format!("sync-events/{}", sync.id))) { (words::repository(sync)) }
            " " (words::branch_of(sync))
            (words::cause(sync, now))
        }
        td.wide.o4 role="cell" {
            @match words::head(sync) {
                Some(sha) => (commit(GITHUB_WEB, &sync.repository, sha)),
                None => (nothing()),
            }
            @if let Some(event) = sync.event_type.as_deref() { span.subject { (outside_cut(event, 40)) } }
        }
        td.o5.none[!has_changes] role="cell" { (changes) }
        td.trig.h-md.h-sm role="cell" { (words::trigger(sync.trigger)) }
        td.num.o6.none[sync.duration_ms.is_none()] role="cell" {
            @match sync.duration_ms { Some(ms) => (took(ms)), None => (nothing()) }
        }
        td.num.o2 role="cell" { (cell(now, sync.queued_at)) }
    }
}
