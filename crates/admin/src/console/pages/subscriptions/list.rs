//! The subscriptions of a workspace, or of one connection.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::ids::{ConnectionId, SubscriptionId};
use hookyard_store::paging::{Page, PageRequest};
use hookyard_store::subscriptions::{self, Subscription};
use maud::{Markup, html};
use serde::Deserialize;

use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::icons::Icon;
use crate::console::components::message::empty;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{code, counted, cut, outside};
use crate::console::components::time::cell;
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::InQuery;
use crate::operations::connections as connection_operation;
use crate::routes::Routes;

/// The rows of one page.
const ROWS: u16 = 50;
/// The longest filter of a row, in characters, and the most types.
const FILTER_CHARS_MAX: usize = 120;
const TYPES_MAX: usize = 6;

pub(in crate::console::pages) const COLUMNS: [Column; 4] = [
    Column::text("State"),
    Column::text("Receiver"),
    Column::text("Events"),
    Column::newest_first("Since, UTC"),
];

pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/subscriptions", Need::Member, show)
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    connection: Option<ConnectionId>,
    after: Option<SubscriptionId>,
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let request = PageRequest::new(ROWS, ask.after).map_err(|_| Failure::no_page())?;
    let workspace = asked.workspace().id;
    let (page, of) = match ask.connection {
        None => (subscriptions::list(&conn, Some(workspace), request).await?, None),
        Some(id) => {
            let connection = connection_operation::require(&conn, id).await?;
            if connection.workspace_id != workspace {
                let text = "The connection in the address is not of this workspace.";
                let title = "There is no such thing";
                return Err(Failure::new(StatusCode::NOT_FOUND, title, text));
            }
            let page = subscriptions::list_of_connection(&conn, id, request).await?;
            (page, Some(connection.name))
        }
    };
    answer::page(&app, &viewer, view(&viewer, &ask, &page, of.as_deref()))
}

fn view(
    viewer: &Viewer,
    ask: &Ask,
    page: &Page<Subscription, SubscriptionId>,
    of: Option<&str>,
) -> Markup {
    let path = viewer.place(Place::Subscriptions);
    let connection = ask.connection.map(|id| id.to_string()).unwrap_or_default();
    let query = Query::new().with("connection", connection);
    let older = page.next_cursor.map(|id| query.with("after", id.to_string()).href(&path));
    let newest = ask.after.is_some().then(|| query.href(&path));
    let add = query.href(&viewer.path("subscriptions/add"));
    let paused = page.items.iter().filter(|it| !it.active).count() as u64;
    let count = counted(page.items.len() as u64, "subscription", "subscriptions");
    let body = html! {
        (panel::head(&Head {
            title: html! { "Subscriptions" },
            answer: html! {
                "Who is told about what. "
                @if !page.items.is_empty() { b { (count) } " on this page"
                    @if paused > 0 { ", " (paused) " of them paused" } "." }
                @if let Some(name) = of { " Only those of " (outside(name)) ". " a href=(path) { "Show all" } }
            },
            actions: viewer.is_admin.then(|| html! { a.btn.primary href=(add) { "Add a subscription" } }),
            ..Head::default()
        }))
        @if page.items.is_empty() {
            (empty(Icon::Out, "Nobody is told of anything", &html! {
                p { "A new connection is subscribed to everything by itself; further subscriptions are added here." }
                @if viewer.is_admin { div.actions {
                    a.btn.primary href=(viewer.path("integrations/connect")) { "Connect an integration" }
                } }
            }))
        } @else {
            section.panel aria-label="Subscriptions" {
                (panel::table("as-cards", None, &COLUMNS, &html! { @for it in &page.items { (row(viewer, it)) } }))
                (panel::list_foot(&html! { (count) " on this page" }, newest.as_deref(), older.as_deref()))
            }
        }
    };
    frame::page(viewer, Place::Subscriptions, "Subscriptions", &[], &body)
}

/// The state of a subscription as a status.
pub(super) const fn status(subscription: &Subscription) -> Status {
    if subscription.active { Status::ACTIVE } else { Status::PAUSED }
}

/// A row of a table of [`COLUMNS`].
pub(in crate::console::pages) fn row(viewer: &Viewer, subscription: &Subscription) -> Markup {
    let page = viewer.path(&format!("subscriptions/{}", subscription.id));
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(status(subscription))) }
            td.wide.o3 role="cell" {
                a.rowlink href=(page) { (outside(&subscription.connection)) }
                span.sub.mono { (subscription.id) }
            }
            td.wide.o4 role="cell" {
                (types(&subscription.event_types, TYPES_MAX))
                @if let Some(filter) = &subscription.filter {
                    span.sub { "filter " (code(&cut(filter, FILTER_CHARS_MAX))) }
                }
                @if subscription.template.is_some() { span.sub { "with a template" } }
            }
            td.num.o2 role="cell" { (cell(viewer.now, subscription.created_at)) }
        }
    }
}

/// Event types as people read them.
pub(super) fn types(event_types: &[String], shown_max: usize) -> Markup {
    html! {
        @if event_types.iter().any(|it| it == "*") { "every event" }
        @else {
            @for event_type in event_types.iter().take(shown_max) { (code(event_type)) " " }
            @if event_types.len() > shown_max { "and " (event_types.len() - shown_max) " more" }
        }
    }
}
