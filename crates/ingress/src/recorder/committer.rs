//! One committer: a connection of its own, rebuilt when it breaks.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;
use hookyard_process::Gate;
use hookyard_store::ingest::{
    Arrival, BATCH_BYTES_MAX, BATCH_ROWS_MAX, Committer, Duplicate, Rearmed, Recorded, rearm,
};
use hookyard_store::{StoreError, StoreSettings};
use metrics::counter;
use tracing::{error, warn};

use super::{NotRecorded, Outcome, Waiting};
use crate::clock::Clock;
use crate::publishing::Publishing;

/// How long the database gets to accept a connection, and to record a batch.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const RECORD_WITHIN: Duration = Duration::from_secs(6);

pub(super) struct Committing {
    pub(super) store: StoreSettings,
    pub(super) calls: async_channel::Receiver<Waiting>,
    pub(super) publishing: Publishing,
    pub(super) clock: Clock,
    pub(super) ready: Gate,
}

impl Committing {
    /// Commits batches until no more calls can come.
    pub(super) async fn run(self) {
        let mut pause = ExponentialBackoff {
            initial_interval: Duration::from_millis(50),
            max_interval: Duration::from_secs(1),
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        while !(self.calls.is_closed() && self.calls.is_empty()) {
            match tokio::time::timeout(
                CONNECT_WITHIN,
                Committer::connect(&self.store, Clock::host_ms),
            )
            .await
            {
                Ok(Ok((committer, traffic))) => {
                    pause.reset();
                    self.clock.set_offset_ms(committer.clock_offset_ms());
                    self.ready.set(true, "");
                    tokio::select! {
                        () = self.commit_batches(committer) => {}
                        // The connection broke: who waits for its answer gets 503, for nobody knows it.
                        () = traffic => {}
                    }
                    continue;
                }
                Ok(Err(error)) => warn!(%error, "PostgreSQL cannot be reached: answering 503"),
                Err(_) => warn!("PostgreSQL does not accept a connection in time: answering 503"),
            }
            self.ready.set(false, "PostgreSQL cannot be reached");
            self.turn_away();
            tokio::time::sleep(pause.next_backoff().unwrap_or(CONNECT_WITHIN)).await;
        }
    }

    /// Answers everybody who waits: nobody knows when the database will be back.
    fn turn_away(&self) {
        while let Ok(call) = self.calls.try_recv() {
            drop(call.answer.send(Err(NotRecorded)));
        }
    }

    /// Commits batches until one fails or no more calls can come.
    async fn commit_batches(&self, committer: Committer) {
        while let Ok(first) = self.calls.recv().await {
            let batch = self.gather(first);
            let (arrivals, answers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|call| (call.arrival, call.answer)).unzip();
            let Some(outcomes) = self.record_in_time(&committer, &arrivals).await else {
                for waiting in answers {
                    drop(waiting.send(Err(NotRecorded)));
                }
                return; // Whatever is wrong with the connection, a new one knows nothing of it.
            };
            let publications = self.publishing.publications(&arrivals, &outcomes);
            for (waiting, outcome) in answers.into_iter().zip(outcomes) {
                drop(waiting.send(Ok(outcome))); // The caller may have gone away.
            }
            self.publishing.offer(publications);
        }
    }

    /// Records a batch; none when nobody knows whether it was recorded.
    async fn record_in_time(
        &self,
        committer: &Committer,
        arrivals: &[Arrival],
    ) -> Option<Vec<Outcome>> {
        counter!("hookyard_ingress_batches_total").increment(1);
        counter!("hookyard_ingress_calls_total").increment(arrivals.len() as u64);
        let failure =
            match tokio::time::timeout(RECORD_WITHIN, self.record(committer, arrivals)).await {
                Ok(Ok(outcomes)) => return Some(outcomes),
                Ok(Err(error)) => anyhow::Error::new(error),
                Err(_) => anyhow::anyhow!("PostgreSQL does not answer in time"),
            };
        counter!("hookyard_ingress_batches_failed_total").increment(1);
        warn!(
            "a batch of {} calls was not recorded, they are answered 503: {failure:#}",
            arrivals.len()
        );
        None
    }

    /// Takes whatever waits already, up to a batch.
    fn gather(&self, first: Waiting) -> Vec<Waiting> {
        let mut bytes = first.arrival.body.len();
        let mut batch = vec![first];
        while batch.len() < BATCH_ROWS_MAX && bytes < BATCH_BYTES_MAX {
            let Ok(call) = self.calls.try_recv() else { break };
            bytes += call.arrival.body.len();
            batch.push(call);
        }
        batch
    }

    async fn record(
        &self,
        committer: &Committer,
        arrivals: &[Arrival],
    ) -> Result<Vec<Outcome>, StoreError> {
        let grace_ms = self.publishing.ready_grace_ms();
        let recorded = match committer.record(arrivals, grace_ms).await {
            // One bad row fails the whole statement: record each by itself, so that only the bad one is refused.
            Err(StoreError::Refused(error)) => {
                warn!(%error, "PostgreSQL refused a batch of {}; recording its calls one by one", arrivals.len());
                one_by_one(committer, arrivals, grace_ms).await?
            }
            recorded => recorded?,
        };
        let rearmed = self.rearm(committer, arrivals, &recorded, grace_ms).await?;
        Ok(recorded
            .into_iter()
            .zip(rearmed)
            .map(|(recorded, rearmed)| Outcome { recorded, rearmed })
            .collect())
    }

    async fn rearm(
        &self,
        committer: &Committer,
        arrivals: &[Arrival],
        recorded: &[Recorded],
        grace_ms: u32,
    ) -> Result<Vec<Option<Rearmed>>, StoreError> {
        let is_duplicate = |recorded: &&Recorded| matches!(recorded, Recorded::Duplicate);
        let duplicates: Vec<_> = arrivals
            .iter()
            .zip(recorded)
            .filter(|(_, recorded)| is_duplicate(recorded))
            .map(|(arrival, _)| Duplicate { source: arrival.source, id_key: arrival.id_key })
            .collect();
        if duplicates.is_empty() {
            return Ok(vec![None; recorded.len()]);
        }
        let mut rearmed = rearm(committer, &duplicates, grace_ms).await?.into_iter();
        Ok(recorded
            .iter()
            .map(|it| if is_duplicate(&it) { rearmed.next() } else { None })
            .collect())
    }
}

async fn one_by_one(
    committer: &Committer,
    arrivals: &[Arrival],
    grace_ms: u32,
) -> Result<Vec<Recorded>, StoreError> {
    let mut recorded = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        recorded.push(match committer.record(std::slice::from_ref(arrival), grace_ms).await {
            Ok(mut alone) => alone.pop().unwrap_or(Recorded::Refused),
            Err(StoreError::Refused(error)) => {
                let event = arrival.event;
                error!(event.id = %event, %error, "a call of type {} cannot be stored", arrival.event_type);
                Recorded::Refused
            }
            Err(error) => return Err(error),
        });
    }
    Ok(recorded)
}
