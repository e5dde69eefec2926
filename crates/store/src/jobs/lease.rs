//! Leasing a job and ending the lease.

use hookyard_domain::ids::JobId;
use hookyard_domain::job::{JobKind, LEASE_MS};
use tokio_postgres::Row;
use uuid::Uuid;

use super::Lease;
use crate::{Db, StoreError, Tx};

/// Whether the lease still held when it was ended.
#[must_use = "a fenced worker must drop its result"]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The lease held; the change is part of the transaction.
    Held,
    /// The lease had run out or the work was cancelled: roll back.
    Fenced,
}

impl Ended {
    fn of(rows: u64) -> Self {
        if rows == 0 { Self::Fenced } else { Self::Held }
    }
}

fn lease_of(kind: JobKind, row: &Row) -> Lease {
    Lease {
        job: JobId(row.get("id")),
        kind,
        subject: row.get("subject_id"),
        epoch: row.get("lease_epoch"),
        runs: row.get("runs"),
        again: row.get("again"),
    }
}

/// Leases the jobs of these subjects that may be leased; the others are taken, finished or not due.
///
/// Not for deliveries, which share the places of their lane: see [`crate::delivery_jobs::lease`].
pub async fn lease(
    db: &impl Db,
    kind: JobKind,
    subjects: &[Uuid],
    owner: Uuid,
) -> Result<Vec<Lease>, StoreError> {
    // SKIP LOCKED: a row that somebody else is leasing just now is not to be had anyway.
    const SQL: &str = "-- jobs::lease
        update job
           set state = 'leased', lease_owner = $3, due_at = now() + make_interval(secs => $4::float8),
               lease_epoch = lease_epoch + 1, runs = runs + 1
         where id = any(array(select id from job
                               where kind = $1 and subject_id = any($2) and (state = 'ready' or due_at <= now())
                               order by id for update skip locked))
     returning id, subject_id, lease_epoch, runs, again";
    let rows = db
        .rows(
            SQL,
            &[
                /* kind */ &kind.as_str(),
                /* subjects */ &subjects,
                /* owner */ &owner,
                /* seconds */ &lease_seconds(),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| lease_of(kind, row)).collect())
}

/// Leases up to `limit` jobs straight from the table, oldest first: the way while the broker is away.
pub async fn lease_waiting(
    db: &impl Db,
    kind: JobKind,
    owner: Uuid,
    limit: i64,
) -> Result<Vec<Lease>, StoreError> {
    const SQL: &str = "-- jobs::lease_waiting
        update job
           set state = 'leased', lease_owner = $2, due_at = now() + make_interval(secs => $3::float8),
               lease_epoch = lease_epoch + 1, runs = runs + 1
         where id = any(array(select id from job where kind = $1 and state = 'ready'
                              order by due_at limit $4 for update skip locked))
     returning id, subject_id, lease_epoch, runs, again";
    let rows = db
        .rows(
            SQL,
            &[
                /* kind */ &kind.as_str(),
                /* owner */ &owner,
                /* seconds */ &lease_seconds(),
                /* limit */ &limit,
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| lease_of(kind, row)).collect())
}

/// Makes a lease last another term; fenced when it is no longer ours.
pub async fn renew(db: &impl Db, lease: &Lease) -> Result<Ended, StoreError> {
    const SQL: &str = "-- jobs::renew
        update job set due_at = now() + make_interval(secs => $3::float8)
         where id = $1 and lease_epoch = $2 and lease_owner is not null";
    let rows = db
        .execute(
            SQL,
            &[
                /* job */ &lease.job.0,
                /* epoch */ &lease.epoch,
                /* seconds */ &lease_seconds(),
            ],
        )
        .await?;
    Ok(Ended::of(rows))
}

/// Locks the job for the rest of the transaction, if the lease still holds.
pub async fn lock(tx: &Tx<'_>, lease: &Lease) -> Result<Ended, StoreError> {
    const SQL: &str = "-- jobs::lock
        select 1 as held from job where id = $1 and lease_epoch = $2 and lease_owner is not null for update";
    let row = tx.row_opt(SQL, &[/* job */ &lease.job.0, /* epoch */ &lease.epoch]).await?;
    Ok(if row.is_some() { Ended::Held } else { Ended::Fenced })
}

/// Ends the work: the promise is kept, the row goes.
pub async fn finish(db: &impl Db, lease: &Lease) -> Result<Ended, StoreError> {
    const SQL: &str = "-- jobs::finish
        delete from job where id = $1 and lease_epoch = $2 and lease_owner is not null";
    Ok(Ended::of(db.execute(SQL, &[/* job */ &lease.job.0, /* epoch */ &lease.epoch]).await?))
}

/// Puts the work off: nobody can lease it for `delay_ms`.
pub async fn park(db: &impl Db, lease: &Lease, delay_ms: u64) -> Result<Ended, StoreError> {
    const SQL: &str = "-- jobs::park
        update job
           set state = 'scheduled', lease_owner = null, runs = 0, republished = 0,
               due_at = now() + make_interval(secs => $3::float8)
         where id = $1 and lease_epoch = $2 and lease_owner is not null";
    #[expect(clippy::cast_precision_loss, reason = "delays are hours at most")]
    let seconds = delay_ms as f64 / 1000.0;
    let rows = db
        .execute(
            SQL,
            &[
                /* job */ &lease.job.0,
                /* epoch */ &lease.epoch,
                /* seconds */ &seconds,
            ],
        )
        .await?;
    Ok(Ended::of(rows))
}

#[expect(clippy::cast_precision_loss, reason = "a minute")]
fn lease_seconds() -> f64 {
    LEASE_MS as f64 / 1000.0
}
