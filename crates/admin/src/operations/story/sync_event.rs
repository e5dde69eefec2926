//! The story of a sync event: what it tells, and in which words.

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{EventId, WorkerId};
use hookyard_domain::sync_attempt::AttemptCause;
use hookyard_domain::sync_event::{Counts, SyncStatus, SyncTrigger};
use hookyard_store::delivery_list::Delivery;
use hookyard_store::sync_attempts::SyncAttempt;
use hookyard_store::sync_event_list::{SyncEvent, SyncFile};
use jiff::Timestamp;
use serde::Serialize;

use super::{Asked, ReceivedEvent};

mod records;
mod telling;

pub use records::sync_event;

/// Everything that is on record of a sync event.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncStory {
    /// When this was read, by the database's clock.
    pub as_of: Timestamp,
    pub sync_event: SyncEvent,
    /// Where the time went, in order: queued, then attempts and what was waited between them.
    pub segments: Vec<Segment>,
    /// Oldest first, the future last.
    pub steps: Vec<SyncStep>,
}

/// A part of the time that a sync took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    pub kind: SegmentKind,
    pub ms: i64,
}

/// What the time was spent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentKind {
    Queued,
    Attempt,
    Waiting,
}

/// One step of a sync.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncStep {
    pub at: Timestamp,
    /// Milliseconds since the step before; none for the first.
    pub since_ms: Option<i64>,
    #[serde(flatten)]
    pub fact: SyncFact,
}

/// What a step tells.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "step", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum SyncFact {
    /// The event behind it arrived.
    Received { event: Box<ReceivedEvent> },
    /// The event behind it arrived, and is past its retention since.
    ReceivedAndGone { event_id: EventId, event_type: Option<String>, delivery_id: Option<String> },
    /// Somebody asked for it.
    Asked { by: Asked },
    /// It was queued.
    Queued { trigger: SyncTrigger, allow_deletions: bool },
    /// A worker took it.
    Leased { attempt: i32, worker_id: Option<WorkerId>, worker: Option<String>, epoch: i64 },
    /// An attempt ended, and was not the last one.
    AttemptEnded { attempt: Box<SyncAttempt>, ms: i64 },
    /// Nothing happened until its next attempt.
    Waited { reason: WaitReason, planned_until: Option<Timestamp>, ms: i64 },
    /// The last attempt ended: what it looked at, and what it did about each file.
    AttemptFinished {
        attempt: Box<SyncAttempt>,
        ms: i64,
        /// Those that failed first, then by their paths; files that were as before are only counted.
        files: Vec<SyncFile>,
        /// Whether there are more files than these.
        more_files: bool,
    },
    /// It was recorded as over, in one transaction with what it changed.
    Recorded {
        status: SyncStatus,
        counts: Counts,
        applied_sha: Option<String>,
        reason: Option<String>,
        error: Option<String>,
    },
    /// An event told how it ended.
    Raised { event: Raised },
    /// The future: it may be taken from then on.
    Next { reason: WaitReason },
}

/// Why a sync waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitReason {
    /// The pause after a failed attempt, which doubles with each.
    Backoff,
    /// The attempt before was put off for its cause.
    Cause(AttemptCause),
    /// The worker of the attempt before ended, or was not heard of any more.
    WorkerGone,
    /// Another sync of the target ran.
    Turn,
}

impl WaitReason {
    /// The one spelling: `backoff`, `worker_gone`, `turn`, or the name of the cause.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backoff => "backoff",
            Self::Cause(cause) => cause.as_str(),
            Self::WorkerGone => "worker_gone",
            Self::Turn => "turn",
        }
    }
}

impl Serialize for WaitReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The event that told how a sync ended, and whom.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Raised {
    pub id: EventId,
    pub event_type: String,
    pub received_at: Timestamp,
    /// The newest 50.
    pub deliveries: Vec<Delivery>,
    pub more_deliveries: bool,
}

impl Raised {
    /// How many of the shown deliveries stand there.
    pub fn in_state(&self, state: DeliveryState) -> usize {
        self.deliveries.iter().filter(|it| it.state == state).count()
    }
}
