//! Syncs that are put off, or tried again later. Each is guarded by the lease.

use hookyard_domain::sync_attempt::{AttemptCause, AttemptOutcome};

use super::SyncWork;
use super::attempt_end::{AttemptEnd, end_attempt};
use super::tracked;
use super::wake::wake_newer;
use crate::jobs::{self, Ended, Lease};
use crate::{Conn, Db, StoreError};

/// What a try that came to no end has cost, and why it did not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    pub github_requests: u32,
    /// None: the worker's process ended.
    pub cause: Option<AttemptCause>,
    /// Whether it was a look for a push that was not visible yet.
    pub look: bool,
}

/// Puts a sync off without spending an attempt.
pub async fn park(
    conn: &mut Conn,
    lease: &Lease,
    work: &SyncWork,
    delay_ms: u64,
    spent: Spent,
) -> Result<Ended, StoreError> {
    const SQL: &str = "-- sync_events::park
        update sync_event set status = 'queued', attempts = attempts - 1, looks = looks + $2 where id = $1";
    let tx = conn.begin().await?;
    tracked::lock(&tx, work.target).await?;
    let ended = jobs::park(&tx, lease, delay_ms).await?;
    if ended == Ended::Held {
        tx.execute(SQL, &[/* id */ &work.sync_event.0, /* looks */ &i32::from(spent.look)]).await?;
        let outcome = spent.cause.map_or(AttemptOutcome::Stopped, |_cause| AttemptOutcome::PutOff);
        let delay_ms = Some(delay_ms);
        let attempt = AttemptEnd { outcome, spent, error: None, looked: None, delay_ms };
        end_attempt(&tx, work.sync_event, attempt).await?;
        wake_newer(&tx, work).await?;
        tx.commit().await?;
    }
    Ok(ended)
}

/// Records a failed attempt; the next one is due after `delay_ms`.
pub async fn retry(
    conn: &mut Conn,
    lease: &Lease,
    work: &SyncWork,
    delay_ms: u64,
    error: &str,
    spent: Spent,
) -> Result<Ended, StoreError> {
    const SQL: &str = "-- sync_events::retry
        update sync_event set status = 'queued', error = $2 where id = $1";
    let tx = conn.begin().await?;
    tracked::lock(&tx, work.target).await?;
    let ended = jobs::park(&tx, lease, delay_ms).await?;
    if ended == Ended::Held {
        tx.execute(SQL, &[/* id */ &work.sync_event.0, /* error */ &error]).await?;
        let (outcome, delay_ms) = (AttemptOutcome::Failed, Some(delay_ms));
        let attempt = AttemptEnd { outcome, spent, error: Some(error), looked: None, delay_ms };
        end_attempt(&tx, work.sync_event, attempt).await?;
        wake_newer(&tx, work).await?;
        tx.commit().await?;
    }
    Ok(ended)
}
