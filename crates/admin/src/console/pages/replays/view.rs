//! How replays of many deliveries are shown.

use hookyard_domain::ids::ReplayId;
use hookyard_store::paging::Page;
use hookyard_store::replays::{Replay, ReplayFilter};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::console::components::facts;
use crate::console::components::filters;
use crate::console::components::form::{self, Field, Input};
use crate::console::components::icons::Icon;
use crate::console::components::message::empty;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, badge, badge_big};
use crate::console::components::text::{counted, grouped, id, nothing, outside};
use crate::console::components::time::{cell, clock, fact, stamp, took};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Errors, reason_field};
use crate::operations::replays::{PER_S_DEFAULT, PER_S_MAX, Preview};

const COLUMNS: [Column; 5] = [
    Column::text("State"),
    Column::text("What"),
    Column::text("By"),
    Column::number("Replayed"),
    Column::newest_first("Started, UTC"),
];

fn status(replay: &Replay) -> Status {
    match replay.state.as_str() {
        "running" => Status::RUNNING,
        "completed" => Status::COMPLETED,
        _ => Status::CANCELLED,
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

fn crumb(viewer: &Viewer, last: &Markup) -> Markup {
    html! {
        a href=(viewer.place(Place::Deliveries)) { "Deliveries" } " / "
        a href=(viewer.path("replays")) { "Replays" } " / " (last)
    }
}

/// What a replay selects, in words.
fn selects(filter: &ReplayFilter) -> String {
    let states = if filter.states.is_empty() {
        "delivered, dead or cancelled".to_owned()
    } else {
        filter.states.join(" or ")
    };
    let mut words = vec![states];
    words.extend(filter.event_type.iter().map(|event_type| format!("of {event_type}")));
    words.extend(filter.receiver.map(|_| "for one receiver".to_owned()));
    words.extend(filter.since.map(|at| format!("since {}", stamp(at))));
    words.extend(filter.until.map(|at| format!("until {}", stamp(at))));
    words.join(", ")
}

fn selects_of(replay: &Replay) -> String {
    serde_json::from_value(replay.filter.clone()).map_or_else(|_| String::new(), |it| selects(&it))
}

/// The list.
pub(super) fn list(viewer: &Viewer, page: &Page<Replay, ReplayId>, deep: bool) -> Markup {
    let path = viewer.path("replays");
    let older = page.next_cursor.map(|id| Query::new().with("after", id.to_string()).href(&path));
    let rows = html! { @for replay in &page.items { (row(viewer, replay)) } };
    let foot = html! { (counted(page.items.len() as u64, "replay", "replays")) " on this page" };
    let new = viewer.path("replays/new");
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Deliveries)) { "Deliveries" } " / Replays" }),
            title: html! { "Replays" },
            answer: html! { "Each sends many deliveries once more, in paced portions, under their old ids." },
            actions: viewer.is_admin.then(|| html! { a.btn href=(new) { "Replay the dead …" } }),
        }))
        @if page.items.is_empty() {
            (empty(Icon::Retry, "Nothing was replayed yet", &html! {
                p { "When a receiver is well again, replay what was given up meanwhile. A preview says how many deliveries that are." }
            }))
        } @else {
            section.panel aria-label="Replays" {
                (panel::table("as-cards", None, &COLUMNS, &rows))
                (panel::list_foot(&foot, deep.then_some(path.as_str()), older.as_deref()))
            }
        }
    };
    frame::page(viewer, Place::Deliveries, "Replays", &[], &body)
}

fn row(viewer: &Viewer, replay: &Replay) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(status(replay))) }
            td.wide.o3 role="cell" {
                a.rowlink href=(viewer.path(&format!("replays/{}", replay.id))) { (outside(&selects_of(replay))) }
                @if let Some(reason) = &replay.reason { span.sub { (outside(reason)) } }
            }
            td.o4 role="cell" { (outside(&replay.actor)) }
            td.num.o5 role="cell" { (grouped(number(replay.replayed))) " of " (grouped(number(replay.expected))) }
            td.num.o2 role="cell" { (cell(viewer.now, replay.created_at)) }
        }
    }
}

/// What a replay would send again.
pub(super) fn preview(
    viewer: &Viewer,
    preview: &Preview,
    query: &Query,
    as_of: Timestamp,
) -> Markup {
    let expected = number(preview.expected);
    let more = if preview.more { "at least " } else { "" };
    let deliveries = format!("{more}{}", counted(expected, "delivery", "deliveries"));
    let title = format!("Replay {deliveries}?");
    let new = viewer.path("replays/new");
    let said = chips(query);
    let body = html! {
        (panel::head(&Head {
            crumb: Some(crumb(viewer, &html! { "New" })),
            title: html! { (title) },
            answer: html! {
                @if expected == 0 { "No delivery matches. Nothing has been started." }
                @else {
                    "Those that are " (outside(&selects(&preview.filter))) ". Each is sent once more under its old id, so that its receiver can tell. "
                    "Those whose event has no body any more are passed over. Nothing has been started."
                }
            },
            ..Head::default()
        }))
        div.stack-s {
            (filters::chips(&new, query, &said))
            p.small.dim { "As of " (clock(as_of)) " UTC; what ends later is not included." }
        }
        @if expected == 0 {
            div.actions { a.btn href=(viewer.place(Place::Deliveries)) { "Back" } }
        } @else { (ask(viewer, query, &deliveries, expected)) }
    };
    frame::page(viewer, Place::Deliveries, &title, &[], &body)
}

fn chips(query: &Query) -> Vec<(&'static str, String)> {
    let words =
        [("status", "status"), ("connection", "connection"), ("type", "type"), ("from", "since")];
    words
        .into_iter()
        .filter_map(|(name, word)| Some((name, format!("{word} {}", query.get(name)?))))
        .collect()
}

fn ask(viewer: &Viewer, query: &Query, deliveries: &str, expected: u64) -> Markup {
    let per_s = PER_S_DEFAULT.to_string();
    let pace = Field {
        input: Input::Number,
        value: &per_s,
        hint: "So many become pending in a second at most; fresh deliveries go first.",
        ..Field::new("per_s", "Pace, a second")
    };
    let shortest = expected.saturating_mul(1000) / u64::from(PER_S_DEFAULT.unsigned_abs().max(1));
    let body = html! {
        @for (name, value) in query.pairs() { input type="hidden" name=(name) value=(value); }
        (form::field(&pace))
        p.small.dim {
            "At " (per_s) " a second that takes " (took(i64::try_from(shortest).unwrap_or(i64::MAX)))
            " at least; 1 to " (grouped(u64::from(PER_S_MAX.unsigned_abs()))) " are possible."
        }
        (reason_field(None, &Errors::default()))
        div.actions {
            button.btn.primary { "Replay " (deliveries) }
            a.btn href=(viewer.place(Place::Deliveries)) { "Back" }
        }
    };
    form::post(&viewer.path("replays"), &viewer.csrf, "form", &body)
}

/// One replay.
pub(super) fn one(viewer: &Viewer, replay: &Replay) -> Markup {
    let running = replay.state == "running";
    let (done, of) = (number(replay.replayed), number(replay.expected));
    let cancel = viewer.path(&format!("replays/{}/cancel", replay.id));
    let here = viewer.path(&format!("replays/{}", replay.id));
    let button = form::button(&cancel, &viewer.csrf, "danger", &html! { "Cancel" });
    let body = html! {
        (panel::head(&Head {
            crumb: Some(crumb(viewer, &id(&replay.id.to_string()))),
            title: html! { "Replay of " (counted(of, "delivery", "deliveries")) },
            answer: html! {
                (badge_big(status(replay))) " " b { (grouped(done)) " of " (grouped(of)) } " are pending again or sent. "
                @if running { "At most " (replay.per_s) " more each second; " a href=(here) { "look again" } "." }
                @else if replay.state == "cancelled" { "What was pending by then was still sent." }
            },
            actions: (running && viewer.is_admin).then_some(button),
        }))
        section.panel { div.pad {
            label.vh for="progress" { "How far it has got" }
            progress #progress max=(of.max(1)) value=(done.min(of.max(1))) { (grouped(done)) " of " (grouped(of)) }
        } }
        (facts::strip(&[
            ("What", outside(&selects_of(replay))),
            ("Started", fact(viewer.now, replay.created_at)),
            ("Ended", replay.ended_at.map_or_else(nothing, |at| fact(viewer.now, at))),
            ("By", html! { (outside(&replay.actor)) @if let Some(reason) = &replay.reason { small { (outside(reason)) } } }),
        ]))
        (facts::identity(&[("Replay", replay.id.to_string())], Some("hookyard-admin deliveries replay list")))
    };
    frame::page(viewer, Place::Deliveries, "Replay", &[], &body)
}
