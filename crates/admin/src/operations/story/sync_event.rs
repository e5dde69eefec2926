//! The story of a sync event.

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{EventId, SyncEventId, WorkerId};
use hookyard_domain::sync_attempt::{AttemptCause, AttemptOutcome};
use hookyard_domain::sync_event::{Counts, SyncStatus, SyncTrigger};
use hookyard_store::delivery_list::{self, Delivery, DeliveryFilter};
use hookyard_store::paging::PageRequest;
use hookyard_store::sync_attempts::{self, SyncAttempt};
use hookyard_store::sync_event_list::{self, SyncEvent, SyncFile};
use hookyard_store::{Conn, Store, audit, doctor, event_list};
use jiff::Timestamp;
use serde::Serialize;

use super::{Asked, ReceivedEvent, ms_between};
use crate::operations::OperationError;

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

/// All that is read for a story.
struct Records {
    sync_event: SyncEvent,
    event: Option<ReceivedEvent>,
    asked: Option<(Timestamp, Asked)>,
    attempts: Vec<SyncAttempt>,
    files: Vec<SyncFile>,
    more_files: bool,
    raised: Option<Raised>,
    now: Timestamp,
}

/// The story of a sync event, with up to `files_max` of its files.
pub async fn sync_event(
    store: &Store,
    id: SyncEventId,
    files_max: u16,
) -> Result<SyncStory, OperationError> {
    let conn = store.conn().await?;
    let sync_event = sync_event_list::by_id(&conn, id).await?;
    let sync_event = sync_event.ok_or_else(|| OperationError::not_found("sync event", &id))?;
    let event = match sync_event.event_id {
        Some(event) => event_list::detail(&conn, event).await?.map(ReceivedEvent::from),
        None => None,
    };
    let entry = match sync_event.trigger {
        SyncTrigger::ManualResync | SyncTrigger::Retry => {
            audit::that_led_to(&conn, &id.to_string()).await?
        }
        SyncTrigger::Push
        | SyncTrigger::Connected
        | SyncTrigger::Recheck
        | SyncTrigger::Repository
        | SyncTrigger::InstallationRepositories => None,
    };
    let mut files =
        sync_event_list::files_failures_first(&conn, id, files_max.saturating_add(1)).await?;
    let more_files = files.len() > usize::from(files_max);
    files.truncate(files_max.into());
    let records = Records {
        event,
        asked: entry.map(|entry| (entry.at, Asked::from(entry))),
        attempts: sync_attempts::of(&conn, id).await?,
        files,
        more_files,
        raised: raised(&conn, &sync_event).await?,
        now: doctor::now(&conn).await?,
        sync_event,
    };
    Ok(records.told())
}

async fn raised(conn: &Conn, sync_event: &SyncEvent) -> Result<Option<Raised>, OperationError> {
    let Some(id) = sync_event.told_event_id else { return Ok(None) };
    let Some(detail) = event_list::detail(conn, id).await? else { return Ok(None) };
    let filter = DeliveryFilter {
        workspace: Some(sync_event.workspace_id),
        event: Some(id),
        ..DeliveryFilter::default()
    };
    let page = delivery_list::list(conn, &filter, PageRequest::first()).await?;
    Ok(Some(Raised {
        id,
        event_type: detail.event.event_type,
        received_at: detail.event.received_at,
        deliveries: page.items,
        more_deliveries: page.next_cursor.is_some(),
    }))
}

impl Records {
    fn told(mut self) -> SyncStory {
        self.close_lost_attempt();
        let segments = self.segments();
        let (as_of, sync_event) = (self.now, self.sync_event.clone());
        let mut facts = self.beginning();
        facts.extend(self.attempted());
        facts.extend(self.end());
        let mut before = None;
        let steps = facts.into_iter().map(|(at, fact)| {
            let since_ms = before.replace(at).map(|before| ms_between(before, at));
            SyncStep { at, since_ms, fact }
        });
        SyncStory { as_of, sync_event, segments, steps: steps.collect() }
    }

    /// What ends without a further attempt leaves one open whose worker was not heard of any more.
    fn close_lost_attempt(&mut self) {
        let completed_at = self.sync_event.completed_at;
        if let (Some(at), Some(last)) = (completed_at, self.attempts.last_mut())
            && last.outcome.is_none()
        {
            (last.outcome, last.ended_at) = (Some(AttemptOutcome::Lost), Some(at));
        }
    }

    fn beginning(&mut self) -> Vec<(Timestamp, SyncFact)> {
        let sync = &self.sync_event;
        let mut facts = Vec::new();
        match (self.event.take(), sync.event_id, self.asked.take()) {
            (event, event_id, Some((at, by))) => {
                // Whoever asked stands at the beginning, and the event before that if it is still there.
                if let (Some(event), Some(_)) = (event, event_id) {
                    facts.push((event.received_at, SyncFact::Received { event: Box::new(event) }));
                }
                facts.push((at, SyncFact::Asked { by }));
            }
            (Some(event), _, None) => {
                facts.push((event.received_at, SyncFact::Received { event: Box::new(event) }));
            }
            (None, Some(event_id), None) => {
                let fact = SyncFact::ReceivedAndGone {
                    event_id,
                    event_type: sync.event_type.clone(),
                    delivery_id: sync.delivery_id.clone(),
                };
                facts.push((sync.queued_at, fact));
            }
            (None, None, None) => {}
        }
        let queued =
            SyncFact::Queued { trigger: sync.trigger, allow_deletions: sync.allow_deletions };
        facts.push((sync.queued_at, queued));
        facts
    }

    fn attempted(&mut self) -> Vec<(Timestamp, SyncFact)> {
        let mut facts = Vec::new();
        let mut ended: Option<(Timestamp, WaitReason, Option<Timestamp>)> = None;
        for attempt in std::mem::take(&mut self.attempts) {
            if let Some((since, reason, planned_until)) = ended.take() {
                let ms = ms_between(since, attempt.started_at);
                facts.push((since, SyncFact::Waited { reason, planned_until, ms }));
            }
            facts.push((attempt.started_at, leased(&attempt)));
            let (Some(at), Some(outcome)) = (attempt.ended_at, attempt.outcome) else { continue };
            let ms = ms_between(attempt.started_at, at);
            let attempt = Box::new(attempt);
            if outcome == AttemptOutcome::Finished {
                let (files, more_files) = (std::mem::take(&mut self.files), self.more_files);
                facts.push((at, SyncFact::AttemptFinished { attempt, ms, files, more_files }));
                continue;
            }
            ended = Some((at, reason_after(outcome, attempt.cause), attempt.next_attempt_at));
            facts.push((at, SyncFact::AttemptEnded { attempt, ms }));
        }
        if let Some(until) = self.sync_event.waits_until {
            let reason = ended.map_or(WaitReason::Turn, |(_, reason, _)| reason);
            facts.push((until, SyncFact::Next { reason }));
        }
        facts
    }

    fn end(&mut self) -> Vec<(Timestamp, SyncFact)> {
        let sync = &self.sync_event;
        let Some(at) = sync.completed_at else { return Vec::new() };
        let recorded = SyncFact::Recorded {
            status: sync.status,
            counts: sync.counts,
            applied_sha: sync.applied_sha.clone(),
            reason: sync.reason.clone(),
            error: sync.error.clone(),
        };
        let mut facts = vec![(at, recorded)];
        if let Some(raised) = self.raised.take() {
            facts.push((raised.received_at, SyncFact::Raised { event: raised }));
        }
        facts
    }

    /// Where the time went, up to the end or to now.
    fn segments(&self) -> Vec<Segment> {
        let end = self.sync_event.completed_at.unwrap_or(self.now);
        let mut segments = Vec::new();
        let mut at = self.sync_event.queued_at;
        let mut spend = |kind, at: &mut Timestamp, until: Timestamp| {
            let ms = ms_between(*at, until);
            if ms > 0 {
                segments.push(Segment { kind, ms });
                *at = until;
            }
        };
        let mut pause = SegmentKind::Queued;
        for attempt in &self.attempts {
            spend(pause, &mut at, attempt.started_at);
            spend(SegmentKind::Attempt, &mut at, attempt.ended_at.unwrap_or(end));
            pause = SegmentKind::Waiting;
        }
        spend(pause, &mut at, end);
        segments
    }
}

fn leased(attempt: &SyncAttempt) -> SyncFact {
    SyncFact::Leased {
        attempt: attempt.number,
        worker_id: attempt.worker_id,
        worker: attempt.worker.clone(),
        epoch: attempt.lease_epoch,
    }
}

fn reason_after(outcome: AttemptOutcome, cause: Option<AttemptCause>) -> WaitReason {
    match (outcome, cause) {
        (AttemptOutcome::PutOff, Some(cause)) => WaitReason::Cause(cause),
        (AttemptOutcome::Failed, _) => WaitReason::Backoff,
        (AttemptOutcome::Stopped | AttemptOutcome::Lost, _) => WaitReason::WorkerGone,
        (AttemptOutcome::PutOff | AttemptOutcome::Finished, _) => WaitReason::Turn,
    }
}
