//! The status vocabulary: a shape, a word, and colour as the third signal only.

use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::sync_event::{FileOutcome, SyncStatus};
use hookyard_domain::target::{AccountStatus, InstanceStatus, TargetStatus};
use jiff::Timestamp;
use maud::{Markup, html};

use super::icons::{Icon, icon};

/// How much of the eye a status asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Quiet,
    Good,
    Busy,
    Warn,
    Bad,
    Dead,
}

impl Tone {
    /// The class that dresses it.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Quiet => "idle",
            Self::Good => "ok",
            Self::Busy => "run",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Dead => "dead",
        }
    }
}

/// A status as a page says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    pub word: &'static str,
    pub icon: Icon,
    pub tone: Tone,
}

macro_rules! statuses {
    ($($name:ident = $word:literal, $icon:ident, $tone:ident;)+) => {
        #[expect(missing_docs, reason = "each is the word that it shows")]
        impl Status {
            $(pub const $name: Self = Self { word: $word, icon: Icon::$icon, tone: Tone::$tone };)+
        }
    };
}

statuses! {
    QUEUED = "Queued", Dashed, Quiet;
    WAITING = "Waiting", Clock, Busy;
    RUNNING = "Running", Arc, Busy;
    COMPLETED = "Completed", Ring, Good;
    DELIVERED = "Delivered", Ring, Good;
    CONNECTED = "Connected", Ring, Good;
    ACTIVE = "Active", Ring, Good;
    VALID = "Signature valid", Ring, Good;
    PARTIAL = "Partial", Half, Warn;
    RETRYING = "Retrying", Clock, Warn;
    FAILED = "Failed", Octagon, Bad;
    DEAD = "Dead", OctagonFilled, Dead;
    DISABLED = "Disabled", Paused, Bad;
    ACTION_NEEDED = "Action needed", Triangle, Bad;
    FAILING = "Failing", Triangle, Warn;
    IGNORED = "Ignored", Bar, Quiet;
    CANCELLED = "Cancelled", Bar, Quiet;
    DELETED = "Deleted", Bar, Quiet;
    SKIPPED = "Skipped", Bar, Quiet;
    DISCONNECTED = "Disconnected", Bar, Quiet;
    ARCHIVED = "Archived", Bar, Quiet;
    SUSPENDED = "Suspended", Paused, Bad;
    REVOKED = "Revoked", Bar, Quiet;
    EXPIRED = "Expired", Bar, Quiet;
    VERIFIED = "Well", Ring, Good;
    LOOK = "To look at", Triangle, Warn;
    CREATED = "Created", Ring, Good;
    UPDATED = "Updated", Ring, Good;
    BRANCH_DELETED = "Branch deleted", Triangle, Warn;
    REPOSITORY_GONE = "Repository gone", Triangle, Bad;
    REPOSITORY_REMOVED = "Repository removed", Triangle, Bad;
    NEEDS_CONFIRMATION = "Needs a decision", Triangle, Bad;
    PAUSED = "Paused", Paused, Quiet;
}

impl Status {
    /// A sync event's: queued work that has a time in the future waits for it.
    pub fn of_sync(status: SyncStatus, next_attempt_at: Option<Timestamp>, now: Timestamp) -> Self {
        match status {
            SyncStatus::Queued if next_attempt_at.is_some_and(|at| at > now) => Self::WAITING,
            SyncStatus::Queued => Self::QUEUED,
            SyncStatus::Running => Self::RUNNING,
            SyncStatus::Completed => Self::COMPLETED,
            SyncStatus::Partial => Self::PARTIAL,
            SyncStatus::Failed => Self::FAILED,
            SyncStatus::Ignored => Self::IGNORED,
        }
    }
}

impl From<DeliveryState> for Status {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending => Self::QUEUED,
            DeliveryState::Delivering => Self::RUNNING,
            DeliveryState::Delivered => Self::DELIVERED,
            DeliveryState::Failed => Self::RETRYING,
            DeliveryState::Dead => Self::DEAD,
            DeliveryState::Cancelled => Self::CANCELLED,
        }
    }
}

impl From<FileOutcome> for Status {
    fn from(outcome: FileOutcome) -> Self {
        match outcome {
            FileOutcome::Created => Self::CREATED,
            FileOutcome::Updated => Self::UPDATED,
            FileOutcome::Deleted => Self::DELETED,
            FileOutcome::Skipped => Self::SKIPPED,
            FileOutcome::Failed => Self::FAILED,
        }
    }
}

impl From<TargetStatus> for Status {
    fn from(status: TargetStatus) -> Self {
        match status {
            TargetStatus::Active => Self::ACTIVE,
            TargetStatus::BranchDeleted => Self::BRANCH_DELETED,
            TargetStatus::RepositoryGone => Self::REPOSITORY_GONE,
            TargetStatus::RepositoryRemoved => Self::REPOSITORY_REMOVED,
            TargetStatus::InstallationSuspended => Self::SUSPENDED,
            TargetStatus::Disconnected => Self::DISCONNECTED,
            TargetStatus::NeedsConfirmation => Self::NEEDS_CONFIRMATION,
            TargetStatus::Disabled => Self::DISABLED,
        }
    }
}

impl From<AccountStatus> for Status {
    fn from(status: AccountStatus) -> Self {
        match status {
            AccountStatus::Active => Self::ACTIVE,
            AccountStatus::Suspended => Self::SUSPENDED,
            AccountStatus::Disconnected => Self::DISCONNECTED,
        }
    }
}

impl From<InstanceStatus> for Status {
    fn from(status: InstanceStatus) -> Self {
        match status {
            InstanceStatus::Active => Self::ACTIVE,
            InstanceStatus::Disabled => Self::DISABLED,
            InstanceStatus::Archived => Self::ARCHIVED,
        }
    }
}

impl From<ConnectionStatus> for Status {
    fn from(status: ConnectionStatus) -> Self {
        match status {
            ConnectionStatus::Connected => Self::CONNECTED,
            ConnectionStatus::Disconnected => Self::DISCONNECTED,
            ConnectionStatus::ActionNeeded => Self::ACTION_NEEDED,
            ConnectionStatus::Error => Self::FAILING,
            ConnectionStatus::Disabled => Self::DISABLED,
        }
    }
}

/// A status in a row or a sentence.
pub fn badge(status: impl Into<Status>) -> Markup {
    let status = status.into();
    html! { span class={ "st " (status.tone.class()) } { (icon(status.icon)) (status.word) } }
}

/// A status in a page's answer.
pub fn badge_big(status: impl Into<Status>) -> Markup {
    let status = status.into();
    html! { span class={ "st big " (status.tone.class()) } { (icon(status.icon)) (status.word) } }
}

/// What a receiver answered: its status, or the class of the error where there was no answer.
pub fn answer_code(response_status: Option<i32>, error_class: Option<&str>) -> Markup {
    html! {
        @if let Some(code) = response_status { span class={ "code c" (code / 100) } { (code) } }
        @else if let Some(class) = error_class { span.code.c0 { (class) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_shape_a_word_and_then_a_colour() {
        assert_eq!(
            badge(Status::PARTIAL).into_string(),
            "<span class=\"st warn\"><svg class=\"ic\" aria-hidden=\"true\"><use href=\"#i-half\"></use></svg>Partial</span>"
        );
    }

    #[test]
    fn queued_work_with_a_time_to_come_waits() {
        let now: Timestamp = "2026-07-16T14:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-07-16T14:00:10Z".parse().unwrap();
        assert_eq!(Status::of_sync(SyncStatus::Queued, Some(later), now), Status::WAITING);
        assert_eq!(Status::of_sync(SyncStatus::Queued, Some(now), now), Status::QUEUED);
        assert_eq!(Status::of_sync(SyncStatus::Running, Some(later), now), Status::RUNNING);
    }

    #[test]
    fn where_there_was_no_answer_the_error_class_stands_in_its_place() {
        assert_eq!(
            answer_code(Some(503), Some("server_error")).into_string(),
            "<span class=\"code c5\">503</span>"
        );
        assert_eq!(
            answer_code(None, Some("timeout")).into_string(),
            "<span class=\"code c0\">timeout</span>"
        );
        assert_eq!(answer_code(None, None).into_string(), "");
    }
}
