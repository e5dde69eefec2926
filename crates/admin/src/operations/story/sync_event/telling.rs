//! The records of a sync event, told in order, and where its time went.

use hookyard_domain::sync_attempt::{AttemptCause, AttemptOutcome};
use hookyard_store::sync_attempts::SyncAttempt;
use jiff::Timestamp;

use super::records::Records;
use super::{Segment, SegmentKind, SyncFact, SyncStep, SyncStory, WaitReason};
use crate::operations::story::ms_between;

impl Records {
    /// The story of it.
    pub(super) fn told(mut self) -> SyncStory {
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
