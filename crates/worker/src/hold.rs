//! Holding a lease while the work goes on.

use std::time::Duration;

use hookyard_domain::job::{LEASE_MS, LEASE_RENEWAL_MS};
use hookyard_store::jobs::{Ended, Lease, park, renew};
use hookyard_store::{Store, StoreError};
use tokio::time::Instant;
use tracing::{debug, warn};

/// How soon a renewal that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Runs the work and renews its lease meanwhile; none when the lease was lost, and the work dropped.
pub(crate) async fn hold<T>(
    store: &Store,
    lease: &Lease,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = renew_until_lost(store, lease) => None,
    }
}

async fn renew_until_lost(store: &Store, lease: &Lease) {
    let term = Duration::from_millis(LEASE_MS.unsigned_abs());
    let mut expires = Instant::now() + term;
    let mut pause = Duration::from_millis(LEASE_RENEWAL_MS);
    loop {
        tokio::time::sleep(pause).await;
        let asked = Instant::now();
        match renewed(store, lease).await {
            Ok(Ended::Held) => {
                expires = asked + term;
                pause = Duration::from_millis(LEASE_RENEWAL_MS);
            }
            Ok(Ended::Fenced) => {
                debug!(job.id = %lease.job, "the lease of {} is lost; its work is dropped", lease.job);
                return;
            }
            Err(error) if Instant::now() < expires => {
                warn!(job.id = %lease.job, %error, "the lease of {} could not be renewed yet", lease.job);
                pause = TRY_AGAIN;
            }
            Err(_) => return,
        }
    }
}

/// Gives the lease of work back that met an absence of the database: it is not the work's fault, and must not count
/// as one of the runs that held it to be deadly. Best effort: a lease that stays runs out.
pub(crate) async fn give_back(store: &Store, lease: &Lease, error: &StoreError) {
    /// How long the work rests.
    const REST_MS: u64 = 1_000;
    if !error.is_unavailable() {
        return;
    }
    let given_back = match store.conn().await {
        Ok(conn) => park(&conn, lease, REST_MS).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = given_back {
        debug!(job.id = %lease.job, "the lease of {} is left to run out: {}", lease.job, error.brief());
    }
}

async fn renewed(store: &Store, lease: &Lease) -> Result<Ended, StoreError> {
    renew(&store.conn().await?, lease).await
}
