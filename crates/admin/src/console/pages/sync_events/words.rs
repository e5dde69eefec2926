//! How a sync event is said.

use hookyard_domain::sync_event::SyncReason;
use hookyard_domain::sync_event::{SyncStatus, SyncTrigger};
use hookyard_store::sync_event_list::SyncEvent;
use jiff::Timestamp;
use maud::{Markup, html};

use crate::console::components::status::Status;
use crate::console::components::text::{branch, counted, outside, outside_cut};
use crate::console::components::time::{clock, date};

/// The longest cause that a row shows; its page shows all of it.
const CAUSE_CHARS_MAX: usize = 240;

/// Its status.
pub fn status(sync: &SyncEvent, now: Timestamp) -> Status {
    Status::of_sync(sync.status, sync.next_attempt_at, now)
}

/// Why it ended as it did.
pub fn reason(reason: &str) -> &str {
    let Ok(known) = reason.parse::<SyncReason>() else { return reason };
    match known {
        SyncReason::Superseded => "superseded by a newer commit before it started",
        SyncReason::Redundant => "this head was queued or applied already",
        SyncReason::BranchDeleted => "the branch was deleted",
        SyncReason::RepositoryGone => "the repository is gone",
        SyncReason::RepositoryRemoved => "the repository was taken out of the installation",
        SyncReason::InstallationSuspended => "the installation is suspended",
        SyncReason::Disconnected => "the account is disconnected",
        SyncReason::TargetDisabled => "the target is switched off",
        SyncReason::DeletionGuard => "stopped by the deletion guard; somebody must decide",
        SyncReason::TooManyFiles => "the mappings match too many files",
        SyncReason::NotPermitted => "GitHub does not permit it",
        SyncReason::AttemptsExhausted => "its attempts are used up",
        SyncReason::WorkerDied => "its workers ended while they ran it",
        SyncReason::InvalidMapping => "a mapping cannot be applied",
        SyncReason::Recorded => {
            "a change of the repository was recorded; there was nothing to reconcile"
        }
    }
}

/// What asked for it.
pub const fn trigger(trigger: SyncTrigger) -> &'static str {
    match trigger {
        SyncTrigger::Push => "push",
        SyncTrigger::ManualResync => "resync",
        SyncTrigger::Retry => "retry",
        SyncTrigger::Connected => "first import",
        SyncTrigger::Recheck => "second look",
        SyncTrigger::Repository => "repository",
        SyncTrigger::InstallationRepositories => "installation",
    }
}

/// Its repository.
pub fn repository(sync: &SyncEvent) -> Markup {
    outside(&sync.repository)
}

/// Its branch, beside the repository.
pub fn branch_of(sync: &SyncEvent) -> Markup {
    html! { span.dim { "@ " (outside(branch(&sync.git_ref))) } }
}

/// The commit that it brought in, or was asked to.
pub fn head(sync: &SyncEvent) -> Option<&str> {
    sync.applied_sha.as_deref().or(sync.announced_sha.as_deref())
}

/// Its cause, where the eye already is: below the target.
pub fn cause(sync: &SyncEvent, now: Timestamp) -> Markup {
    let failed = matches!(sync.status, SyncStatus::Failed | SyncStatus::Partial);
    html! {
        @if failed {
            @if let Some(words) = why(sync) { span.sub.err { (outside_cut(&words, CAUSE_CHARS_MAX)) } }
        } @else if let Some(words) = sync.reason.as_deref().map(reason) {
            span.sub { (outside_cut(words, CAUSE_CHARS_MAX)) }
        } @else if let Some(until) = sync.next_attempt_at.filter(|at| *at > now && !sync.status.is_final()) {
            span.sub { "next attempt " (moment(until, now)) @if let Some(error) = &sync.error {
                ": " (outside_cut(error, CAUSE_CHARS_MAX))
            } }
        }
    }
}

/// Why a sync failed, wholly or in part.
pub fn why(sync: &SyncEvent) -> Option<String> {
    why_of(sync.error.as_deref(), sync.counts.failed, sync.reason.as_deref())
}

/// The cause in words, from what a sync recorded of it.
pub fn why_of(error: Option<&str>, failed_files: u32, told: Option<&str>) -> Option<String> {
    if let Some(error) = error {
        return Some(error.to_owned());
    }
    if failed_files > 0 {
        let files = counted(failed_files.into(), "file", "files");
        return Some(format!("{files} could not be read; what was there before stays"));
    }
    told.map(|text| reason(text).to_owned())
}

/// A time to come: its day only if it is another one.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    let (day, today) = (date(now, at), date(now, now));
    if day == today { clock(at) } else { format!("{day}, {}", clock(at)) }
}
