//! One event: what came, was it genuine, and what it set off.

use hookyard_domain::event::Origin;
use hookyard_store::delivery_list::Delivery;
use hookyard_store::sync_event_list::{BodyState, SyncEvent};
use maud::{Markup, html};

use super::from;
use crate::console::components::facts;
use crate::console::components::form::button;
use crate::console::components::icons::{Icon, icon};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::payload::{body as shown_body, recorded_headers};
use crate::console::components::status::{Status, answer_code, badge};
use crate::console::components::text::{bytes, id, nothing, outside, outside_cut};
use crate::console::components::time::{ago, fact};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::Confirm;
use crate::console::pages::sync_events::words;
use crate::operations::events::{EventView, SetOff};

/// What the page shows.
#[derive(Debug)]
pub(super) struct One<'a> {
    pub(super) read: &'a EventView,
    pub(super) content: Option<&'a [u8]>,
    pub(super) set_off: &'a SetOff,
}

/// The page.
pub(super) fn view(viewer: &Viewer, one: &One<'_>) -> Markup {
    let (detail, event) = (&one.read.event, &one.read.event.event);
    let verdict = html! {
        @match event.origin {
            Origin::Webhook => (badge(Status::VALID)),
            Origin::Api => "recognised by its token",
            Origin::System => "raised by Hookyard itself",
        }
    };
    let mut ids = vec![("Event", event.id.to_string())];
    ids.extend(event.delivery_id.iter().map(|id| ("Delivery", id.clone())));
    ids.extend(event.head_sha.iter().map(|sha| ("SHA", sha.clone())));
    let markup = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Events)) { "Events" } " / " (id(&event.id.to_string())) }),
            title: outside(&event.event_type),
            answer: html! { "From " (from(event)) ". " (verdict) },
            actions: Some(actions(viewer, one)),
        }))
        (facts::strip(&[
            ("Received", fact(viewer.now, event.received_at)),
            ("Repository", event.repository.as_deref().map_or_else(nothing, outside)),
            ("Outcome", html! { @match event.outcome { Some(outcome) => (outcome.as_str()), None => "processed, or about to be" } @if let Some(reason) = &event.reason { small { (outside_cut(reason, 240)) } } }),
            ("Size", html! { (bytes(u64::from(event.body_bytes.unsigned_abs()))) @if let Some(kind) = &detail.content_type { small { (outside(kind)) } } }),
        ]))
        div.cols {
            div.stack {
                (set_off(viewer, one))
                (payload(viewer, one))
                @if let Some(headers) = &detail.headers {
                    (panel::titled("Headers", &html! { "Nothing that may be secret" }, &html! { div.pad { (recorded_headers(headers)) } }, None))
                }
            }
            aside.stack aria-label="Related" {
                (facts::identity(&ids, Some(&format!("hookyard-admin events show {}", event.id))))
            }
        }
    };
    frame::page(viewer, Place::Events, &event.event_type, &[], &markup)
}

fn actions(viewer: &Viewer, one: &One<'_>) -> Markup {
    let path = |verb: &str| viewer.path(&format!("events/{}/{verb}", one.read.event.event.id));
    html! {
        @if one.content.is_some() {
            (button(&path("replay"), &viewer.csrf, "", &html! { (icon(Icon::Retry)) "Replay" }))
            a.btn.quiet href=(path("redact")) { "Redact …" }
        }
    }
}

fn payload(viewer: &Viewer, one: &One<'_>) -> Markup {
    let missing = if one.read.event.body == BodyState::Redacted {
        "It was redacted. The event cannot be replayed; have its provider deliver it again."
    } else {
        "It is past its retention, or was never kept. Have its provider deliver it again."
    };
    let raw = viewer.path(&format!("events/{}/body", one.read.event.event.id));
    let body = html! {
        div.pad { @match one.content { Some(content) => (shown_body(content)), None => p.dim { (missing) } } }
    };
    let foot = html! { span {} a href=(raw) download { "Download it as it came" } };
    panel::titled("Body", &html! {}, &body, one.content.map(|_| &foot))
}

fn set_off(viewer: &Viewer, one: &One<'_>) -> Markup {
    let SetOff { syncs, deliveries, more_deliveries } = one.set_off;
    let all = viewer.path(&format!("deliveries?event={}", one.read.event.event.id));
    let columns = [
        Column::text("Status"),
        Column::text("What"),
        Column::text("Answer"),
        Column::number("Since, UTC"),
    ];
    let rows = html! {
        @for sync in syncs { (sync_row(viewer, sync)) }
        @for delivery in deliveries { (delivery_row(viewer, delivery)) }
    };
    let body = html! {
        @if syncs.is_empty() && deliveries.is_empty() {
            div.pad { p.dim { "Nothing: no tracked branch and no subscription was concerned, or it is not processed yet." } }
        } @else { (panel::table("as-cards", None, &columns, &rows)) }
    };
    let foot = html! { span {} a href=(all) { "All its deliveries" } };
    panel::titled("What it set off", &html! {}, &body, more_deliveries.then_some(&foot))
}

fn sync_row(viewer: &Viewer, sync: &SyncEvent) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(words::status(sync, viewer.now))) }
            td.wide.o3 role="cell" {
                a.rowlink href=(viewer.path(&format!("sync-events/{}", sync.id))) { (words::repository(sync)) }
                " " (words::branch_of(sync))
                (words::cause(sync, viewer.now))
            }
            td.o4.none role="cell" { (nothing()) }
            td.num.o2 role="cell" { (ago(viewer.now, sync.queued_at)) }
        }
    }
}

fn delivery_row(viewer: &Viewer, delivery: &Delivery) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(delivery.state)) }
            td.wide.o3 role="cell" {
                a.rowlink href=(viewer.path(&format!("deliveries/{}", delivery.id))) {
                    @match &delivery.receiver { Some(name) => (outside(name)), None => "a removed receiver" }
                }
            }
            td.o4 role="cell" { (answer_code(delivery.response_status, delivery.error_class.as_deref())) }
            td.num.o2 role="cell" { (ago(viewer.now, delivery.state_at)) }
        }
    }
}

/// The page that asks before an event is redacted.
pub(super) fn ask_to_redact(viewer: &Viewer, read: &EventView) -> Markup {
    let event = &read.event.event;
    let back = viewer.path(&format!("events/{}", event.id));
    let confirm = Confirm {
        place: Place::Events,
        crumb: html! { a href=(viewer.place(Place::Events)) { "Events" } " / " a href=(back) { (id(&event.id.to_string())) } " / Redact" },
        title: "Redact this event?",
        answer: html! {
            "Its body of " (bytes(u64::from(event.body_bytes.unsigned_abs()))) " and its headers are removed at once and for good. "
            "It cannot be replayed then, nor can deliveries of it; its record and what it set off stay."
        },
        goes: Vec::new(),
        effects: Vec::new(),
        name: None,
        action: viewer.path(&format!("events/{}/redact", event.id)),
        button: "Redact it for good",
        back,
        below: html! {},
    };
    confirm.ask(viewer)
}
