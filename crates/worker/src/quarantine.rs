//! Keeps jobs apart that may kill their process.
//!
//! A job that was leased before without an orderly end may be what ended its worker. It runs alone, so that if
//! the process dies again nobody else is suspected.

use std::sync::Arc;

use hookyard_store::jobs::Lease;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// More than any number of jobs at once.
const PLACES: u32 = 1 << 20;

/// Lets any number of unsuspected jobs run together, and a suspected one alone.
#[derive(Debug)]
pub(crate) struct Quarantine {
    places: Arc<Semaphore>,
}

impl Default for Quarantine {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES as usize)) }
    }
}

/// Whether a job is suspected of having ended its last worker.
pub(crate) fn is_suspected(lease: &Lease) -> bool {
    lease.runs > 1
}

impl Quarantine {
    /// Waits until the job may run; it may until the guard is dropped.
    pub(crate) async fn enter(&self, suspected: bool) -> OwnedSemaphorePermit {
        let places = if suspected { PLACES } else { 1 };
        Arc::clone(&self.places)
            .acquire_many_owned(places)
            .await
            .expect("the semaphore is never closed")
    }
}
