//! Leasing deliveries that are ready, and all that a sender must know of them.

use std::collections::HashMap;
use std::sync::Arc;

use hookyard_domain::connection::CLIENT_CONCURRENCY;
use hookyard_domain::delivery::{DeliveryState, SubscriberKind};
use hookyard_domain::ids::{DeliveryId, EventId, JobId, WorkspaceId};
use hookyard_domain::job::{JobKind, LEASE_MS};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::receivers::{self, Receiver, Subscriber};
use super::{Lane, end};
use crate::jobs::Lease;
use crate::{Db, StoreError};

/// Places that are no connection's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most jobs of one workspace that are leased at once, over all its lanes. Two workers that lease in the same
    /// instant may exceed it by what one of them takes.
    pub workspace_leased_max: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { workspace_leased_max: 1_000 }
    }
}

/// A leased delivery.
#[derive(Debug, Clone)]
pub struct Work {
    pub lease: Lease,
    pub delivery: DeliveryId,
    pub event: EventId,
    pub event_type: String,
    pub receiver: Arc<Receiver>,
    pub subscriber: Subscriber,
    /// Tries on record. The next one's number is one more.
    pub attempts: u32,
    /// Of those, the ones before the last replay: the retry policy does not count them.
    pub attempts_before: u32,
    pub created_at: Timestamp,
}

/// What came of leasing.
#[derive(Debug, Clone, Default)]
pub struct Leased {
    pub work: Vec<Work>,
    /// Lanes of which something was parked, for want of a place.
    pub parked: Vec<Lane>,
}

/// Leases what may be leased of these deliveries, as far as their lanes have places, and parks the rest.
///
/// A lane never has more leases than places, however many workers lease at once.
pub async fn lease(
    db: &impl Db,
    deliveries: &[Uuid],
    owner: Uuid,
    limits: Limits,
) -> Result<Leased, StoreError> {
    const SQL: &str = "-- delivery_jobs::lease
        with found as materialized (
            select id, subject_id, workspace_id, lane_id from job
             where kind = 'delivery' and subject_id = any($1)
               and (state = 'ready' or state <> 'parked' and due_at <= now())
             order by subject_id for update skip locked
        ), asked as materialized (
            select distinct workspace_id, lane_id from found
        ), lane as materialized (
            select counted.lane_id,
                   -- Asked for one by one: joined, all connections there are might be read.
                   coalesce((select concurrency_max from connection where connection.id = counted.lane_id), $4)
                   - counted.leased as places,
                   $5 - counted.workspace_leased as workspace_places
              from lane_leased(array(select workspace_id from asked order by lane_id),
                               array(select lane_id from asked order by lane_id), $5) counted
        ), in_lane as materialized (
            select found.*, lane.places, lane.workspace_places,
                   row_number() over (partition by lane_id order by subject_id) as nth
              from found join lane using (lane_id)
        ), placed as materialized (
            select id, workspace_id, lane_id,
                   nth <= places and row_number() over (partition by workspace_id, nth <= places order by nth, subject_id)
                                     <= workspace_places as fits
              from in_lane
        ), parked as (
            update job set state = 'parked', lease_owner = null, due_at = now(), republished = 0
             where id = any(array(select id from placed where not fits))
        ), leased as (
            update job
               set state = 'leased', lease_owner = $2, due_at = now() + make_interval(secs => $3::float8),
                   lease_epoch = lease_epoch + 1, runs = runs + 1
             where id = any(array(select id from placed where fits))
         returning id, subject_id, workspace_id, lane_id, lease_epoch, runs
        )
        select id, subject_id, workspace_id, lane_id, lease_epoch, runs from leased
         union all
        select distinct null::uuid, null::uuid, workspace_id, lane_id, null::int8, null::int4 from placed where not fits";
    let rows = db
        .rows(
            SQL,
            &[
                /* deliveries */ &deliveries,
                /* owner */ &owner,
                /* seconds */ &lease_seconds(),
                /* places of a client */ &CLIENT_CONCURRENCY,
                /* places of a workspace */ &i64::from(limits.workspace_leased_max),
            ],
        )
        .await?;
    let (parked, leased): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.get::<_, Option<Uuid>>("id").is_none());
    let leases: Vec<Lease> = leased.into_iter().map(lease_of).collect();
    Ok(Leased {
        work: work_of(db, leases).await?,
        parked: parked.into_iter().map(lane_of).collect(),
    })
}

/// Leases up to `limit` ready deliveries straight from the table, oldest first: the way while the broker is away.
pub async fn lease_ready(
    db: &impl Db,
    owner: Uuid,
    limit: i64,
    limits: Limits,
) -> Result<Leased, StoreError> {
    const SQL: &str = "-- delivery_jobs::ready
        select subject_id from job where kind = 'delivery' and state = 'ready' order by due_at limit $1";
    let rows = db.rows(SQL, &[/* limit */ &limit]).await?;
    let deliveries: Vec<Uuid> = rows.iter().map(|row| row.get("subject_id")).collect();
    if deliveries.is_empty() {
        return Ok(Leased::default());
    }
    lease(db, &deliveries, owner, limits).await
}

/// Makes these leases last another term; returns the jobs whose lease still held.
pub async fn renew(db: &impl Db, leases: &[Lease]) -> Result<Vec<JobId>, StoreError> {
    const SQL: &str = "-- delivery_jobs::renew
        update job set due_at = now() + make_interval(secs => $3::float8)
         where id = any($1) and lease_epoch = ($2::int8[])[array_position($1::uuid[], id)] and lease_owner is not null
     returning id";
    let newest = end::newest(leases.iter().copied());
    let (jobs, epochs): (Vec<Uuid>, Vec<i64>) =
        newest.into_iter().map(|(job, epoch)| (job.0, epoch)).unzip();
    let rows = db
        .rows(
            SQL,
            &[
                /* jobs */ &jobs,
                /* epochs */ &epochs,
                /* seconds */ &lease_seconds(),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| JobId(row.get("id"))).collect())
}

pub(super) fn lease_of(row: &Row) -> Lease {
    Lease {
        job: JobId(row.get("id")),
        kind: JobKind::Delivery,
        subject: row.get("subject_id"),
        epoch: row.get("lease_epoch"),
        runs: row.get("runs"),
        again: false,
    }
}

pub(super) fn lane_of(row: &Row) -> Lane {
    Lane { workspace: WorkspaceId(row.get("workspace_id")), receiver: row.get("lane_id") }
}

#[expect(clippy::cast_precision_loss, reason = "a minute")]
pub(super) fn lease_seconds() -> f64 {
    LEASE_MS as f64 / 1000.0
}

/// Reads what the leases are about. What was called off meanwhile, or has nobody to go to, is ended at once.
pub(super) async fn work_of(db: &impl Db, leases: Vec<Lease>) -> Result<Vec<Work>, StoreError> {
    const SQL: &str = "-- delivery_jobs::work
        select id, event_id, event_type, subscriber_id, subscriber_kind, receiver_id, state, attempts,
               attempts_before, created_at, cancel_requested_at is not null as called_off
          from delivery where id = any($1)";
    if leases.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = leases.iter().map(|it| it.subject).collect();
    let rows = db.rows(SQL, &[/* ids */ &ids]).await?;
    let known = receivers::of_deliveries(db, &rows).await?;
    let mut found: HashMap<Uuid, &Row> = rows.iter().map(|row| (row.get("id"), row)).collect();
    let mut work = Vec::with_capacity(leases.len());
    let mut void = Vec::new();
    for lease in leases {
        let made = found.remove(&lease.subject).map(|row| read(lease, row, &known)).transpose()?;
        match made.flatten() {
            Some(it) => work.push(it),
            None => void.push(lease),
        }
    }
    if !void.is_empty() {
        end::call_off(db, &void).await?;
    }
    Ok(work)
}

/// None when nothing is to be sent.
fn read(lease: Lease, row: &Row, known: &receivers::Known) -> Result<Option<Work>, StoreError> {
    let state: DeliveryState = row.get::<_, &str>("state").parse()?;
    if state.is_over() || row.get("called_off") {
        return Ok(None);
    }
    let Some(receiver) = known.receiver(row.get("receiver_id")) else { return Ok(None) };
    let kind: SubscriberKind = row.get::<_, &str>("subscriber_kind").parse()?;
    let count = |column: &str| u32::try_from(row.get::<_, i32>(column)).unwrap_or(0);
    Ok(Some(Work {
        lease,
        delivery: DeliveryId(lease.subject),
        event: EventId(row.get("event_id")),
        event_type: row.get("event_type"),
        receiver,
        subscriber: known.subscriber(kind, row.get("subscriber_id")),
        attempts: count("attempts"),
        attempts_before: count("attempts_before"),
        created_at: row.get("created_at"),
    }))
}
