//! How much work is not finished.

use hookyard_domain::job::JobKind;
use hookyard_store::overview::QueueDepth;
use maud::{Markup, html};

use super::number;
use crate::console::components::panel::{self, Column};
use crate::console::components::text::{counted, grouped, nothing};
use crate::console::components::time::took;
use crate::operations::overview::Overview;

const QUEUE_COLUMNS: [Column; 5] = [
    Column::text("Queue"),
    Column::number("Ready"),
    Column::number("Waiting"),
    Column::number("Leased"),
    Column::number("Oldest"),
];

/// The panel of it.
pub(super) fn queues(overview: &Overview) -> Markup {
    let alive = overview.workers.iter().filter(|worker| worker.alive).count();
    let foot = html! { span { (counted(alive as u64, "worker", "workers")) " heard of in the last minute" } };
    let note = html! { "Jobs that are not finished" };
    panel::titled("Queues", &note, &queue_table(&overview.queues), Some(&foot))
}

/// How much is not finished, by kind.
pub(in crate::console::pages) fn queue_table(queues: &[QueueDepth]) -> Markup {
    let rows = html! { @for queue in queues { (queue_row(queue)) } };
    panel::table("", None, &QUEUE_COLUMNS, &rows)
}

fn queue_row(queue: &QueueDepth) -> Markup {
    let name = match queue.kind {
        JobKind::Event => "events",
        JobKind::Sync => "syncs",
        JobKind::Delivery => "deliveries",
        JobKind::Replay => "replays",
    };
    html! {
        tr role="row" {
            td.strong role="cell" { (name) }
            @for count in [queue.ready, queue.waiting, queue.leased] { td.num role="cell" { (grouped(number(count))) } }
            td.num role="cell" { @match queue.oldest_ms { Some(ms) => (took(ms)), None => (nothing()) } }
        }
    }
}
