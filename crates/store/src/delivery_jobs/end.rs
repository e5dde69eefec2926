//! The ends of a lease without a try: the job goes back, or the delivery ends unsent.
//!
//! A lease ends by its epoch alone: a result that comes after the lease ran out counts if nobody leased the job since.
//! `runs` is 0 after an orderly end, so that the same end counts once, also when it is written again because nobody
//! knows whether it was.

use std::collections::HashMap;

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{DeliveryId, JobId};
use uuid::Uuid;

use crate::jobs::Lease;
use crate::{Db, StoreError};

/// A delivery that ends without having been sent.
#[derive(Debug, Clone)]
pub struct Unsent {
    pub lease: Lease,
    pub end: UnsentEnd,
}

/// How.
#[derive(Debug, Clone)]
pub enum UnsentEnd {
    /// A dead letter with this reason tells of it.
    Dead { reason: &'static str, error: String },
    /// Called off, with a warning on record.
    Cancelled { error: String },
}

/// Ends deliveries without a try; returns those whose lease still held.
pub async fn end_unsent(db: &impl Db, unsent: &[Unsent]) -> Result<Vec<DeliveryId>, StoreError> {
    const SQL: &str = "-- delivery_jobs::end_unsent
        with held as materialized (
            select id, subject_id from job
             where id = any($1) and runs > 0 and lease_epoch = ($2::int8[])[array_position($1::uuid[], id)]
             order by id for update
        ), ended as (
            update delivery
               set state = case when cancel_requested_at is not null then 'cancelled'
                                else ($6::text[])[array_position($3::uuid[], id)] end,
                   state_at = now(), next_attempt_at = null, error = ($8::text[])[array_position($3::uuid[], id)]
             where id between $4 and $5 and id = any(array(select subject_id from held))
         returning id, workspace_id, state, ($7::text[])[array_position($3::uuid[], id)] as reason, error
        ), tallied as (
            insert into tally (workspace_id, metric, count)
            select workspace_id, 'delivery_' || state, count(*) from ended group by workspace_id, state
        ), letter as (
            insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
            select uuid_v7(now()), workspace_id, id, 'delivery', reason, error from ended where state = 'dead'
                on conflict (subject_id, kind) where settled_at is null
                do update set reason = excluded.reason, error = excluded.error
        )
        delete from job where id = any(array(select id from held)) returning subject_id";
    let newest = newest(unsent.iter().map(|it| it.lease));
    let unsent: Vec<&Unsent> =
        unsent.iter().filter(|it| newest[&it.lease.job] == it.lease.epoch).collect();
    let leases = Columns::of(unsent.iter().map(|it| it.lease));
    let column = |dead: DeliveryState, cancelled: DeliveryState| -> Vec<&'static str> {
        let state = |it: &&Unsent| match it.end {
            UnsentEnd::Dead { .. } => dead.as_str(),
            UnsentEnd::Cancelled { .. } => cancelled.as_str(),
        };
        unsent.iter().map(state).collect()
    };
    let reasons: Vec<Option<&str>> = unsent.iter().map(|it| it.end.reason()).collect();
    let errors: Vec<String> = unsent.iter().map(|it| text(it.end.error())).collect();
    let rows = db
        .rows(
            SQL,
            &[
                /* jobs */ &leases.jobs,
                /* epochs */ &leases.epochs,
                /* deliveries */ &leases.subjects,
                /* first delivery */ &leases.first(),
                /* last delivery */ &leases.last(),
                /* states */ &column(DeliveryState::Dead, DeliveryState::Cancelled),
                /* reasons */ &reasons,
                /* errors */ &errors,
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| DeliveryId(row.get("subject_id"))).collect())
}

impl UnsentEnd {
    fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Dead { reason, .. } => Some(reason),
            Self::Cancelled { .. } => None,
        }
    }

    fn error(&self) -> &str {
        match self {
            Self::Dead { error, .. } | Self::Cancelled { error } => error,
        }
    }
}

/// Gives leases back without a try; returns those that held.
///
/// With a time in milliseconds the job can be leased again after it; without one it is parked, in its old place.
/// A delivery that was called off meanwhile ends.
pub async fn put_back(
    db: &impl Db,
    leases: &[(Lease, Option<u64>)],
) -> Result<Vec<DeliveryId>, StoreError> {
    const SQL: &str = "-- delivery_jobs::put_back
        with held as materialized (
            select id, subject_id from job
             where id = any($1) and runs > 0 and lease_epoch = ($2::int8[])[array_position($1::uuid[], id)]
             order by id for update
        ), called_off as (
            -- Whoever asks for it locks the job first: what is asked before the lock is seen here.
            update delivery set state = 'cancelled', state_at = now(), next_attempt_at = null
             where id between $4 and $5 and id = any(array(select subject_id from held))
               and cancel_requested_at is not null and state in ('pending', 'failed')
         returning ($1::uuid[])[array_position($3::uuid[], id)] as job_id
        ), ended as (
            delete from job where id = any(array(select job_id from called_off)) returning subject_id
        ), again as (
            update job
               set state = case when ($6::float8[])[array_position($1::uuid[], id)] is null then 'parked'
                                else 'scheduled' end,
                   lease_owner = null, runs = 0, republished = 0,
                   due_at = now() + make_interval(secs => coalesce(($6::float8[])[array_position($1::uuid[], id)], 0))
             where id = any(array(select id from held except select job_id from called_off))
         returning subject_id
        )
        select subject_id from ended union all select subject_id from again";
    let newest = newest(leases.iter().map(|(lease, _)| *lease));
    let leases: Vec<_> =
        leases.iter().filter(|(lease, _)| newest[&lease.job] == lease.epoch).collect();
    let waits: Vec<Option<f64>> = leases.iter().map(|(_, wait)| wait.map(seconds)).collect();
    let leases = Columns::of(leases.iter().map(|(lease, _)| *lease));
    let rows = db
        .rows(
            SQL,
            &[
                /* jobs */ &leases.jobs,
                /* epochs */ &leases.epochs,
                /* deliveries */ &leases.subjects,
                /* first delivery */ &leases.first(),
                /* last delivery */ &leases.last(),
                /* waits */ &waits,
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| DeliveryId(row.get("subject_id"))).collect())
}

/// Ends leases of deliveries that are over, were called off, or have nobody to go to any more.
pub(super) async fn call_off(db: &impl Db, leases: &[Lease]) -> Result<(), StoreError> {
    const SQL: &str = "-- delivery_jobs::call_off
        with held as materialized (
            select id, subject_id from job
             where id = any($1) and runs > 0 and lease_epoch = ($2::int8[])[array_position($1::uuid[], id)]
             order by id for update
        ), called_off as (
            update delivery
               set state = 'cancelled', state_at = now(), next_attempt_at = null
             where id between $3 and $4 and id = any(array(select subject_id from held))
               and state in ('pending', 'failed')
        )
        delete from job where id = any(array(select id from held))";
    let leases = Columns::of(leases.iter().copied());
    db.execute(
        SQL,
        &[
            /* jobs */ &leases.jobs,
            /* epochs */ &leases.epochs,
            /* first delivery */ &leases.first(),
            /* last delivery */ &leases.last(),
        ],
    )
    .await
    .map(drop)
}

/// The newest epoch of each job. An older lease of it has ended, and a statement that finds a job's place in an array
/// finds one place only.
pub(super) fn newest(leases: impl Iterator<Item = Lease>) -> HashMap<JobId, i64> {
    let mut newest = HashMap::new();
    for lease in leases {
        let epoch = newest.entry(lease.job).or_insert(lease.epoch);
        *epoch = lease.epoch.max(*epoch);
    }
    newest
}

/// Leases as the arrays of a statement.
///
/// Statements find the rows by the list of ids, and what belongs to a row by its place in the list. A join with the
/// arrays is planned for one row and costs the square of their length.
pub(super) struct Columns {
    pub(super) jobs: Vec<Uuid>,
    pub(super) epochs: Vec<i64>,
    pub(super) subjects: Vec<Uuid>,
}

impl Columns {
    pub(super) fn of(leases: impl Iterator<Item = Lease>) -> Self {
        let mut columns = Self { jobs: Vec::new(), epochs: Vec::new(), subjects: Vec::new() };
        for lease in leases {
            columns.jobs.push(lease.job.0);
            columns.epochs.push(lease.epoch);
            columns.subjects.push(lease.subject);
        }
        columns
    }

    /// The first and the last delivery: bounds by which a statement knows the partitions that it may look into.
    pub(super) fn first(&self) -> Uuid {
        self.subjects.iter().min().copied().unwrap_or_default()
    }

    pub(super) fn last(&self) -> Uuid {
        self.subjects.iter().max().copied().unwrap_or_default()
    }
}

/// What PostgreSQL takes as text: a receiver may send anything, and no column holds a NUL.
pub(super) fn text(value: &str) -> String {
    value.replace('\0', "\u{fffd}")
}

#[expect(clippy::cast_precision_loss, reason = "waits are days at most")]
pub(super) fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
