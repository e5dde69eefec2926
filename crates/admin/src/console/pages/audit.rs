//! The audit log: who changed this, when, why, from what to what?

use axum::extract::State;
use hookyard_store::audit::{self, AuditFilter, Entry};
use maud::{Markup, html};

use super::plain::{self, Ask};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::panel::Column;
use crate::console::components::payload::json;
use crate::console::components::text::{code, outside, outside_cut};
use crate::console::components::time::cell;
use crate::console::components::timeline::details;
use crate::console::frame::{Place, Viewer};
use crate::console::visit::InQuery;
use crate::routes::Routes;

/// The audit log.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/audit-log", Need::Admin, show)
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let filter = AuditFilter { workspace: Some(asked.workspace().id), subject: None };
    let conn = app.store.conn().await?;
    let page = audit::list(&conn, filter, ask.page()?).await?;
    let list = plain::List {
        place: Place::Audit,
        answer: "Every change, by whom and why, newest first.",
        columns: &[
            Column::text("Who"),
            Column::text("What"),
            Column::text("Why"),
            Column::newest_first("When, UTC"),
        ],
        nouns: ("change", "changes"),
        when_empty: "A line is written with every change.",
    };
    answer::page(
        &app,
        &viewer,
        plain::view(&viewer, &list, &ask, &page, |entry| row(&viewer, entry)),
    )
}

fn row(viewer: &Viewer, entry: &Entry) -> Markup {
    html! {
        tr role="row" {
            td.wide.o1 role="cell" { (outside(&entry.actor)) }
            td.wide.o3 role="cell" {
                (code(&entry.action)) span.sub.mono { (outside(&entry.subject)) }
                @for (name, value) in [("Before", &entry.before), ("After", &entry.after)] {
                    @if let Some(value) = value { (details(name, false, &json(value))) }
                }
            }
            td.wide.o4 role="cell" { @if let Some(reason) = &entry.reason { (outside_cut(reason, 240)) } }
            td.num.o2 role="cell" { (cell(viewer.now, entry.at)) }
        }
    }
}
