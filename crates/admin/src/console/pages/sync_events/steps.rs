//! The steps of a sync event's timeline.

use hookyard_domain::sync_attempt::{AttemptCause, AttemptOutcome};
use hookyard_domain::sync_event::{FileOutcome, SyncStatus};
use hookyard_store::delivery_list::Delivery;
use hookyard_store::sync_attempts::SyncAttempt;
use hookyard_store::sync_event_list::{BodyState, SyncFile};
use maud::{Markup, html};

use super::words;
use crate::console::components::counts::in_words;
use crate::console::components::icons::Icon;
use crate::console::components::panel::{Column, table};
use crate::console::components::payload::recorded_headers;
use crate::console::components::status::{Status, Tone, answer_code, badge};
use crate::console::components::text::{
    bytes, code, counted, grouped, id, nothing, outside, outside_cut, short_sha,
};
use crate::console::components::time::{ago, took};
use crate::console::components::timeline::{Step, details};
use crate::console::frame::Viewer;
use crate::operations::story::{
    Asked, Raised, ReceivedEvent, Signature, SyncFact, SyncStep, SyncStory, WaitReason,
};

/// The longest error that a step shows, in characters; the command line shows all of it.
const ERROR_CHARS_MAX: usize = 2000;

/// The steps as the page draws them.
pub(super) fn of(viewer: &Viewer, story: &SyncStory) -> Vec<Step> {
    story.steps.iter().map(|step| of_fact(viewer, story, step)).collect()
}

fn of_fact(viewer: &Viewer, story: &SyncStory, step: &SyncStep) -> Step {
    let new = |icon, tone, story| Step::new(step.at, icon, tone, story);
    match &step.fact {
        SyncFact::Received { event } => {
            new(Icon::In, Tone::Good, received(event)).with(received_evidence(viewer, event))
        }
        SyncFact::ReceivedAndGone { event_id, event_type, .. } => new(Icon::In, Tone::Quiet, html! {
            b { "Event received" } @if let Some(event_type) = event_type { ": " (code(event_type)) } ". "
            span.dim { (id(&event_id.to_string())) " is past its retention" }
        }),
        SyncFact::Asked { by } => new(Icon::Person, Tone::Quiet, asked(by)),
        SyncFact::Queued { trigger, allow_deletions } => new(Icon::Dashed, Tone::Quiet, html! {
            b { "Queued" } " by " (words::trigger(*trigger)) "." @if *allow_deletions { " Deletions are allowed." }
        }),
        SyncFact::Leased { attempt, worker, epoch, .. } => new(Icon::Lease, Tone::Quiet, html! {
            b { "Leased" } @if let Some(worker) = worker { " by " (outside(worker)) }
            " for attempt " (attempt) ". " span.dim { "Epoch " (epoch) }
        }),
        SyncFact::AttemptEnded { attempt, ms } => attempt_ended(step, attempt, *ms),
        SyncFact::Waited { reason, ms, .. } => Step::waited(html! {
            "Waited " (took(*ms)) " " span.dim { "(" (wait_reason(*reason)) ")" }
        }),
        SyncFact::AttemptFinished { attempt, ms, files, more_files } => {
            let status = Status::of_sync(story.sync_event.status, None, viewer.now);
            let drawn = new(status.icon, status.tone, attempt_finished(attempt, *ms));
            if files.is_empty() { drawn } else { drawn.with(files_table(story, files, *more_files)) }
        }
        SyncFact::Recorded { status, counts, reason, error, .. } => {
            let changed = matches!(status, SyncStatus::Completed | SyncStatus::Partial);
            let tone = if changed { Tone::Good } else { Tone::Quiet };
            new(Icon::Save, tone, html! {
                b { "Recorded" } " as " (status.as_str())
                @if changed { " in one transaction: " (in_words(counts)) }
                @if let Some(reason) = reason { ": " (outside(words::reason(reason))) } "."
                @if let Some(error) = error { " " span.dim { (outside_cut(error, ERROR_CHARS_MAX)) } }
            })
        }
        SyncFact::Raised { event } => raised(viewer, step, event),
        SyncFact::Next { reason } => new(Icon::Clock, Tone::Busy, html! {
            b { "Next attempt" } " in " (took(step.at.as_millisecond() - viewer.now.as_millisecond())) ". "
            span.dim { (wait_reason(*reason)) }
        })
        .planned(),
    }
}

fn received(event: &ReceivedEvent) -> Markup {
    html! {
        b { "Event received" }
        @if let Some(source) = &event.source { " at " (outside(source)) }
        ": " (code(&event.event_type)) " "
        @match event.signature {
            Signature::Verified => (badge(Status::VALID)),
            Signature::Token => span.dim { "recognised by its token" },
            Signature::None => span.dim { "raised by Hookyard itself" },
        }
    }
}

fn received_evidence(viewer: &Viewer, event: &ReceivedEvent) -> Markup {
    let size = bytes(u64::from(event.body_bytes.unsigned_abs()));
    html! {
        p.small {
            @if viewer.is_admin {
                a.mono href=(viewer.path(&format!("events/{}", event.id))) { (event.id) }
                @match event.body {
                    BodyState::Stored => span.dim { " with its body, " (size) },
                    BodyState::Redacted => span.dim { " its body was redacted" },
                    BodyState::Expired => span.dim { " its body is past its retention" },
                }
            } @else { (id(&event.id.to_string())) }
        }
        @if let Some(headers) = &event.headers { (details("Headers", false, &recorded_headers(headers))) }
    }
}

fn asked(by: &Asked) -> Markup {
    html! {
        b { "Asked for" } " by " (outside(&by.actor)) " " span.dim { (code(&by.action)) }
        @if let Some(reason) = &by.reason { ": “" (outside_cut(reason, ERROR_CHARS_MAX)) "”" }
    }
}

fn attempt_ended(step: &SyncStep, attempt: &SyncAttempt, ms: i64) -> Step {
    let (icon, tone) = match attempt.outcome {
        Some(AttemptOutcome::Failed | AttemptOutcome::Lost) => (Icon::Triangle, Tone::Warn),
        Some(AttemptOutcome::PutOff) => (Icon::Clock, Tone::Busy),
        Some(AttemptOutcome::Finished | AttemptOutcome::Stopped) | None => (Icon::Bar, Tone::Quiet),
    };
    let how = match attempt.outcome {
        Some(AttemptOutcome::Failed) => "failed, and is tried again",
        Some(AttemptOutcome::PutOff) => "was put off; it does not count",
        Some(AttemptOutcome::Stopped) => "was given back: its worker was stopped",
        Some(AttemptOutcome::Lost) => "was lost: its worker was not heard of any more",
        Some(AttemptOutcome::Finished) | None => "ended",
    };
    let story = html! {
        b { "Attempt " (attempt.number) " " (how) "." }
        @if let Some(cause) = attempt.cause { " " (cause_words(cause)) "." }
        " " span.dim { (took(ms)) ", " (requests(attempt)) ". Nothing was written." }
    };
    let drawn = Step::new(step.at, icon, tone, story);
    match &attempt.error {
        Some(error) => drawn.with(html! {
            pre tabindex="0" aria-label="Error" { code { bdi { (crate::console::components::text::cut(error, ERROR_CHARS_MAX)) } } }
        }),
        None => drawn,
    }
}

fn attempt_finished(attempt: &SyncAttempt, ms: i64) -> Markup {
    let count = |number: i32| grouped(u64::from(number.unsigned_abs()));
    html! {
        b { "Attempt " (attempt.number) " finished." }
        @if let Some(entries) = attempt.tree_entries { " Tree of " (count(entries)) " entries." }
        @if let Some(matched) = attempt.matched { " " (count(matched)) " match the mappings" }
        @if let Some(differing) = attempt.differing { ", " (count(differing)) " differ or are gone" }
        @if attempt.matched.is_some() { "." }
        " " span.dim { (took(ms)) ", " (requests(attempt)) }
    }
}

fn requests(attempt: &SyncAttempt) -> String {
    counted(u64::from(attempt.github_requests.unsigned_abs()), "GitHub request", "GitHub requests")
}

const fn cause_words(cause: AttemptCause) -> &'static str {
    match cause {
        AttemptCause::RateLimited => "GitHub's rate limit is used up",
        AttemptCause::NotVisible => "The branch does not show the announced push yet",
        AttemptCause::NoApp => "The deployment has no usable GitHub App",
        AttemptCause::Unreachable => "GitHub could not be reached, or failed itself",
        AttemptCause::Moved => "The branch moved while it was read",
        AttemptCause::Unexpected => "GitHub said what nobody expected",
    }
}

fn wait_reason(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::Backoff => "the pause after a failed attempt, which doubles with each",
        WaitReason::Cause(cause) => cause_words(cause),
        WaitReason::WorkerGone => "its worker was gone",
        WaitReason::Turn => "another sync of the target ran",
    }
}

const FILE_COLUMNS: [Column; 4] = [
    Column::text("Outcome"),
    Column::text("Path"),
    Column::wide_only("Why"),
    Column::number("Blob"),
];

fn files_table(story: &SyncStory, files: &[SyncFile], more: bool) -> Markup {
    let counts = &story.sync_event.counts;
    let changed = counts.created + counts.updated + counts.deleted + counts.failed;
    let rows = html! { @for file in files { (file_row(file)) } };
    html! {
        div.panel {
            (table("files as-cards", None, &FILE_COLUMNS, &rows))
            footer {
                span {
                    (files.len()) " of " (counted(changed.into(), "changed file", "changed files")) " · "
                    (grouped(counts.skipped.into())) " unchanged"
                    @if more { " · the rest: " code { "hookyard-admin sync-events show " (story.sync_event.id) } }
                }
            }
        }
    }
}

fn file_row(file: &SyncFile) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(file.outcome)) }
            td.wide.o3 role="cell" {
                (code(&file.path))
                @if let Some(error) = &file.error { span.err { (outside_cut(error, ERROR_CHARS_MAX)) } }
            }
            td.h-md.h-sm role="cell" {
                @match &file.reason {
                    Some(reason) if file.outcome != FileOutcome::Skipped => (outside(reason)),
                    _ => (nothing()),
                }
            }
            td.num.mono.o2 role="cell" {
                @match &file.blob_sha { Some(sha) => (short_sha(sha)), None => (nothing()) }
            }
        }
    }
}

fn raised(viewer: &Viewer, step: &SyncStep, event: &Raised) -> Step {
    let count = event.deliveries.len() as u64;
    let story = html! {
        b { "Raised" } " " (code(&event.event_type))
        @if count == 0 { "; nobody is subscribed to it, or it is not fanned out yet." }
        @else { ", which caused " @if event.more_deliveries { "more than " } (counted(count, "delivery", "deliveries")) "." }
    };
    let drawn = Step::new(step.at, Icon::Out, Tone::Good, story);
    if count == 0 {
        return drawn;
    }
    let rows = html! { @for delivery in &event.deliveries { (delivery_row(viewer, delivery)) } };
    let columns = [
        Column::text("Status"),
        Column::text("Receiver"),
        Column::text("Answer"),
        Column::number("Since, UTC"),
    ];
    drawn.with(html! { div.panel { (table("as-cards", None, &columns, &rows)) } })
}

fn delivery_row(viewer: &Viewer, delivery: &Delivery) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(delivery.state)) }
            td.wide.o3 role="cell" {
                a.rowlink href=(viewer.path(&format!("deliveries/{}", delivery.id))) {
                    @match &delivery.receiver { Some(name) => (outside(name)), None => "a removed receiver" }
                }
                span.sub.mono { (delivery.id) }
            }
            td.o4 role="cell" { (answer_code(delivery.response_status, delivery.error_class.as_deref())) }
            td.num.o2 role="cell" { (ago(viewer.now, delivery.state_at)) }
        }
    }
}
