//! How the system page is shown.

use hookyard_store::workers::Worker;
use maud::{Markup, html};

use super::{System, deployment};
use crate::console::components::facts;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{code, counted, outside};
use crate::console::components::time::{ago, cell};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::overview::queue_table;

const COLUMNS: [Column; 4] = [
    Column::text("State"),
    Column::text("Worker"),
    Column::number("Heard of"),
    Column::newest_first("Started, UTC"),
];

/// The page.
pub(super) fn view(viewer: &Viewer, system: &System) -> Markup {
    let alive = system.workers.iter().filter(|worker| worker.alive).count() as u64;
    let silent = system.workers.len() as u64 - alive;
    let examine = viewer.path("system/examination");
    let is_operator = system.deployment.is_some();
    let body = html! {
        (panel::head(&Head {
            title: html! { "System" },
            answer: html! {
                b { (counted(alive, "worker is", "workers are")) " alive" }
                @if silent > 0 { ", " (counted(silent, "fell", "fell")) " silent" }
                "."
            },
            actions: is_operator.then(|| html! { a.btn.primary href=(examine) { "Examine everything" } }),
            ..Head::default()
        }))
        @if !is_operator {
            p.small.dim {
                "Whoever runs this deployment examines all of it with an operator's token, or on the machine: "
                (code("hookyard-admin doctor"))
            }
        }
        (workers(viewer, &system.workers))
        div.two {
            (panel::titled("Queues", &html! { "of this workspace" }, &queue_table(&system.queues), None))
            (panel::titled("Versions", &html! {}, &html! { div.pad { (versions(system)) } }, None))
        }
        @if let Some(deployment) = &system.deployment { (deployment::panels(viewer, deployment)) }
    };
    frame::page(viewer, Place::System, "System", &[], &body)
}

fn workers(viewer: &Viewer, workers: &[Worker]) -> Markup {
    let rows = html! { @for worker in workers { (row(viewer, worker)) } };
    let body = if workers.is_empty() {
        html! {
            div.pad {
                p { "No worker was heard of during the last day: nothing is synced and nothing is sent." }
                p { "What arrives is kept. Start one with " (code("hookyard-worker serve")) "." }
            }
        }
    } else {
        panel::table("as-cards", None, &COLUMNS, &rows)
    };
    panel::titled("Workers", &html! { "of the whole deployment" }, &body, None)
}

fn row(viewer: &Viewer, worker: &Worker) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(if worker.alive { Status::RUNNING } else { Status::FAILED })) }
            td.wide.o3 role="cell" {
                span.strong { (outside(&worker.name)) } span.sub { (outside(&worker.version)) }
            }
            td.num.o4 role="cell" { (ago(viewer.now, worker.seen_at)) }
            td.num.o2 role="cell" { (cell(viewer.now, worker.started_at)) }
        }
    }
}

fn versions(system: &System) -> Markup {
    let mut of_workers: Vec<&str> =
        system.workers.iter().filter(|it| it.alive).map(|it| it.version.as_str()).collect();
    of_workers.sort_unstable();
    of_workers.dedup();
    facts::list(&[
        ("hookyard-admin", html! { (env!("CARGO_PKG_VERSION")) }),
        (
            "Workers",
            html! { @if of_workers.is_empty() { "none is alive" } @else { (outside(&of_workers.join(", "))) } },
        ),
        ("Schema", html! { (system.schema) }),
    ])
}
