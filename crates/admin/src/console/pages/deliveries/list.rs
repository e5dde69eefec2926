//! The list of deliveries.

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::DeliveryId;
use hookyard_store::delivery_list::Delivery;
use hookyard_store::paging::Page;
use maud::{Markup, html};

use crate::console::components::filters;
use crate::console::components::icons::Icon;
use crate::console::components::message::{empty, none_so_far};
use crate::console::components::panel::{self, Column, Head, Tab};
use crate::console::components::query::Query;
use crate::console::components::status::{answer_code, badge};
use crate::console::components::text::{code, counted, outside, outside_cut};
use crate::console::components::time::{cell, clock, relative};
use crate::console::frame::{self, Place, Viewer};
use crate::console::live;
use crate::console::pages::exports;

/// The longest cause that a row shows, in characters.
const CAUSE_CHARS_MAX: usize = 240;

const COLUMNS: [Column; 6] = [
    Column::text("Status"),
    Column::text("Receiver"),
    Column::text("Event"),
    Column::text("Answer"),
    Column::number("Attempts"),
    Column::newest_first("Owed since, UTC"),
];

/// The tabs: name, the states, and whether they ask for attention.
const TABS: [(&str, &str, bool); 6] = [
    ("All", "", false),
    ("Needs attention", "failed,dead", true),
    ("In progress", "pending,delivering", false),
    ("Delivered", "delivered", false),
    ("Dead", "dead", false),
    ("Cancelled", "cancelled", false),
];

/// What the list shows.
#[derive(Debug)]
pub(super) struct List<'a> {
    pub(super) page: &'a Page<Delivery, DeliveryId>,
    pub(super) query: &'a Query,
}

/// The page.
pub(super) fn view(viewer: &Viewer, list: &List<'_>) -> Markup {
    let path = viewer.place(Place::Deliveries);
    let current = list.query.get("status").unwrap_or("");
    let plain = list.query.without("after");
    let tab = |(name, states, warns): (&'static str, &str, bool)| Tab {
        name,
        href: plain.with("status", states).href(&path),
        count: None,
        current: states == current,
        warns,
    };
    let tabs: Vec<Tab> = TABS.into_iter().map(tab).collect();
    let body = html! {
        (panel::head(&Head {
            title: html! { "Deliveries" },
            answer: html! { "Each row is one event owed to one receiver, tried until it is delivered or given up." },
            actions: Some(html! {
                (live::switch(viewer))
                a.btn href=(viewer.path("replays")) { "Replays" }
            }),
            ..Head::default()
        }))
        div.stack-s {
            (panel::tabs("Status", &tabs))
            (filters::chips(&path, list.query, &said(list.query)))
        }
        @if let (true, Some(id)) = (list.page.items.is_empty(), list.page.next_cursor) {
            (none_so_far(newest(list, &path).as_deref(), &list.query.with("after", id.to_string()).href(&path)))
        } @else if list.page.items.is_empty() { (nothing_listed(viewer, list.query, &path)) }
        @else { (rows(viewer, list, &path)) }
    };
    frame::page(viewer, Place::Deliveries, "Deliveries", &[], &body)
}

fn said(query: &Query) -> Vec<(&'static str, String)> {
    let words = [("connection", "connection"), ("event", "event"), ("type", "type")];
    words
        .into_iter()
        .filter_map(|(name, word)| Some((name, format!("{word} {}", query.get(name)?))))
        .collect()
}

/// The way back to the first page, from any other.
fn newest(list: &List<'_>, path: &str) -> Option<String> {
    list.query.get("after").map(|_| list.query.without("after").href(path))
}

fn rows(viewer: &Viewer, list: &List<'_>, path: &str) -> Markup {
    let items = &list.page.items;
    let older = list.page.next_cursor.map(|id| list.query.with("after", id.to_string()).href(path));
    let newest = newest(list, path);
    let body = html! { @for delivery in items { (row(viewer, delivery)) } };
    let foot = html! {
        (counted(items.len() as u64, "delivery", "deliveries")) " on this page"
        @if let Some((href, words)) = replay(viewer, list.query) { " · " a href=(href) { (words) } }
        (exports::links(viewer, "deliveries", list.query))
    };
    let first = list.query.get("after").is_none();
    let newest_id = items.first().map(|delivery| delivery.id.to_string()).unwrap_or_default();
    let stream = list.query.with("newest", newest_id).href(&viewer.path("deliveries/stream"));
    html! {
        section.panel aria-label="Deliveries" {
            @if first && viewer.live { (live::connect(&stream)) }
            (panel::table("as-cards", None, &COLUMNS, &body))
            (panel::list_foot(&foot, newest.as_deref(), older.as_deref()))
        }
    }
}

/// The way to the preview of a replay of what is listed, as far as it is over.
fn replay(viewer: &Viewer, query: &Query) -> Option<(String, &'static str)> {
    let (status, words) = match query.get("status") {
        None | Some("failed,dead" | "dead") => ("dead", "Replay the dead …"),
        Some("cancelled") => ("cancelled", "Replay the cancelled …"),
        Some("delivered") => ("delivered", "Send these once more …"),
        Some(_) => return None,
    };
    let of_one_event = query.get("event").is_some();
    let query = query.without("after").with("status", status);
    let href = query.href(&viewer.path("replays/new"));
    (viewer.is_admin && !of_one_event).then_some((href, words))
}

/// One row. It has its id, so that a live update finds it.
fn row(viewer: &Viewer, delivery: &Delivery) -> Markup {
    html! { tr role="row" id=(delivery.id) { (cells(viewer, delivery)) } }
}

/// The row as a live update sends it: it replaces the one on screen, and is dropped where there is none.
pub(super) fn changed_row(viewer: &Viewer, delivery: &Delivery) -> Markup {
    html! { template { tr role="row" id=(delivery.id) hx-swap-oob="true" { (cells(viewer, delivery)) } } }
}

fn cells(viewer: &Viewer, delivery: &Delivery) -> Markup {
    html! {
        td.o1 role="cell" { (badge(delivery.state)) }
        td.wide.o3 role="cell" {
            a.rowlink href=(viewer.path(&format!("deliveries/{}", delivery.id))) { (receiver(delivery)) }
            (cause(viewer, delivery))
        }
        td.wide.o4 role="cell" { (code(&delivery.event_type)) }
        td.o5 role="cell" { (answer_code(delivery.response_status, delivery.error_class.as_deref())) }
        td.num.o6 role="cell" { (delivery.attempts) }
        td.num.o2 role="cell" { (cell(viewer.now, delivery.created_at)) }
    }
}

/// Whom it goes to.
pub(super) fn receiver(delivery: &Delivery) -> Markup {
    html! {
        @match &delivery.receiver { Some(name) => (outside(name)), None => "a removed receiver" }
    }
}

fn cause(viewer: &Viewer, delivery: &Delivery) -> Markup {
    let failed = matches!(delivery.state, DeliveryState::Failed | DeliveryState::Dead);
    html! {
        @if let Some(error) = &delivery.error {
            span.sub.err[failed] { (outside_cut(error, CAUSE_CHARS_MAX)) }
        }
        @if let (DeliveryState::Failed, Some(at)) = (delivery.state, delivery.next_attempt_at) {
            span.sub { "next try " (relative(viewer.now, at)) ", " (clock(at)) }
        }
    }
}

fn nothing_listed(viewer: &Viewer, query: &Query, path: &str) -> Markup {
    match query.get("status") {
        Some("failed,dead" | "dead") => empty(
            Icon::Ring,
            "Nothing is dead",
            &html! {
                p { "No delivery here failed for good or waits for its next try." }
            },
        ),
        _ if query.pairs().next().is_some() => empty(
            Icon::Out,
            "No delivery is like this",
            &html! {
                p { "Nothing here matches all of the filters." }
                div.actions { a.btn href=(path) { "Clear all filters" } }
            },
        ),
        _ => empty(
            Icon::Out,
            "Nothing was sent yet",
            &html! {
                p { "A delivery is recorded when an event matches a subscription of a connected integration." }
                ol.steps.col {
                    li { "Connect an integration" }
                    li { "Subscribe it to events" }
                    li { "Wait for an event, or publish one" }
                }
                div.actions { a.btn.primary href=(viewer.place(Place::Integrations)) { "Integrations" } }
            },
        ),
    }
}
