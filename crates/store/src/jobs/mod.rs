//! The job table: promises of work, and the one clock `due_at` that says when someone must look again.
//!
//! A lease is a compare-and-set. Everything that ends one is guarded by the lease's epoch: a worker that was
//! frozen past its lease finds no row, is *fenced*, and drops its result.
//!
//! A statement is planned once a connection, and mostly while this table is empty: then every index seems as good as
//! any other. So each statement is written such that only the index that fits serves it. Rows are named by
//! `= any(array(...))`, which is looked up and never joined, and a row that is found by its id or subject is not
//! asked for its `state` where a partial index has that very condition: `lease_owner` tells the same.

mod lease;
mod sweep;

use hookyard_domain::ids::JobId;
use hookyard_domain::job::JobKind;
use uuid::Uuid;

pub use lease::{Ended, finish, lease, lease_waiting, lock, park, renew};
pub use sweep::{Due, overdue, wake};

use crate::{Db, StoreError};

/// The right to do a job's work, until it runs out or is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub job: JobId,
    pub kind: JobKind,
    /// The event, sync event, delivery or replay that the work is about.
    pub subject: Uuid,
    pub epoch: i64,
    /// Leases since the last orderly end, this one included.
    pub runs: i32,
    /// The subject was handled or refused before; it is to be done from the start.
    pub again: bool,
}

/// Marks jobs due now whose messages could not be published, so that the next sweep sends them.
pub async fn mark_due(db: &impl Db, kind: JobKind, subjects: &[Uuid]) -> Result<u64, StoreError> {
    const SQL: &str = "-- jobs::mark_due
        update job set due_at = now()
         where id = any(array(select id from job where kind = $1 and subject_id = any($2)
                                and state not in ('scheduled', 'parked') and lease_owner is null
                              order by id for update skip locked))";
    db.execute(SQL, &[/* kind */ &kind.as_str(), /* subjects */ &subjects]).await
}

/// How many of these subjects are neither an event nor a sync event nor a delivery.
pub async fn unknown_subjects(db: &impl Db, subjects: &[Uuid]) -> Result<i64, StoreError> {
    const SQL: &str = "-- jobs::unknown_subjects
        select count(*) as unknown from unnest($1::uuid[]) as subject(id)
         where not exists (select 1 from event where event.id = subject.id)
           and not exists (select 1 from sync_event where sync_event.id = subject.id)
           and not exists (select 1 from delivery where delivery.id = subject.id)";
    Ok(db.row(SQL, &[/* subjects */ &subjects]).await?.get("unknown"))
}
