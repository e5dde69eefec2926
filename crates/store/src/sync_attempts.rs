//! Reading `sync_attempt`: each lease that ran a sync, and how that ended. Written by [`crate::sync_events`], with the
//! transitions that it makes.

use hookyard_domain::ids::{SyncEventId, WorkerId};
use hookyard_domain::sync_attempt::{AttemptCause, AttemptOutcome};
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;

use crate::{Db, StoreError};

/// The most attempts that are read of one sync event, the last ones: a look for a push that is not visible is one, too.
pub const ATTEMPTS_SHOWN_MAX: i64 = 200;

/// One lease that ran a sync.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncAttempt {
    /// Over all leases, those that were put off included.
    pub number: i32,
    pub worker_id: Option<WorkerId>,
    /// The name of the worker's process, while it is known.
    pub worker: Option<String>,
    /// Which lease of the job it was.
    pub lease_epoch: i64,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// None: it runs.
    pub outcome: Option<AttemptOutcome>,
    pub cause: Option<AttemptCause>,
    pub error: Option<String>,
    pub github_requests: i32,
    /// Entries of the commit's tree; none where no tree was read.
    pub tree_entries: Option<i32>,
    /// Entries that a mapping selects.
    pub matched: Option<i32>,
    /// Files unlike what was bound, those that were gone included.
    pub differing: Option<i32>,
    /// When the next attempt may begin, as it was planned at the end of this one.
    pub next_attempt_at: Option<Timestamp>,
}

impl SyncAttempt {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.get("number"),
            worker_id: row.get::<_, Option<_>>("worker_id").map(WorkerId),
            worker: row.get("worker"),
            lease_epoch: row.get("lease_epoch"),
            started_at: row.get("started_at"),
            ended_at: row.get("ended_at"),
            outcome: row.get::<_, Option<&str>>("outcome").map(str::parse).transpose()?,
            cause: row.get::<_, Option<&str>>("cause").map(str::parse).transpose()?,
            error: row.get("error"),
            github_requests: row.get("github_requests"),
            tree_entries: row.get("tree_entries"),
            matched: row.get("matched"),
            differing: row.get("differing"),
            next_attempt_at: row.get("next_attempt_at"),
        })
    }
}

/// The attempts of a sync event, oldest first; of more than [`ATTEMPTS_SHOWN_MAX`] the last ones.
pub async fn of(db: &impl Db, id: SyncEventId) -> Result<Vec<SyncAttempt>, StoreError> {
    const SQL: &str = "-- sync_attempts::of
        select attempt.number, attempt.worker_id, worker.name as worker, attempt.lease_epoch, attempt.started_at,
               attempt.ended_at, attempt.outcome, attempt.cause, attempt.error, attempt.github_requests,
               attempt.tree_entries, attempt.matched, attempt.differing, attempt.next_attempt_at
          from sync_attempt attempt
          left join worker on worker.id = attempt.worker_id
         where attempt.sync_event_id = $1
         order by attempt.number desc limit $2";
    let rows = db.rows(SQL, &[/* id */ &id.0, /* limit */ &ATTEMPTS_SHOWN_MAX]).await?;
    rows.iter().rev().map(SyncAttempt::read).collect()
}
