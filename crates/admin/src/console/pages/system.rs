//! System: is Hookyard well?

use axum::extract::State;
use hookyard_store::workers::{self, Worker};
use hookyard_store::{overview, schema};
use maud::{Markup, html};

use super::overview::queue_table;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::facts;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{counted, outside};
use crate::console::components::time::{ago, cell};
use crate::console::frame::{self, Place, Viewer};
use crate::routes::Routes;

const COLUMNS: [Column; 4] = [
    Column::text("State"),
    Column::text("Worker"),
    Column::number("Heard of"),
    Column::newest_first("Started, UTC"),
];

/// The system page.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/system", Need::Admin, show)
}

async fn show(State(app): State<App>, asked: Asked, viewer: Viewer) -> Answer {
    let conn = app.store.conn().await?;
    let running = workers::running(&conn).await?;
    let queues = overview::queues(&conn, asked.workspace().id).await?;
    let version = schema::version(&conn).await?;
    let alive = running.iter().filter(|worker| worker.alive).count() as u64;
    let rows = html! { @for worker in &running { (row(&viewer, worker)) } };
    let versions = facts::list(&[
        ("hookyard-admin", html! { (env!("CARGO_PKG_VERSION")) }),
        ("Schema", html! { (version) }),
    ]);
    let body = html! {
        (panel::head(&Head {
            title: html! { "System" },
            answer: html! { b { (counted(alive, "worker is", "workers are")) " alive." } " The whole examination: " code { "hookyard-admin doctor" } },
            ..Head::default()
        }))
        (panel::titled("Workers", &html! { "of the whole deployment" }, &panel::table("as-cards", None, &COLUMNS, &rows), None))
        div.two {
            (panel::titled("Queues", &html! { "of this workspace" }, &queue_table(&queues), None))
            (panel::titled("Versions", &html! {}, &html! { div.pad { (versions) } }, None))
        }
    };
    answer::page(&app, &viewer, frame::page(&viewer, Place::System, "System", &[], &body))
}

fn row(viewer: &Viewer, worker: &Worker) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(if worker.alive { Status::RUNNING } else { Status::FAILED })) }
            td.wide.o3 role="cell" { span.strong { (outside(&worker.name)) } span.sub { (outside(&worker.version)) } }
            td.num.o4 role="cell" { (ago(viewer.now, worker.seen_at)) }
            td.num.o2 role="cell" { (cell(viewer.now, worker.started_at)) }
        }
    }
}
