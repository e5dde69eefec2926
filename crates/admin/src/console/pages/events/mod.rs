//! Events: what arrived, was it genuine, and what did it set off?

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use hookyard_domain::event::Origin;
use hookyard_domain::ids::EventId;
use hookyard_store::event_list::{self, Event, EventFilter};
use hookyard_store::sync_event_list::BodyState;
use maud::{Markup, html};

use super::plain::{self, Ask};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::panel::Column;
use crate::console::components::query::Query;
use crate::console::components::text::{bytes, nothing, outside, outside_cut};
use crate::console::components::time::cell;
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Reason, because};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::events as operation;
use crate::routes::Routes;

mod one;
mod updates;

/// The events of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/events", Need::Admin, show_list)
        .page("/w/{slug}/events/{event}", Need::Admin, show)
        .page("/w/{slug}/events/stream", Need::Admin, updates::stream)
        .page("/w/{slug}/events/{event}/body", Need::Admin, body)
        .page("/w/{slug}/events/{event}/redact", Need::Admin, ask_to_redact)
        .action("/w/{slug}/events/{event}/redact", Need::Admin, redact)
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
    let newest = page.items.first().map(|event| event.id.to_string()).unwrap_or_default();
    let stream = Query::new().with("newest", newest).href(&viewer.path("events/stream"));
    let list = plain::List {
        stream: Some(&stream),
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

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<EventId>,
) -> Answer {
    let read = operation::show(&app.store, id).await?;
    let body = match read.event.body {
        BodyState::Stored => Some(operation::body(&app.store, id).await?),
        BodyState::Redacted | BodyState::Expired => None,
    };
    let set_off = operation::set_off(&app.store, asked.workspace().id, &read).await?;
    let shown = one::One { read: &read, content: body.as_deref(), set_off: &set_off };
    answer::page(&app, &viewer, one::view(&viewer, &shown))
}

/// The whole body as it came, as a file: nothing that a browser would show or run.
async fn body(State(app): State<App>, Subject(id): Subject<EventId>) -> Answer {
    let content = operation::body(&app.store, id).await?;
    let name = format!("attachment; filename=\"{id}.bin\"");
    let headers =
        [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok(answer::protected((headers, content).into_response()))
}

async fn ask_to_redact(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<EventId>,
) -> Answer {
    let read = operation::show(&app.store, id).await?;
    answer::page(&app, &viewer, one::ask_to_redact(&viewer, &read))
}

async fn redact(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<EventId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::redact(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    let to = viewer.path(&format!("events/{id}"));
    answer::done(&app, &to, "Redacted: its body and headers are gone for good.")
}

async fn replay(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<EventId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::replay(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    answer::done(
        &app,
        &viewer.path(&format!("events/{id}")),
        "Queued: it is processed from the start.",
    )
}
