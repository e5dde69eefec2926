//! Subscriptions: who is told about what?

use axum::extract::State;
use hookyard_store::subscriptions::{self, Subscription};
use maud::{Markup, html};

use super::plain::{self, Ask};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::panel::Column;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{code, outside};
use crate::console::components::time::cell;
use crate::console::frame::{Place, Viewer};
use crate::console::visit::InQuery;
use crate::routes::Routes;

/// The subscriptions of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/subscriptions", Need::Member, show)
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = subscriptions::list(&conn, Some(asked.workspace().id), ask.page()?).await?;
    let list = plain::List {
        stream: None,
        place: Place::Subscriptions,
        answer: "Who is told about what: types, filter, and how the message is made.",
        columns: &[
            Column::text("State"),
            Column::text("Receiver"),
            Column::text("Events"),
            Column::newest_first("Since, UTC"),
        ],
        nouns: ("subscription", "subscriptions"),
        when_empty: "A new connection is subscribed to everything by itself.",
    };
    answer::page(&app, &viewer, plain::view(&viewer, &list, &ask, &page, |it| row(&viewer, it)))
}

fn row(viewer: &Viewer, subscription: &Subscription) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(if subscription.active { Status::ACTIVE } else { Status::DISABLED })) }
            td.wide.o3 role="cell" {
                span.strong { (outside(&subscription.connection)) } span.sub.mono { (subscription.id) }
            }
            td.wide.o4 role="cell" {
                @for event_type in &subscription.event_types { (code(event_type)) " " }
                @if let Some(filter) = &subscription.filter { span.sub { "filter " (code(filter)) } }
                @if subscription.template.is_some() { span.sub { "with a template" } }
            }
            td.num.o2 role="cell" { (cell(viewer.now, subscription.created_at)) }
        }
    }
}
