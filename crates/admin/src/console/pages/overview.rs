//! The overview: does anything need me now?

use axum::extract::State;
use hookyard_domain::job::JobKind;
use hookyard_store::overview::QueueDepth;
use hookyard_store::sync_event_list::SyncEvent;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::sync_events;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::chart::{self, Bucket, Chart};
use crate::console::components::icons::{Icon, icon};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::badge;
use crate::console::components::text::{counted, grouped, nothing, outside, outside_cut};
use crate::console::components::time::{ago, clock, date, took};
use crate::console::frame::{self, Place, Viewer};
use crate::console::live;
use crate::console::visit::InQuery;
use crate::operations::overview::{
    self as operation, Activity, Attention, AttentionKind, Numbers, Overview, Severity, Subject,
    Window,
};
use crate::routes::Routes;

mod updates;

/// The longest cause that an item shows, in characters.
const CAUSE_CHARS_MAX: usize = 240;
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

/// What a plain member may not know stays out: names of repositories that nobody let them see.
fn visible<'a>(viewer: &Viewer, items: &'a [Attention]) -> Vec<&'a Attention> {
    let of_instance =
        |item: &Attention| matches!(item.subject, Subject::Target(_) | Subject::SyncEvent(_));
    items.iter().filter(|item| viewer.is_admin || !of_instance(item)).collect()
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

/// A window in words: `24 hours`.
pub(super) const fn window_words(window: Window) -> &'static str {
    match window {
        Window::Hour => "hour",
        Window::Day => "24 hours",
        Window::Week => "7 days",
        Window::Month => "30 days",
    }
}

fn attention(viewer: &Viewer, items: &[&Attention]) -> Markup {
    let body = html! { ul.todo { @for item in items { (attention_item(viewer, item)) } } };
    let note = html! { "Most serious first; an item leaves by itself when its cause is gone" };
    panel::titled("Needs attention", &note, &body, None)
}

fn attention_item(viewer: &Viewer, item: &Attention) -> Markup {
    let class = if item.severity == Severity::Notice { "warn" } else { "bad" };
    html! {
        li {
            span class=(class) { (icon(shape(item.kind))) }
            div {
                p { b { (outside(&item.name)) } " " (happened(item)) }
                p {
                    @if let Some(since) = item.since { "Since " (clock(since)) ", " (ago(viewer.now, since)) ". " }
                    @if let Some(cause) = &item.cause { (outside_cut(cause, CAUSE_CHARS_MAX)) }
                }
            }
            @if let Some((path, words)) = way(viewer, item) { a.btn href=(path) { (words) } }
        }
    }
}

const fn shape(kind: AttentionKind) -> Icon {
    match kind {
        AttentionKind::ConnectionDisabled => Icon::Paused,
        AttentionKind::SyncFailed | AttentionKind::NoWorker => Icon::Octagon,
        AttentionKind::SyncPartial => Icon::Half,
        AttentionKind::DeadLetters => Icon::OctagonFilled,
        AttentionKind::ConnectionFailing | AttentionKind::OauthClientFailing => Icon::Clock,
        AttentionKind::ConnectionActionNeeded
        | AttentionKind::TargetNeedsConfirmation
        | AttentionKind::TargetGone => Icon::Triangle,
    }
}

fn happened(item: &Attention) -> String {
    let count = u64::try_from(item.count).unwrap_or_default();
    let waiting = counted(count, "delivery waits", "deliveries wait");
    match item.kind {
        AttentionKind::NoWorker => "nothing is worked off: no worker was heard of".to_owned(),
        AttentionKind::ConnectionDisabled => format!("is disabled; {waiting} for it."),
        AttentionKind::ConnectionActionNeeded => {
            format!("must be connected anew: its credentials are taken no longer; {waiting}.")
        }
        AttentionKind::ConnectionFailing | AttentionKind::OauthClientFailing => {
            format!("does nothing but fail; {waiting}.")
        }
        AttentionKind::TargetNeedsConfirmation => {
            "waits for a decision: a sync would delete much.".to_owned()
        }
        AttentionKind::TargetGone => "is gone: its repository or branch cannot be read.".to_owned(),
        AttentionKind::SyncFailed => "could not be synced.".to_owned(),
        AttentionKind::SyncPartial => "is partial: files cannot be read.".to_owned(),
        AttentionKind::DeadLetters => format!(
            "hold {}.",
            counted(count, "thing that was given up", "things that were given up")
        ),
    }
}

/// Its one action.
fn way(viewer: &Viewer, item: &Attention) -> Option<(String, &'static str)> {
    match item.subject {
        Subject::System => viewer.is_admin.then(|| (viewer.place(Place::System), "System")),
        Subject::Connection(id) => {
            Some((viewer.path(&format!("integrations/{id}")), "See the connection"))
        }
        Subject::OauthClient(id) => {
            viewer.is_admin.then(|| (viewer.path(&format!("oauth-clients/{id}")), "See the client"))
        }
        Subject::Target(id) => {
            Some((viewer.path(&format!("connector-targets/{id}")), "See the target"))
        }
        Subject::SyncEvent(id) => Some((viewer.path(&format!("sync-events/{id}")), "See the sync")),
        Subject::DeadLetters => {
            viewer.is_admin.then(|| (viewer.place(Place::DeadLetters), "Dead letters"))
        }
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

fn tiles(viewer: &Viewer, overview: &Overview, window: Window) -> Markup {
    let totals = &overview.activity.totals;
    let ready: i64 = overview.queues.iter().map(|queue| queue.ready).sum();
    let waiting: i64 = overview.queues.iter().map(|queue| queue.waiting).sum();
    let oldest = overview.queues.iter().filter_map(|queue| queue.oldest_ms).max();
    let since = window.as_str();
    html! {
        div.tiles {
            div.tile {
                span.l { "Events" } span.v { (grouped(number(totals.arrived))) }
                span.d { "in the last " (window_words(window)) }
            }
            a.tile href=(viewer.path(&format!("sync-events?since={since}"))) {
                span.l { "Syncs" } span.v { (grouped(number(totals.syncs()))) }
                span.d { (grouped(number(totals.syncs_partial))) " partial · " (grouped(number(totals.syncs_failed))) " failed" }
            }
            a.tile href=(viewer.place(Place::Deliveries)) {
                span.l { "Deliveries" } span.v { (grouped(number(totals.delivered))) }
                span.d { (grouped(number(totals.deliveries_failed))) " failed tries · " (grouped(number(totals.deliveries_dead))) " dead" }
            }
            div.tile {
                span.l { "Oldest waiting job" }
                span.v { @match oldest { Some(ms) => (took(ms)), None => (nothing()) } }
                span.d { (grouped(number(ready))) " ready · " (grouped(number(waiting))) " waiting" }
            }
        }
    }
}

fn charts(viewer: &Viewer, activity: &Activity, window: Window) -> Markup {
    let per = took(i64::from(activity.bucket_s) * 1000);
    let buckets = |of: fn(&Numbers) -> [i64; 3]| -> Vec<Bucket> {
        let bucket = |bucket: &operation::Bucket| {
            let [good, passing, bad] = of(&bucket.numbers).map(number);
            Bucket {
                label: label(viewer.now, bucket.since, window),
                good,
                passing,
                bad,
                href: None,
            }
        };
        activity.buckets.iter().map(bucket).collect()
    };
    let syncs = buckets(|it| [it.syncs_completed, it.syncs_partial, it.syncs_failed]);
    let deliveries = buckets(|it| [it.delivered, it.deliveries_failed, it.deliveries_dead]);
    let events = buckets(|it| [it.arrived, 0, 0]);
    let of = |name, words, buckets| Chart { name, words, per: &per, buckets, slim: false };
    html! {
        div.two {
            (chart::panel(&of("Syncs", ["completed", "partial", "failed"], &syncs)))
            (chart::panel(&of("Deliveries", ["delivered", "failed tries", "dead"], &deliveries)))
        }
        (chart::panel(&of("Events", ["arrived", "", ""], &events)))
    }
}

/// The name of a bucket: its time, and the day where there are several.
pub(super) fn label(now: Timestamp, at: Timestamp, window: Window) -> String {
    let time = &clock(at)[..5];
    match window {
        Window::Hour => time.to_owned(),
        Window::Day if date(now, at) == date(now, now) => time.to_owned(),
        Window::Day | Window::Week | Window::Month => format!("{} {time}", date(now, at)),
    }
}

const QUEUE_COLUMNS: [Column; 5] = [
    Column::text("Queue"),
    Column::number("Ready"),
    Column::number("Waiting"),
    Column::number("Leased"),
    Column::number("Oldest"),
];

fn queues(overview: &Overview) -> Markup {
    let alive = overview.workers.iter().filter(|worker| worker.alive).count();
    let foot = html! { span { (counted(alive as u64, "worker", "workers")) " heard of in the last minute" } };
    let note = html! { "Jobs that are not finished" };
    panel::titled("Queues", &note, &queue_table(&overview.queues), Some(&foot))
}

/// How much is not finished, by kind.
pub(super) fn queue_table(queues: &[QueueDepth]) -> Markup {
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
