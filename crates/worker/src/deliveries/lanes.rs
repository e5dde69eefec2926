//! What this process knows of its receivers' lanes: whether one may be called now, and which have jobs that wait.
//!
//! It lives in memory. Each worker finds out for itself; a lane that none remembers is found by the look for parked
//! jobs.

mod rotation;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hookyard_domain::breaker::{Admission, Breaker, BreakerSettings};
use hookyard_store::delivery_jobs::Lane;
use metrics::{counter, gauge};
use tokio::sync::Notify;

use self::rotation::Rotation;
use super::limiter::Bucket;

/// How long a lane without calls is remembered.
const FORGET_AFTER: Duration = Duration::from_mins(15);
/// The longest that a whole lane is left alone because one answer asked for it; the delivery that met it waits as long
/// as it was asked to.
const PAUSE_MAX: Duration = Duration::from_hours(1);

/// How a call went, as far as its receiver's health is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It answered as one that is well, whatever it said; and wants to be left alone for so long.
    Well { pause: Option<Duration> },
    /// It is ill. The breaker says how long it is left alone, not the sick: one bad moment with a `Retry-After` of a
    /// week must not hold back what comes after it.
    Ill,
    /// Nothing: no call was made.
    Nothing,
}

/// Lanes to lease parked jobs of, and how many at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) lanes: Vec<Lane>,
    pub(super) limit: usize,
}

/// The lanes that this process has met.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    inner: Mutex<Inner>,
    /// Wakes whoever leases parked jobs.
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    known: HashMap<Lane, State>,
    /// Lanes with parked jobs, to be asked for some now.
    rotation: Rotation,
    /// The same, to be asked later.
    timers: BinaryHeap<Reverse<(Instant, Lane)>>,
}

#[derive(Debug)]
struct State {
    breaker: Breaker,
    bucket: Option<Bucket>,
    /// No call before then.
    not_before: Option<Instant>,
    /// Whether jobs of it are parked, as far as is known.
    waits: bool,
    /// In the rotation, or among the timers.
    queued: bool,
    seen: Instant,
}

impl State {
    fn new(now: Instant) -> Self {
        Self {
            breaker: Breaker::new(BreakerSettings::default()),
            bucket: None,
            not_before: None,
            waits: false,
            queued: false,
            seen: now,
        }
    }

    /// When it may be called, if not now.
    fn held_back(&self, now: Instant) -> Option<Instant> {
        let paused = self.not_before.filter(|until| *until > now);
        paused.or_else(|| self.bucket.as_ref()?.not_before(now))
    }

    /// How many of its parked jobs are worth leasing at once; none: any number.
    fn calls(&self, now: Instant) -> Option<usize> {
        if self.breaker.is_open() {
            return Some(1);
        }
        self.bucket.as_ref().map(|bucket| bucket.calls(now).max(1))
    }

    fn pause(&mut self, until: Instant) {
        self.not_before = Some(self.not_before.map_or(until, |earlier| earlier.max(until)));
    }
}

impl Lanes {
    /// Asks to make a call; the answer is when it may be made, if not now. Who may must tell how it went.
    pub(super) fn admit(
        &self,
        lane: Lane,
        rate_per_s: Option<f32>,
        now: Instant,
    ) -> Option<Instant> {
        let mut inner = self.lock();
        let state = inner.met(lane, now);
        match (rate_per_s, &state.bucket) {
            (None, _) => state.bucket = None,
            (Some(rate), Some(bucket)) if bucket.is_for(rate) => {}
            (Some(rate), _) => state.bucket = Some(Bucket::new(rate, now)),
        }
        if let Some(until) = state.held_back(now) {
            return Some(until);
        }
        if let Admission::NotBefore(until) = state.breaker.admit(now) {
            state.pause(until);
            return Some(until);
        }
        if let Some(bucket) = &mut state.bucket {
            bucket.take(now);
        }
        None
    }

    /// Hears how a call went.
    pub(super) fn tell(&self, lane: Lane, told: Told, now: Instant) {
        let mut inner = self.lock();
        let state = inner.met(lane, now);
        let was_open = state.breaker.is_open();
        let pause = match told {
            Told::Nothing => {
                state.breaker.give_back(now);
                None
            }
            Told::Well { pause } => {
                state.breaker.succeeded();
                pause
            }
            Told::Ill => {
                state.breaker.failed(now);
                None
            }
        };
        if !was_open && state.breaker.is_open() {
            counter!("hookyard_worker_breakers_opened_total").increment(1);
        }
        if let Some(pause) = pause {
            state.pause(now + pause.min(PAUSE_MAX));
        }
    }

    /// Leaves a lane alone for so long, though its receiver said nothing.
    pub(super) fn leave_alone(&self, lane: Lane, pause: Duration, now: Instant) {
        self.lock().met(lane, now).pause(now + pause.min(PAUSE_MAX));
    }

    /// Hears that jobs of these lanes are parked.
    pub(super) fn wait(&self, lanes: impl IntoIterator<Item = Lane>, now: Instant) {
        let mut inner = self.lock();
        for lane in lanes {
            inner.met(lane, now).waits = true;
            inner.queue(lane, now);
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// Hears that calls of these lanes have ended, and their places are free again.
    pub(super) fn freed(&self, lanes: impl IntoIterator<Item = Lane>, now: Instant) {
        let mut inner = self.lock();
        for lane in lanes {
            if inner.known.get(&lane).is_some_and(|state| state.waits) {
                inner.queue(lane, now);
            }
        }
        let any = inner.rotation.len() > 0;
        drop(inner);
        if any {
            self.changed.notify_one();
        }
    }

    /// The next lanes to lease parked jobs of, workspaces taking turns; `room` says how many jobs of a lane's workspace
    /// may be taken.
    pub(super) fn next(
        &self,
        lanes_max: usize,
        limit_max: usize,
        now: Instant,
        room: impl Fn(&Lane) -> usize,
    ) -> Option<Round> {
        let mut inner = self.lock();
        inner.wake_timers(now);
        let mut round = Round { lanes: Vec::new(), limit: 0 };
        let mut workspaces = HashSet::new();
        for _ in 0..inner.rotation.len() {
            if round.lanes.len() >= lanes_max || round.limit >= limit_max {
                break;
            }
            let Some(lane) = inner.rotation.pop() else { break };
            let Some(state) = inner.known.get_mut(&lane) else { continue };
            state.queued = false;
            if state.held_back(now).is_some() {
                inner.queue(lane, now);
                continue;
            }
            let places = room(&lane);
            if places == 0 {
                inner.queue(lane, now);
                continue;
            }
            match (state.calls(now), round.lanes.is_empty()) {
                (None, _) => {
                    round.lanes.push(lane);
                    if workspaces.insert(lane.workspace) {
                        round.limit = (round.limit + places).min(limit_max);
                    }
                }
                // A lane with a bound of its own is leased of by itself.
                (Some(calls), true) => {
                    return Some(Round {
                        lanes: vec![lane],
                        limit: calls.min(places).min(limit_max),
                    });
                }
                (Some(_), false) => {
                    inner.queue(lane, now);
                    break;
                }
            }
        }
        (!round.lanes.is_empty()).then_some(round)
    }

    /// Hears which lanes of a round had jobs, each named once a job.
    pub(super) fn leased(&self, round: &Round, lanes: &[Lane], now: Instant) {
        let mut inner = self.lock();
        let cut_off = lanes.len() >= round.limit;
        for lane in &round.lanes {
            // Those that had none are asked again only if the limit may be the reason. The others are when one of
            // their calls has ended.
            if cut_off {
                inner.queue(*lane, now);
            } else if !lanes.contains(lane)
                && let Some(state) = inner.known.get_mut(lane)
            {
                state.waits = false;
            }
        }
    }

    /// When a lane that is held back may be asked again.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.lock().timers.peek().map(|Reverse((at, _))| *at)
    }

    /// Forgets lanes that nothing was heard of for long.
    pub(super) fn forget(&self, now: Instant) {
        let mut inner = self.lock();
        inner.known.retain(|_, state| {
            state.queued
                || now.saturating_duration_since(state.seen) < FORGET_AFTER
                || state.held_back(now).is_some()
        });
        let open = inner.known.values().filter(|state| state.breaker.is_open()).count();
        drop(inner);
        gauge!("hookyard_worker_breakers_open").set(u32::try_from(open).unwrap_or(u32::MAX));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn met(&mut self, lane: Lane, now: Instant) -> &mut State {
        let state = self.known.entry(lane).or_insert_with(|| State::new(now));
        state.seen = now;
        state
    }

    /// Puts a lane where it is found again in time.
    fn queue(&mut self, lane: Lane, now: Instant) {
        let Some(state) = self.known.get_mut(&lane).filter(|state| !state.queued) else { return };
        state.queued = true;
        match state.held_back(now) {
            Some(until) => self.timers.push(Reverse((until, lane))),
            None => self.rotation.push(lane),
        }
    }

    fn wake_timers(&mut self, now: Instant) {
        while let Some(Reverse((at, lane))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            self.rotation.push(lane);
        }
    }
}

#[cfg(test)]
mod tests;
