//! What only operators see: the jobs and rejected messages of the whole deployment, and the doctor's examination.

use hookyard_store::job_list::JobCount;
use hookyard_store::rejected_messages::RejectedMessage;
use maud::{Markup, html};

use super::{Deployment, EXAMINATION_MAX};
use crate::console::components::message::note;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::status::{Status, Tone, badge};
use crate::console::components::text::{bytes, code, counted, grouped, outside, outside_cut};
use crate::console::components::time::{cell, took};
use crate::console::frame::{self, Place, Viewer};
use crate::operations::doctor::{Check, Diagnosis, Level};

/// The longest text of a message or a check that a row shows, in characters.
const TEXT_CHARS_MAX: usize = 400;

const JOB_COLUMNS: [Column; 5] = [
    Column::text("Kind"),
    Column::text("State"),
    Column::number("Jobs"),
    Column::number("Overdue"),
    Column::number("Oldest"),
];
const REJECTED_COLUMNS: [Column; 3] =
    [Column::text("Queue"), Column::text("Why"), Column::newest_first("Received, UTC")];
const CHECK_COLUMNS: [Column; 3] =
    [Column::text("Result"), Column::text("What was found"), Column::text("What to do")];

/// The panels of the system page.
pub(super) fn panels(viewer: &Viewer, deployment: &Deployment) -> Markup {
    html! {
        (panel::titled("Jobs", &html! { "of the whole deployment, by kind and state" }, &jobs(deployment), None))
        (panel::titled("Rejected messages", &html! { "the newest ten" }, &rejected(viewer, &deployment.rejected), None))
    }
}

fn jobs(deployment: &Deployment) -> Markup {
    let row = |count: &JobCount| {
        let overdue = u64::try_from(count.overdue).unwrap_or_default();
        html! {
            tr role="row" {
                td.strong role="cell" { (count.kind.as_str()) }
                td role="cell" { (count.state.as_str()) }
                td.num role="cell" { (grouped(u64::try_from(count.count).unwrap_or_default())) }
                td.num role="cell" { (grouped(overdue)) }
                td.num role="cell" { (took(count.oldest_ms)) }
            }
        }
    };
    match &deployment.jobs {
        None => {
            html! { div.pad { p { "There are too many jobs to count them while a page waits." } } }
        }
        Some(jobs) if jobs.is_empty() => html! { div.pad { p { "All work is done." } } },
        Some(jobs) => {
            panel::table("", None, &JOB_COLUMNS, &html! { @for count in jobs { (row(count)) } })
        }
    }
}

fn rejected(viewer: &Viewer, messages: &[RejectedMessage]) -> Markup {
    if messages.is_empty() {
        return html! { div.pad { p { "Every message named known work." } } };
    }
    let row = |message: &RejectedMessage| {
        let size = u64::try_from(message.body_bytes).unwrap_or_default();
        html! {
            tr role="row" {
                td.o1 role="cell" { (code(&message.queue)) }
                td.wide.o3 role="cell" {
                    (outside(&message.reason))
                    span.sub { (bytes(size)) ", beginning with " (outside_cut(&message.excerpt, TEXT_CHARS_MAX)) }
                }
                td.num.o2 role="cell" { (cell(viewer.now, message.received_at)) }
            }
        }
    };
    let rows = html! { @for message in messages { (row(message)) } };
    panel::table("as-cards", None, &REJECTED_COLUMNS, &rows)
}

/// The page of an examination; none: it did not end in time.
pub(super) fn examined(viewer: &Viewer, found: Option<&Diagnosis>) -> Markup {
    let system = viewer.place(Place::System);
    let answer = match found {
        None => html! { b { "The examination did not end." } },
        Some(found) => {
            let wrong = found.checks.iter().filter(|check| check.level != Level::Ok).count() as u64;
            html! {
                @if wrong == 0 { b { "All is well." } }
                @else { b { (counted(wrong, "thing needs", "things need")) " somebody." } }
                " " (counted(found.checks.len() as u64, "thing was", "things were")) " looked at."
            }
        }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(system) { "System" } " / Examination" }),
            title: html! { "Examination" },
            answer,
            actions: Some(html! { a.btn href=(viewer.path("system/examination")) { "Examine again" } }),
        }))
        @match found {
            None => (note(Tone::Bad, &html! {
                p {
                    "The database or the broker did not answer within " (EXAMINATION_MAX.as_secs()) " s. Nothing was "
                    "changed. Look whether they run, then examine again, or run " (code("hookyard-admin doctor")) "."
                }
            })),
            Some(found) => {
                section.panel aria-label="Checks" {
                    (panel::table("as-cards", None, &CHECK_COLUMNS, &html! { @for check in worst_first(found) { (row(check)) } }))
                }
            },
        }
    };
    frame::page(viewer, Place::System, "Examination", &[], &body)
}

fn worst_first(found: &Diagnosis) -> Vec<&Check> {
    let mut checks: Vec<&Check> = found.checks.iter().collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.level));
    checks
}

fn row(check: &Check) -> Markup {
    let status = match check.level {
        Level::Ok => Status::VERIFIED,
        Level::Warn => Status::LOOK,
        Level::Fail => Status::FAILED,
    };
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(status)) }
            td.wide.o2 role="cell" {
                span.strong { (check.name) } span.sub { (outside_cut(&check.found, TEXT_CHARS_MAX)) }
            }
            td.wide.o3 role="cell" {
                @if let Some(advice) = &check.advice { (outside_cut(advice, TEXT_CHARS_MAX)) }
            }
        }
    }
}
