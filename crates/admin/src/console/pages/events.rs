//! Events: what arrived, was it genuine, and what did it set off?

use axum::extract::State;
use hookyard_domain::event::Origin;
use hookyard_domain::ids::EventId;
use hookyard_store::event_list::{self, Event, EventFilter};
use hookyard_store::sync_event_list::BodyState;
use maud::{Markup, html};
use serde::Deserialize;

use super::because;
use super::plain::{self, Ask};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::facts;
use crate::console::components::form::button;
use crate::console::components::icons::{Icon, icon};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::payload::{body as shown_body, recorded_headers};
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{bytes, code, id, nothing, outside, outside_cut};
use crate::console::components::time::{cell, fact};
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::events::{self as operation, EventView};
use crate::routes::Routes;

/// The events of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/events", Need::Admin, show_list)
        .page("/w/{slug}/events/{event}", Need::Admin, show)
        .action("/w/{slug}/events/{event}/replay", Need::Admin, replay)
}

async fn show_list(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let filter = EventFilter { workspace: Some(asked.workspace().id), ..EventFilter::default() };
    let conn = app.store.conn().await?;
    let page = event_list::list(&conn, &filter, ask.page()?).await?;
    let list = plain::List {
        place: Place::Events,
        answer: "Everything that arrived and was genuine, was published, or was raised by Hookyard itself.",
        columns: &[
            Column::text("Event"),
            Column::text("From"),
            Column::text("Repository"),
            Column::number("Size"),
            Column::newest_first("Received, UTC"),
        ],
        nouns: ("event", "events"),
        when_empty: "An event is recorded when a provider's call verifies, or when one is published.",
    };
    answer::page(
        &app,
        &viewer,
        plain::view(&viewer, &list, &ask, &page, |event| row(&viewer, event)),
    )
}

fn row(viewer: &Viewer, event: &Event) -> Markup {
    html! {
        tr role="row" {
            td.wide.o1 role="cell" {
                a.rowlink href=(viewer.path(&format!("events/{}", event.id))) { (outside(&event.event_type)) }
                @if let Some(reason) = &event.reason { span.sub { (outside_cut(reason, 240)) } }
            }
            td.o3 role="cell" { (from(event)) }
            td.wide.o4 role="cell" { @if let Some(repository) = &event.repository { (outside(repository)) } @else { (nothing()) } }
            td.num.o5 role="cell" { (bytes(u64::from(event.body_bytes.unsigned_abs()))) }
            td.num.o2 role="cell" { (cell(viewer.now, event.received_at)) }
        }
    }
}

fn from(event: &Event) -> Markup {
    html! {
        @match (event.origin, &event.source) {
            (Origin::Webhook, Some(source)) => (outside(source)),
            (Origin::Webhook, None) => "a webhook",
            (Origin::Api, _) => "published",
            (Origin::System, _) => "Hookyard",
        }
    }
}

async fn show(State(app): State<App>, viewer: Viewer, Subject(id): Subject<EventId>) -> Answer {
    let read = operation::show(&app.store, id).await?;
    let body = match read.event.body {
        BodyState::Stored => Some(operation::body(&app.store, id).await?),
        BodyState::Redacted | BodyState::Expired => None,
    };
    answer::page(&app, &viewer, view(&viewer, &read, body.as_deref()))
}

fn view(viewer: &Viewer, read: &EventView, content: Option<&[u8]>) -> Markup {
    let (detail, event) = (&read.event, &read.event.event);
    let verdict = html! {
        @match event.origin {
            Origin::Webhook => (badge(Status::VALID)),
            Origin::Api => "recognised by its token",
            Origin::System => "raised by Hookyard itself",
        }
    };
    let replay = viewer.path(&format!("events/{}/replay", event.id));
    let mut ids = vec![("Event", event.id.to_string())];
    ids.extend(event.delivery_id.iter().map(|id| ("Delivery", id.clone())));
    ids.extend(event.head_sha.iter().map(|sha| ("SHA", sha.clone())));
    let missing = if detail.body == BodyState::Redacted {
        "It was redacted."
    } else {
        "It is past its retention, or was never kept."
    };
    let payload = html! {
        div.pad { @match content { Some(content) => (shown_body(content)), None => p.dim { (missing) } } }
    };
    let markup = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Events)) { "Events" } " / " (id(&event.id.to_string())) }),
            title: outside(&event.event_type),
            answer: html! { "From " (from(event)) ". " (verdict) },
            actions: Some(button(&replay, &viewer.csrf, "", &html! { (icon(Icon::Retry)) "Replay" })),
        }))
        (facts::strip(&[
            ("Received", fact(viewer.now, event.received_at)),
            ("Repository", event.repository.as_deref().map_or_else(nothing, outside)),
            ("Outcome", html! { @match event.outcome { Some(outcome) => (outcome.as_str()), None => "processed, or about to be" } @if let Some(reason) = &event.reason { small { (outside_cut(reason, 240)) } } }),
            ("Size", html! { (bytes(u64::from(event.body_bytes.unsigned_abs()))) @if let Some(kind) = &detail.content_type { small { (outside(kind)) } } }),
        ]))
        div.cols {
            div.stack {
                (panel::titled("Body", &html! {}, &payload, None))
                @if let Some(headers) = &detail.headers {
                    (panel::titled("Headers", &html! { "Nothing that may be secret" }, &html! { div.pad { (recorded_headers(headers)) } }, None))
                }
            }
            aside.stack aria-label="Related" {
                (set_off(viewer, read))
                (facts::identity(&ids, Some(&format!("hookyard-admin events show {}", event.id))))
            }
        }
    };
    frame::page(viewer, Place::Events, &event.event_type, &[], &markup)
}

fn set_off(viewer: &Viewer, read: &EventView) -> Markup {
    let deliveries = viewer.path(&format!("deliveries?event={}", read.event.event.id));
    let body = html! {
        div.pad { ul.stack-s.small {
            @for sync in &read.sync_events { li { a.mono href=(viewer.path(&format!("sync-events/{sync}"))) { (code(&sync.to_string())) } } }
            li { a href=(deliveries) { "Its deliveries" } }
        } }
    };
    panel::titled("What it set off", &html! {}, &body, None)
}

#[derive(Debug, Deserialize)]
struct Reason {
    reason: Option<String>,
}

async fn replay(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<EventId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::replay(&app.store, &asked.actor(because(form.reason)?), id).await?;
    answer::done(
        &app,
        &viewer.path(&format!("events/{id}")),
        "Queued: it is processed from the start.",
    )
}
