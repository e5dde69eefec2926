//! One committer: a connection of its own, rebuilt when it breaks.

use std::sync::Arc;
use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;
use hookyard_store::ingest::{
    Arrival, BATCH_BYTES_MAX, BATCH_ROWS_MAX, Committer, Rearmed, Recorded, Repetition, earlier,
    rearm,
};
use hookyard_store::{StoreError, StoreSettings};
use metrics::counter;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::{error, warn};

use super::crowd::Crowd;
use super::database::Database;
use super::{Known, NotRecorded, Outcome, Waiting};
use crate::clock::Clock;
use crate::publishing::{Publishing, publications};

/// How long the database gets to accept a connection, and to record a batch.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const RECORD_WITHIN: Duration = Duration::from_secs(6);
/// How often an absent database is asked for, at most and at least: its callers wait.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// How long a committer lets calls gather while another one records: a statement costs most by itself, little by its
/// rows. A database that takes longer than this gets the next batch beside the one under way, and so does one that is
/// busy while a crowd has gathered.
const TURN_WITHIN: Duration = Duration::from_millis(10);

pub(super) struct Committing {
    pub(super) store: StoreSettings,
    pub(super) calls: async_channel::Receiver<Waiting>,
    /// One place, shared by all committers: who records alone, records more at once.
    pub(super) turns: Arc<Semaphore>,
    pub(super) crowd: Arc<Crowd>,
    pub(super) publishing: Publishing,
    pub(super) clock: Clock,
    pub(super) database: Arc<Database>,
}

impl Committing {
    /// Commits batches until no more calls can come.
    pub(super) async fn run(self) {
        // The batch under way: when its connection breaks, nobody knows whether it was recorded.
        let mut batch = Vec::new();
        let mut pause = ExponentialBackoff {
            initial_interval: PAUSE_MIN,
            max_interval: PAUSE_MAX,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        while !(self.calls.is_closed() && self.calls.is_empty() && batch.is_empty()) {
            let connecting = Committer::connect(&self.store, Clock::host_ms);
            match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
                Ok(Ok((committer, traffic))) => {
                    pause.reset();
                    self.clock.set_offset_ms(committer.clock_offset_ms());
                    self.database.connected();
                    tokio::select! {
                        () = self.commit_batches(&committer, &mut batch) => {}
                        () = traffic => {} // The connection broke.
                    }
                    self.database.disconnected();
                    continue;
                }
                Ok(Err(error)) => warn!(%error, "PostgreSQL cannot be reached"),
                Err(_) => warn!("PostgreSQL does not accept a connection in time"),
            }
            self.database.unreachable();
            batch.retain(still_waits);
            tokio::time::sleep(pause.next_backoff().unwrap_or(PAUSE_MAX)).await;
        }
    }

    /// Commits batches, an unfinished one first, until one fails or no more calls can come.
    async fn commit_batches(&self, committer: &Committer, batch: &mut Vec<Waiting>) {
        loop {
            batch.retain(still_waits);
            let mut turn = None;
            if batch.is_empty() {
                let Ok(first) = self.calls.recv().await else { return };
                batch.push(first);
                turn = self.turn().await;
                self.gather(batch);
                self.crowd.left(self.calls.len());
                // Some may have waited in vain while there was no connection.
                batch.retain(still_waits);
                if batch.is_empty() {
                    continue;
                }
            }
            let grace_ms = self.publishing.ready_grace_ms();
            let recorded = self.record_in_time(committer, batch, grace_ms).await;
            drop(turn);
            match recorded {
                Ok(outcomes) => self.answer(batch, outcomes, grace_ms),
                // The next connection may know, and record what this one did not.
                Err(StoreError::Unavailable(error)) => {
                    warn!(%error, "a batch of {} calls is not recorded yet", batch.len());
                    return;
                }
                Err(error) => {
                    error!(
                        "a batch of {} calls cannot be recorded: {}",
                        batch.len(),
                        error.brief()
                    );
                    batch.drain(..).for_each(|call| drop(call.answer.send(Err(NotRecorded))));
                    return;
                }
            }
        }
    }

    /// Waits for the statement under way to end, for calls enough for one more beside it, or long enough.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        tokio::select! {
            biased;
            turn = self.turns.acquire() => turn.ok(),
            () = self.crowd.gathered() => None,
            () = tokio::time::sleep(TURN_WITHIN) => None,
        }
    }

    /// Adds whatever waits already, up to a batch.
    fn gather(&self, batch: &mut Vec<Waiting>) {
        let mut rows: usize = batch.iter().map(|call| call.arrivals.len()).sum();
        let mut bytes: usize = batch.iter().map(Waiting::bytes).sum();
        while rows < BATCH_ROWS_MAX && bytes < BATCH_BYTES_MAX {
            let Ok(call) = self.calls.try_recv() else { break };
            rows += call.arrivals.len();
            bytes += call.bytes();
            batch.push(call);
        }
    }

    fn answer(&self, batch: &mut Vec<Waiting>, outcomes: Vec<Outcome>, grace_ms: u32) {
        // Jobs without grace were written while the broker was away: they are due without a message.
        let publications = if grace_ms == 0 {
            Vec::new()
        } else {
            let calls = batch.iter().map(|call| call.arrivals.as_slice());
            publications(calls.zip(&outcomes))
        };
        for (call, outcome) in batch.drain(..).zip(outcomes) {
            drop(call.answer.send(Ok(outcome))); // The caller may have gone away.
        }
        self.publishing.offer(publications);
    }

    async fn record_in_time(
        &self,
        committer: &Committer,
        batch: &[Waiting],
        grace_ms: u32,
    ) -> Result<Vec<Outcome>, StoreError> {
        counter!("hookyard_ingress_batches_total").increment(1);
        counter!("hookyard_ingress_calls_total").increment(batch.len() as u64);
        let recorded =
            tokio::time::timeout(RECORD_WITHIN, record(committer, batch, grace_ms)).await;
        recorded
            .unwrap_or_else(|_| Err(StoreError::Unavailable("it does not answer in time".into())))
            .inspect_err(|_| counter!("hookyard_ingress_batches_failed_total").increment(1))
    }
}

async fn record(
    committer: &Committer,
    batch: &[Waiting],
    grace_ms: u32,
) -> Result<Vec<Outcome>, StoreError> {
    let arrivals: Vec<&Arrival> = batch.iter().flat_map(|call| &call.arrivals).collect();
    let recorded = match committer.record(&arrivals, grace_ms).await {
        // One bad row fails the whole statement: record each call by itself, so that only the bad one is refused.
        Err(error @ StoreError::Refused(_)) => {
            warn!("recording {} calls one by one: {}", batch.len(), error.brief());
            one_by_one(committer, batch, grace_ms).await?
        }
        recorded => recorded?,
    };
    let mut recorded = recorded.into_iter();
    let mut outcomes: Vec<Outcome> = batch
        .iter()
        .map(|call| Outcome {
            recorded: recorded.by_ref().take(call.arrivals.len()).collect(),
            known: None,
        })
        .collect();
    look_up_deliveries(committer, batch, &mut outcomes, grace_ms).await?;
    look_up_publications(committer, batch, &mut outcomes).await?;
    Ok(outcomes)
}

/// Those calls that came before, with what they are looked up by.
fn repeated<T>(
    batch: &[Waiting],
    outcomes: &[Outcome],
    by: impl Fn(&Waiting) -> Option<T>,
) -> (Vec<usize>, Vec<T>) {
    let calls = batch.iter().zip(outcomes).enumerate();
    let repeated =
        calls.filter(|(_, (_, outcome))| outcome.recorded.contains(&Recorded::Duplicate));
    repeated.filter_map(|(n, (call, _))| Some((n, by(call)?))).unzip()
}

/// Gives the events of redeliveries another chance where they may have one.
async fn look_up_deliveries(
    committer: &Committer,
    batch: &[Waiting],
    outcomes: &mut [Outcome],
    grace_ms: u32,
) -> Result<(), StoreError> {
    let of_delivery = |call: &Waiting| call.arrivals.first().filter(|_| call.fresh)?.duplicate();
    let (calls, duplicates) = repeated(batch, outcomes, of_delivery);
    if duplicates.is_empty() {
        return Ok(());
    }
    for (n, rearmed) in calls.into_iter().zip(rearm(committer, &duplicates, grace_ms).await?) {
        outcomes[n] = match rearmed {
            Rearmed::Own(recorded) => Outcome { recorded: vec![recorded], known: None },
            rearmed @ (Rearmed::Queued(_) | Rearmed::LeftAlone(_) | Rearmed::Unknown) => Outcome {
                recorded: vec![Recorded::Duplicate],
                known: Some(Known::Delivery(rearmed)),
            },
        };
    }
    Ok(())
}

/// Finds what was published first under the keys that came again.
async fn look_up_publications(
    committer: &Committer,
    batch: &[Waiting],
    outcomes: &mut [Outcome],
) -> Result<(), StoreError> {
    let of_publication = |call: &Waiting| Repetition::of(&call.arrivals);
    let (calls, repetitions) = repeated(batch, outcomes, of_publication);
    if repetitions.is_empty() {
        return Ok(());
    }
    for (n, found) in calls.into_iter().zip(earlier(committer, &repetitions).await?) {
        outcomes[n].known = Some(Known::Publication(found));
    }
    Ok(())
}

async fn one_by_one(
    committer: &Committer,
    batch: &[Waiting],
    grace_ms: u32,
) -> Result<Vec<Recorded>, StoreError> {
    let mut recorded = Vec::with_capacity(batch.len());
    for call in batch {
        match committer.record(&call.arrivals, grace_ms).await {
            Ok(of_call) => recorded.extend(of_call),
            Err(error @ StoreError::Refused(_)) => {
                let kind = call.arrivals.first().map_or("none", |it| it.event_type.as_str());
                error!("a call of type {kind} cannot be stored: {}", error.brief());
                recorded.extend(call.arrivals.iter().map(|_| Recorded::Refused));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(recorded)
}

impl Waiting {
    /// The bytes of its bodies.
    fn bytes(&self) -> usize {
        self.arrivals.iter().map(|it| it.body.len()).sum()
    }
}

/// Whether the caller has not given up yet: one that has will hear nothing, and comes back by itself.
fn still_waits(call: &Waiting) -> bool {
    !call.answer.is_closed()
}
