//! One sync event: what happened to this push, step by step, and which files are wrong.

use hookyard_domain::sync_event::{SyncReason, SyncStatus};
use hookyard_store::sync_event_list::SyncEvent;
use hookyard_store::targets::Target;
use jiff::Timestamp;
use maud::{Markup, html};

use super::{steps, words};
use crate::console::components::counts::delta;
use crate::console::components::facts::{self, Fact};
use crate::console::components::form::button;
use crate::console::components::icons::{Icon, icon};
use crate::console::components::message::note;
use crate::console::components::panel::{self, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Tone, badge, badge_big};
use crate::console::components::text::{GITHUB_WEB, branch, commit, counted, id, nothing, outside};
use crate::console::components::time::{ago, fact, took};
use crate::console::components::timeline::{Span, SpanKind, timeline, where_the_time_went};
use crate::console::frame::{self, Place, Viewer};
use crate::console::live;
use crate::operations::story::{SegmentKind, SyncStory};

/// What the page shows.
#[derive(Debug)]
pub struct One<'a> {
    pub story: &'a SyncStory,
    /// None: it was removed.
    pub target: Option<&'a Target>,
    /// Whether the reader may start syncs of its instance.
    pub may_edit: bool,
}

/// The page.
pub fn view(viewer: &Viewer, one: &One<'_>) -> Markup {
    let sync = &one.story.sync_event;
    let title = format!("{} @ {}", sync.repository, branch(&sync.git_ref));
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::SyncEvents)) { "Sync events" } " / " (id(&sync.id.to_string())) }),
            title: outside(&title),
            answer: html! { span #answer { (answer(viewer, sync)) } },
            actions: (one.may_edit).then(|| actions(viewer, sync)),
        }))
        @if !sync.status.is_final() && viewer.live { (live::connect(&stream(viewer, sync))) }
        (facts::strip(&key_facts(viewer, sync)))
        div.cols {
            div.stack {
                @if let Some(advice) = advice(viewer, sync) { (note(tone(sync), &advice)) }
                section aria-labelledby="timeline" {
                    div.head {
                        h2 #timeline { "Timeline" }
                        p.small.dim { "Times in UTC; below each, the time since the step before" }
                    }
                    (where_the_time_went(&spans(one.story)))
                    (timeline(&steps::of(viewer, one.story)))
                }
            }
            aside.stack aria-label="Related" {
                @if let Some(target) = one.target { (target_panel(viewer, target)) }
                (identity(sync))
            }
        }
    };
    frame::page(viewer, Place::SyncEvents, &title, &[], &body)
}

fn tone(sync: &SyncEvent) -> Tone {
    if sync.status == SyncStatus::Failed { Tone::Bad } else { Tone::Warn }
}

fn stream(viewer: &Viewer, sync: &SyncEvent) -> String {
    let path = viewer.path(&format!("sync-events/{}/stream", sync.id));
    Query::new().with("seen", state(sync)).href(&path)
}

/// In a word what the page tells: another one, and its story has gone on.
pub(super) fn state(sync: &SyncEvent) -> String {
    let waits = sync.waits_until.map_or(0, Timestamp::as_second);
    format!("{}-{}-{waits}", sync.status, sync.attempts)
}

/// What the page says first.
pub(super) fn answer(viewer: &Viewer, sync: &SyncEvent) -> Markup {
    let counts = &sync.counts;
    let live = counts.created + counts.updated + counts.deleted;
    let at = words::head(sync).map(|sha| commit(GITHUB_WEB, &sync.repository, sha));
    html! {
        (badge_big(words::status(sync, viewer.now))) " "
        @match sync.status {
            SyncStatus::Queued => "Recorded; a worker takes it when its turn has come.",
            SyncStatus::Running => {
                @match &sync.worker {
                    Some(worker) => { (outside(worker)) " reconciles the branch now." },
                    None => "A worker reconciles the branch now.",
                }
            },
            SyncStatus::Completed if live == 0 => {
                "The target equals the branch" @if let Some(at) = at { " at " (at) } "; nothing had to be changed."
            },
            SyncStatus::Completed => {
                (counted(live.into(), "change is", "changes are")) " live" @if let Some(at) = at { " at " (at) } "."
            },
            SyncStatus::Partial => {
                (live) " of " (live + counts.failed) " changed files are live" @if let Some(at) = at { " at " (at) } ". "
                b { (counted(counts.failed.into(), "file", "files")) " failed" } "; what was there before stays."
            },
            SyncStatus::Failed => {
                b { "Nothing was changed" } @if let Some(why) = words::why(sync) { ": " (outside(&why)) } "."
            },
            SyncStatus::Ignored => {
                "Nothing was done" @if let Some(reason) = &sync.reason { ": " (words::reason(reason)) } "."
            },
        }
    }
}

/// The buttons. Where a retry would fail in the same way it is not the first, and the note says why.
fn actions(viewer: &Viewer, sync: &SyncEvent) -> Markup {
    let path = |verb: &str| viewer.path(&format!("sync-events/{}/{verb}", sync.id));
    let retry_helps = sync.status == SyncStatus::Failed && !needs_decision(sync);
    let class = if retry_helps { "primary" } else { "" };
    html! {
        @if sync.status.is_final() {
            (button(&path("retry"), &viewer.csrf, class, &html! { (icon(Icon::Retry)) "Retry" }))
        }
        (button(&path("resync"), &viewer.csrf, "", &html! { "Resync target" }))
    }
}

fn needs_decision(sync: &SyncEvent) -> bool {
    sync.reason.as_deref() == Some(SyncReason::DeletionGuard.as_str())
}

/// What to do about it.
fn advice(viewer: &Viewer, sync: &SyncEvent) -> Option<Markup> {
    let target = viewer.path(&format!("connector-targets/{}", sync.target_id));
    match sync.status {
        SyncStatus::Partial => Some(html! {
            b { "What to do. " }
            "Correct the files that failed and push; the push syncs by itself. A retry reads the same commit again and \
             fails in the same way, unless the failure passed."
        }),
        SyncStatus::Failed if needs_decision(sync) => Some(html! {
            b { "What to do. " }
            "This sync would delete more than the deletion guard allows. If that is right, resync the target with \
             deletions allowed, on " a href=(target) { "the page of the target" } "."
        }),
        SyncStatus::Failed => Some(html! {
            b { "What to do. " }
            "What was applied before stays. When the cause is gone, retry this sync or push again."
        }),
        SyncStatus::Queued | SyncStatus::Running | SyncStatus::Completed | SyncStatus::Ignored => {
            None
        }
    }
}

fn key_facts(viewer: &Viewer, sync: &SyncEvent) -> [Fact<'static>; 6] {
    let now = viewer.now;
    let head = match words::head(sync) {
        Some(sha) => commit(GITHUB_WEB, &sync.repository, sha),
        None => nothing(),
    };
    let finished = sync.completed_at.map_or_else(|| html! { "not yet" }, |at| fact(now, at));
    let total = sync.completed_at.map(|end| end.as_millisecond() - sync.queued_at.as_millisecond());
    let took = html! {
        @match total { Some(ms) => (took(ms)), None => (nothing()) }
        @if let Some(ms) = sync.duration_ms { small { (took(ms)) " since its start" } }
    };
    let requests = counted(
        u64::from(sync.github_requests.unsigned_abs()),
        "GitHub request",
        "GitHub requests",
    );
    [
        ("Head", head),
        (
            "Trigger",
            html! { (words::trigger(sync.trigger)) @if let Some(event) = &sync.event_type { small { (outside(event)) } } },
        ),
        ("Changes", delta(&sync.counts)),
        ("Attempts", html! { (sync.attempts) small { (requests) } }),
        ("Took", took),
        ("Finished", finished),
    ]
}

fn spans(story: &SyncStory) -> Vec<Span> {
    let mut attempt = 0;
    let last = story.segments.iter().filter(|it| it.kind == SegmentKind::Attempt).count();
    let span = |segment: &crate::operations::story::Segment| {
        let (name, kind) = match segment.kind {
            SegmentKind::Queued => ("queued".to_owned(), SpanKind::Idle),
            SegmentKind::Waiting => ("waiting".to_owned(), SpanKind::Idle),
            SegmentKind::Attempt => {
                attempt += 1;
                let failed = attempt < last || story.sync_event.status == SyncStatus::Failed;
                let kind = if failed { SpanKind::Failed } else { SpanKind::Worked };
                (format!("attempt {attempt}"), kind)
            }
        };
        Span { name, ms: segment.ms, kind }
    };
    story.segments.iter().map(span).collect()
}

fn target_panel(viewer: &Viewer, target: &Target) -> Markup {
    let rows = [
        ("State", badge(target.status)),
        (
            "Applied",
            match &target.applied_sha {
                Some(sha) => commit(GITHUB_WEB, &target.repository, sha),
                None => nothing(),
            },
        ),
        ("At", target.applied_at.map_or_else(nothing, |at| ago(viewer.now, at))),
    ];
    let all = viewer.path(&format!("sync-events?target={}", target.id));
    let foot = html! {
        a href=(viewer.path(&format!("connector-targets/{}", target.id))) { "The target" }
        a href=(all) { "All its syncs" }
    };
    panel::titled("Target", &html! {}, &html! { div.pad { (facts::list(&rows)) } }, Some(&foot))
}

fn identity(sync: &SyncEvent) -> Markup {
    let mut ids = vec![("Sync", sync.id.to_string()), ("Target", sync.target_id.to_string())];
    if let Some(event) = sync.event_id {
        ids.push(("Event", event.to_string()));
    }
    if let Some(delivery) = &sync.delivery_id {
        ids.push(("Delivery", delivery.clone()));
    }
    if let Some(sha) = words::head(sync) {
        ids.push(("SHA", sha.to_owned()));
    }
    facts::identity(&ids, Some(&format!("hookyard-admin sync-events show {}", sync.id)))
}
