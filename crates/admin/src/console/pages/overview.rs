//! The overview: does anything need me now?

use axum::extract::State;
use hookyard_store::sync_event_list::SyncEvent;
use maud::{Markup, html};
use serde::Deserialize;

use self::activity::{charts, tiles};
use self::attention::{attention, visible};
use self::queues::queues;
use super::sync_events;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::badge;
use crate::console::components::text::counted;
use crate::console::components::time::{ago, took};
use crate::console::frame::{self, Place, Viewer};
use crate::console::live;
use crate::console::visit::InQuery;
use crate::operations::overview::{self as operation, Overview, Window};
use crate::routes::Routes;

mod activity;
mod attention;
mod queues;
mod updates;

pub(super) use activity::{label, window_words};
pub(super) use queues::queue_table;

/// How many of the latest syncs are shown.
const LATEST: usize = 6;

/// The overview of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/overview", Need::Member, show).page(
        "/w/{slug}/overview/stream",
        Need::Member,
        updates::stream,
    )
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    since: Option<String>,
}

impl Ask {
    fn window(&self) -> Result<Window, Failure> {
        let Some(text) = &self.since else { return Ok(Window::Day) };
        text.parse().map_err(|error: String| {
            Failure::new(
                axum::http::StatusCode::BAD_REQUEST,
                "That address means nothing",
                format!("since: {error}"),
            )
        })
    }
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let window = ask.window()?;
    let read = operation::overview(&app.store, asked.workspace().id, window).await?;
    let latest = sync_events::latest(&app, &asked, viewer.now).await?;
    let shown = &latest[..latest.len().min(LATEST)];
    answer::page(&app, &viewer, view(&viewer, &read, window, shown))
}

/// The page.
fn view(viewer: &Viewer, overview: &Overview, window: Window, latest: &[SyncEvent]) -> Markup {
    let items = visible(viewer, &overview.attention);
    let stream = viewer.path("overview/stream");
    let stream = Query::new().with("since", window.as_str()).href(&stream);
    let body = html! {
        (panel::head(&Head {
            title: html! { "Overview" },
            answer: html! { span #answer { (answer(overview, items.len())) } },
            actions: Some(html! { (live::switch(viewer)) (windows(viewer, window)) }),
            ..Head::default()
        }))
        @if viewer.live { (live::connect(&stream)) }
        div #attention { @if !items.is_empty() { (attention(viewer, &items)) } }
        div #tiles { (tiles(viewer, overview, window)) }
        (charts(viewer, &overview.activity, window))
        div.two {
            div #queues { (queues(overview)) }
            (latest_syncs(viewer, latest))
        }
    };
    frame::page(viewer, Place::Overview, "Overview", &[], &body)
}

fn answer(overview: &Overview, items: usize) -> Markup {
    let oldest = overview.queues.iter().filter_map(|queue| queue.oldest_ms).max();
    html! {
        @if items == 0 { b { "Nothing needs anybody." } }
        @else { b { (counted(items as u64, "thing needs", "things need")) " attention." } }
        @match oldest {
            Some(ms) => { " The oldest waiting job is " (took(ms)) " old." },
            None => " No job is waiting.",
        }
    }
}

fn windows(viewer: &Viewer, window: Window) -> Markup {
    html! {
        form.one action=(viewer.place(Place::Overview)) method="get" {
            label.vh for="since" { "Window" }
            select #since name="since" {
                @for choice in Window::ALL {
                    option value=(choice.as_str()) selected[choice == window] { "Last " (window_words(choice)) }
                }
            }
            button.btn { "Show" }
        }
    }
}

fn latest_syncs(viewer: &Viewer, latest: &[SyncEvent]) -> Markup {
    let columns = [Column::text("Status"), Column::text("Target"), Column::newest_first("Queued")];
    let rows = html! {
        @for sync in latest {
            tr role="row" {
                td.o1 role="cell" { (badge(sync_events::words::status(sync, viewer.now))) }
                td.wide.o3 role="cell" {
                    a.rowlink href=(viewer.path(&format!("sync-events/{}", sync.id))) { (sync_events::words::repository(sync)) }
                    " " (sync_events::words::branch_of(sync))
                }
                td.num.o2 role="cell" { (ago(viewer.now, sync.queued_at)) }
            }
        }
    };
    let body = html! {
        @if latest.is_empty() { div.pad { p.dim { "No sync has run yet." } } }
        @else { (panel::table("as-cards", None, &columns, &rows)) }
    };
    let foot = html! { span {} a href=(viewer.place(Place::SyncEvents)) { "All sync events" } };
    panel::titled("Latest syncs", &html! {}, &body, Some(&foot))
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
