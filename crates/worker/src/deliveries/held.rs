//! The leases that this process holds, and until when, by its own monotonic clock.
//!
//! A process that was frozen finds out here that its time is over: every lease counts from before it was asked for,
//! and is looked at again right before the request is written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hookyard_domain::ids::JobId;
use hookyard_domain::job::{LEASE_MS, LEASE_RENEWAL_MS};
use hookyard_store::delivery_jobs;
use hookyard_store::jobs::Lease;
use hookyard_store::{Store, StoreError};
use metrics::counter;
use tracing::{debug, warn};

/// How often the leases are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Leases renewed with one statement.
const RENEWED_MAX: usize = 512;
/// How much of a lease must be left for a call to begin.
const LEFT_MIN: Duration = Duration::from_secs(2);
const TERM: Duration = Duration::from_millis(LEASE_MS.unsigned_abs());

#[derive(Debug, Default)]
pub(super) struct Held {
    leases: Mutex<HashMap<JobId, Holding>>,
}

/// A lease that is renewed until this is dropped: when its end is on record, or its work came to nothing.
#[derive(Debug)]
pub(super) struct HeldLease {
    pub(super) lease: Lease,
    held: Arc<Held>,
}

#[derive(Debug, Clone, Copy)]
struct Holding {
    lease: Lease,
    until: Instant,
}

impl Held {
    /// Holds a lease that was asked for at this time.
    pub(super) fn hold(self: &Arc<Self>, lease: Lease, asked: Instant) -> HeldLease {
        self.lock().insert(lease.job, Holding { lease, until: asked + TERM });
        HeldLease { lease, held: Arc::clone(self) }
    }

    /// Renews leases when their time comes, for ever.
    pub(super) async fn keep(&self, store: &Store) {
        loop {
            tokio::time::sleep(LOOK).await;
            let due = self.due(Instant::now());
            for leases in due.chunks(RENEWED_MAX) {
                if let Err(error) = self.renew(store, leases).await {
                    warn!("{} leases could not be renewed yet: {}", leases.len(), error.brief());
                }
            }
        }
    }

    async fn renew(&self, store: &Store, leases: &[Lease]) -> Result<(), StoreError> {
        let asked = Instant::now();
        let renewed = delivery_jobs::renew(&store.conn().await?, leases).await?;
        let lost = leases.len() - renewed.len();
        if lost > 0 {
            counter!("hookyard_worker_fenced_total").increment(lost as u64);
            debug!("{lost} leases are somebody else's by now");
        }
        let mut held = self.lock();
        for lease in leases {
            let Some(holding) = held.get_mut(&lease.job) else { continue };
            if holding.lease.epoch == lease.epoch {
                holding.until = if renewed.contains(&lease.job) { asked + TERM } else { asked };
            }
        }
        Ok(())
    }

    /// Leases whose renewal is due. Those that were lost are not among them.
    fn due(&self, now: Instant) -> Vec<Lease> {
        let renewal = Duration::from_millis(LEASE_RENEWAL_MS);
        let due = |it: &&Holding| it.until > now && it.until < now + TERM.saturating_sub(renewal);
        self.lock().values().filter(due).map(|it| it.lease).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Holding>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldLease {
    /// Whether there is time enough left for a call.
    pub(super) fn allows_call(&self, now: Instant) -> bool {
        let leases = self.held.lock();
        let holding = leases.get(&self.lease.job).filter(|it| it.lease.epoch == self.lease.epoch);
        holding.is_some_and(|it| now + LEFT_MIN < it.until)
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        let mut leases = self.held.lock();
        // By now the job may be leased anew, by this very process.
        if leases.get(&self.lease.job).is_some_and(|it| it.lease.epoch == self.lease.epoch) {
            leases.remove(&self.lease.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use hookyard_domain::job::JobKind;
    use uuid::Uuid;

    use super::*;

    fn lease(epoch: i64) -> Lease {
        let job = JobId(Uuid::from_u128(1));
        Lease { job, kind: JobKind::Delivery, subject: job.0, epoch, runs: 1, again: false }
    }

    #[test]
    fn a_call_begins_only_within_its_lease() {
        let (held, asked) = (Arc::new(Held::default()), Instant::now());
        let first = held.hold(lease(1), asked);
        assert!(first.allows_call(asked));
        assert!(!first.allows_call(asked + TERM), "frozen for a minute");
        let second = held.hold(lease(2), asked);
        assert!(!first.allows_call(asked), "the job was leased anew");
        drop(first);
        assert!(second.allows_call(asked), "the older lease ends for itself only");
        drop(second);
        assert!(held.lock().is_empty());
    }

    #[test]
    fn a_lease_is_renewed_after_a_third_of_its_time() {
        let (held, asked) = (Arc::new(Held::default()), Instant::now());
        let _held = held.hold(lease(1), asked);
        let renewal = Duration::from_millis(LEASE_RENEWAL_MS);
        assert!(held.due(asked + renewal).is_empty());
        assert_eq!(held.due(asked + renewal + Duration::from_millis(1)), [lease(1)]);
        assert!(held.due(asked + TERM).is_empty(), "what has run out is not renewed");
    }
}
