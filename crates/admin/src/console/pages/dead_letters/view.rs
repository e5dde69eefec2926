//! How dead letters are shown: by cause first, then one by one.

use hookyard_domain::job::JobKind;
use hookyard_store::dead_letters::{DeadLetter, LOOKED_MAX, OfCause, Subject};
use hookyard_store::rejected_messages::RejectedMessage;
use maud::{Markup, html};

use super::Letters as LettersPage;
use super::cause::{self, Deed};
use crate::console::components::form::button;
use crate::console::components::icons::Icon;
use crate::console::components::message::empty;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{bytes, counted, grouped, id, outside, outside_cut};
use crate::console::components::time::{ago, cell};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::Confirm;

/// The longest error that a row shows, in characters.
const ERROR_CHARS_MAX: usize = 240;

/// What the page shows.
#[derive(Debug)]
pub(super) struct Letters<'a> {
    pub(super) page: &'a LettersPage,
    pub(super) deep: bool,
    pub(super) causes: &'a [OfCause],
    /// The newest one that was settled, where none is open.
    pub(super) last: Option<DeadLetter>,
    /// Messages of the broker that named no known work; none: whoever looks may not see them.
    pub(super) rejected: Option<Vec<RejectedMessage>>,
}

/// What kind of work it was.
pub(super) const fn kind(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Event => "event",
        JobKind::Sync => "sync",
        JobKind::Delivery => "delivery",
        JobKind::Replay => "replay",
    }
}

/// The page.
pub(super) fn view(viewer: &Viewer, letters: &Letters<'_>) -> Markup {
    let body = html! {
        (panel::head(&Head {
            title: html! { "Dead letters" },
            answer: answer(letters),
            ..Head::default()
        }))
        @if letters.causes.is_empty() { (nothing_is_dead(viewer, letters.last.as_ref())) }
        @else {
            @if !letters.deep { (by_cause(viewer, letters.causes)) }
            (one_by_one(viewer, letters))
        }
        @if let Some(rejected) = &letters.rejected { (rejected_panel(viewer, rejected)) }
    };
    frame::page(viewer, Place::DeadLetters, "Dead letters", &[], &body)
}

fn answer(letters: &Letters<'_>) -> Markup {
    let count: i64 = letters.causes.iter().map(|it| it.count).sum();
    html! {
        @if count == 0 { "Work that ends for good without success waits here until somebody looked at it." }
        @else {
            b {
                @if count >= LOOKED_MAX { "More than " }
                (counted(count.unsigned_abs(), "thing was given up", "things were given up"))
            }
            ", of " (counted(letters.causes.len() as u64, "cause", "causes"))
            ". Each stays until it is replayed or dropped."
        }
    }
}

fn nothing_is_dead(viewer: &Viewer, last: Option<&DeadLetter>) -> Markup {
    empty(
        Icon::Ring,
        "Nothing is dead.",
        &html! {
            @match last {
                Some(letter) => p {
                    "The last thing was given up " (ago(viewer.now, letter.created_at)) ": a " (kind(letter.kind))
                    ", " (outside(&letter.reason)) ". It was "
                    @match letter.settled_how.as_deref() { Some(how) => (outside(how)), None => "settled" } "."
                },
                None => p { "Nothing was ever given up here." },
            }
        },
    )
}

const CAUSES: [Column; 5] = [
    Column::text("What"),
    Column::text("Why"),
    Column::number("Open"),
    Column::text(""),
    Column::number("Newest, UTC"),
];

fn by_cause(viewer: &Viewer, causes: &[OfCause]) -> Markup {
    let rows = html! { @for of in causes { (cause_row(viewer, of)) } };
    let table = panel::table("as-cards", None, &CAUSES, &rows);
    panel::titled("By cause", &html! { "the most frequent first" }, &table, None)
}

fn cause_row(viewer: &Viewer, of: &OfCause) -> Markup {
    let href = |deed| cause::href(viewer, &of.cause, deed);
    let count = grouped(of.count.unsigned_abs());
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(Status::DEAD)) " " (kind(of.cause.kind)) }
            td.wide.o3 role="cell" {
                (outside(&of.cause.reason))
                @if let Some(error) = &of.cause.error { span.sub.err { (outside_cut(error, ERROR_CHARS_MAX)) } }
            }
            td.num.o5 role="cell" { (count) }
            td.wide.o4 role="cell" {
                div.actions {
                    a.btn href=(href(Deed::Replay)) { "Replay all " (count) " …" }
                    a.btn.quiet href=(href(Deed::Drop)) { "Drop all …" }
                }
            }
            td.num.o2 role="cell" { (cell(viewer.now, of.newest)) }
        }
    }
}

const LETTERS: [Column; 4] = [
    Column::text("What"),
    Column::text("Why"),
    Column::text(""),
    Column::newest_first("Given up, UTC"),
];

fn one_by_one(viewer: &Viewer, letters: &Letters<'_>) -> Markup {
    let path = viewer.place(Place::DeadLetters);
    let page = letters.page;
    let older = page.next_cursor.map(|id| Query::new().with("after", id.to_string()).href(&path));
    let rows = html! { @for letter in &page.items { (row(viewer, letter)) } };
    let foot =
        html! { (counted(page.items.len() as u64, "dead letter", "dead letters")) " on this page" };
    html! {
        section.panel aria-label="Dead letters" {
            header { h2 { "One by one" } }
            (panel::table("as-cards", None, &LETTERS, &rows))
            (panel::list_foot(&foot, letters.deep.then_some(path.as_str()), older.as_deref()))
        }
    }
}

fn subject(viewer: &Viewer, letter: &DeadLetter) -> Option<String> {
    match letter.subject_id {
        Subject::Delivery(id) => Some(viewer.path(&format!("deliveries/{id}"))),
        Subject::Sync(id) => Some(viewer.path(&format!("sync-events/{id}"))),
        Subject::Event(id) => Some(viewer.path(&format!("events/{id}"))),
        Subject::Replay(_) => None,
    }
}

fn row(viewer: &Viewer, letter: &DeadLetter) -> Markup {
    let path = |verb: &str| viewer.path(&format!("dead-letters/{}/{verb}", letter.id));
    html! {
        tr role="row" {
            td.o1 role="cell" {
                (badge(Status::DEAD)) " "
                @match subject(viewer, letter) {
                    Some(path) => a.rowlink href=(path) { (kind(letter.kind)) },
                    None => (kind(letter.kind)),
                }
            }
            td.wide.o3 role="cell" {
                (outside(&letter.reason))
                @if let Some(error) = &letter.error { span.sub.err { (outside_cut(error, ERROR_CHARS_MAX)) } }
            }
            td.wide.o4 role="cell" {
                div.actions {
                    (button(&path("replay"), &viewer.csrf, "", &html! { "Replay" }))
                    a.btn.quiet href=(path("drop")) { "Drop …" }
                }
            }
            td.num.o2 role="cell" { (cell(viewer.now, letter.created_at)) }
        }
    }
}

/// The page that asks before one is dropped.
pub(super) fn ask_to_drop(viewer: &Viewer, letter: &DeadLetter) -> Markup {
    let list = viewer.place(Place::DeadLetters);
    let title = format!("Drop this {}?", kind(letter.kind));
    let confirm = Confirm {
        place: Place::DeadLetters,
        crumb: html! { a href=(list) { "Dead letters" } " / " (id(&letter.id.to_string())) },
        title: &title,
        answer: html! {
            "It was given up " (ago(viewer.now, letter.created_at)) ": " (outside(&letter.reason))
            ". Dropped, it leaves this list and nothing more happens with it; its record stays."
        },
        goes: Vec::new(),
        effects: Vec::new(),
        name: None,
        action: viewer.path(&format!("dead-letters/{}/drop", letter.id)),
        button: "Drop it",
        back: list,
        below: html! {},
    };
    confirm.ask(viewer)
}

const REJECTED: [Column; 4] = [
    Column::text("Queue"),
    Column::text("Why"),
    Column::number("Size"),
    Column::newest_first("Received, UTC"),
];

fn rejected_panel(viewer: &Viewer, rejected: &[RejectedMessage]) -> Markup {
    let rows = html! {
        @for message in rejected {
            tr role="row" {
                td.o1 role="cell" { (outside(&message.queue)) }
                td.wide.o3 role="cell" {
                    (outside(&message.reason))
                    span.sub.mono { (outside_cut(&message.excerpt, ERROR_CHARS_MAX)) }
                }
                td.num.o5 role="cell" { (bytes(u64::from(message.body_bytes.unsigned_abs()))) }
                td.num.o2 role="cell" { (cell(viewer.now, message.received_at)) }
            }
        }
    };
    let body = html! {
        @if rejected.is_empty() { div.pad { p.dim { "The broker handed over nothing that named no known work." } } }
        @else { (panel::table("as-cards", None, &REJECTED, &rows)) }
    };
    let note = html! { "Messages that named no known work; of the whole deployment" };
    let foot = html! { span { "All: " code { "hookyard-admin rejected-messages list" } } };
    panel::titled("Rejected messages", &note, &body, Some(&foot))
}
