//! `delivery` as people handle it: called off, or made pending once more.

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{DeliveryId, JobId};
use uuid::Uuid;

use crate::delivery_jobs::Lane;
use crate::{Db, StoreError, Tx};

/// What became of the wish to call a delivery off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It was: from now on nothing is sent.
    Now,
    /// A try is under way. It may succeed; there will be no further one.
    InFlight,
    /// It was over already.
    Over(DeliveryState),
    NotFound,
}

/// Calls a delivery off; `error` says why, on record.
pub async fn cancel(db: &impl Db, id: DeliveryId, error: &str) -> Result<Cancelled, StoreError> {
    // The lock of the job decides: whoever leases it holds it, and whoever waited for it sees what the other made of it.
    const SQL: &str = "-- deliveries::cancel
        with held as materialized (
            select id, lease_owner is not null as leased from job
             where subject_id = $1 and kind = 'delivery' for update
        ), gone as (
            delete from job where id = (select id from held where not leased) returning id
        ), cancelled as (
            update delivery set state = 'cancelled', state_at = now(), next_attempt_at = null, error = $2
             where id = $1 and exists (select from gone)
        ), asked as (
            update delivery set cancel_requested_at = coalesce(cancel_requested_at, now())
             where id = $1 and exists (select from held where leased)
        )
        select leased from held";
    const STATE: &str = "-- deliveries::cancel (state)
        select state from delivery where id = $1";
    if let Some(row) = db.row_opt(SQL, &[/* id */ &id.0, /* error */ &error]).await? {
        return Ok(if row.get("leased") { Cancelled::InFlight } else { Cancelled::Now });
    }
    Ok(match db.row_opt(STATE, &[/* id */ &id.0]).await? {
        Some(row) => Cancelled::Over(row.get::<_, &str>("state").parse()?),
        None => Cancelled::NotFound,
    })
}

/// What became of the wish to send a delivery once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// It is pending, and this job will send it.
    Queued(JobId),
    /// It is still under way.
    Open(DeliveryState),
    /// The body of its event is gone: there is nothing to send.
    Expired,
    NotFound,
}

/// Makes a delivery that is over pending once more, under its old id; settles its dead letter.
pub async fn replay(tx: &Tx<'_>, id: DeliveryId) -> Result<Replayed, StoreError> {
    const LOCK: &str = "-- deliveries::replay (lock)
        select state, exists (select from event where event.id = delivery.event_id and event.body is not null) as sendable
          from delivery where id = $1 for update";
    const SQL: &str = "-- deliveries::replay
        with pending as (
            update delivery
               set state = 'pending', state_at = now(), attempts_before = attempts, next_attempt_at = null,
                   cancel_requested_at = null
             where id = $1
         returning id, workspace_id, receiver_id
        ), letter as (
            update dead_letter set settled_at = now(), settled_how = 'replayed'
             where subject_id = $1 and kind = 'delivery' and settled_at is null
        )
        insert into job (subject_id, workspace_id, lane_id, kind, state, due_at)
        select id, workspace_id, receiver_id, 'delivery', 'scheduled', now() from pending
     returning id";
    let Some(row) = tx.row_opt(LOCK, &[/* id */ &id.0]).await? else {
        return Ok(Replayed::NotFound);
    };
    let state: DeliveryState = row.get::<_, &str>("state").parse()?;
    if !state.is_over() {
        return Ok(Replayed::Open(state));
    }
    if !row.get::<_, bool>("sendable") {
        return Ok(Replayed::Expired);
    }
    let job = tx.row(SQL, &[/* id */ &id.0]).await?;
    Ok(Replayed::Queued(JobId(job.get("id"))))
}

/// Where counting what waits ends.
pub const WAITING_MAX: u32 = 1_000;

/// How many deliveries wait to go to a receiver, which [`cancel_waiting`] would call off; counting ends at
/// [`WAITING_MAX`].
pub async fn waiting(db: &impl Db, lane: Lane) -> Result<u32, StoreError> {
    // Each state has its own index.
    const SQL: &str = "-- deliveries::waiting
        select count(*) as waiting
          from (select 1 from job where state = 'parked' and workspace_id = $1 and lane_id = $2
                 union all
                select 1 from job
                 where state = 'scheduled' and lane_id is not null and workspace_id = $1 and lane_id = $2
                 union all
                select 1 from job
                 where state not in ('scheduled', 'leased', 'parked') and lane_id is not null
                   and workspace_id = $1 and lane_id = $2
                 limit 1000) found";
    let workspace: Uuid = lane.workspace.0;
    let row = db.row(SQL, &[/* workspace */ &workspace, /* lane */ &lane.receiver]).await?;
    Ok(u32::try_from(row.get::<_, i64>("waiting")).unwrap_or(WAITING_MAX))
}

/// Calls off everything that waits to go to a receiver; returns how much. A try that is under way goes on, and is the
/// last one if the receiver is not to be sent to.
pub async fn cancel_waiting(tx: &Tx<'_>, lane: Lane, error: &str) -> Result<u64, StoreError> {
    /// Half a million rows may wait.
    const STATEMENT_MS_MAX: u32 = 120_000;
    /// Deliveries that are ended with one statement: neighbours in time, and so in few partitions.
    const ENDED_MAX: usize = 5_000;
    // Each state has its own index. Who leases a job meanwhile has it: what is looked at again is the locked row.
    const JOBS: &str = "-- deliveries::cancel_waiting (jobs)
        delete from job
         where id = any(array(select id from job
                               where id = any(array(select id from job
                                                     where state = 'parked' and workspace_id = $1 and lane_id = $2
                                                     union all
                                                    select id from job
                                                     where state = 'scheduled' and lane_id is not null
                                                       and workspace_id = $1 and lane_id = $2
                                                     union all
                                                    select id from job
                                                     where state not in ('scheduled', 'leased', 'parked')
                                                       and lane_id is not null and workspace_id = $1 and lane_id = $2))
                                 and lease_owner is null
                               order by id for update skip locked))
     returning subject_id";
    const DELIVERIES: &str = "-- deliveries::cancel_waiting
        update delivery set state = 'cancelled', state_at = now(), next_attempt_at = null, error = $2
         where id = any($1) and id between $3 and $4 and state in ('pending', 'failed')";
    tx.statement_ms_max(STATEMENT_MS_MAX).await?;
    let workspace: Uuid = lane.workspace.0;
    let rows = tx.rows(JOBS, &[/* workspace */ &workspace, /* lane */ &lane.receiver]).await?;
    let mut deliveries: Vec<Uuid> = rows.iter().map(|row| row.get("subject_id")).collect();
    deliveries.sort_unstable();
    let mut cancelled = 0;
    for some in deliveries.chunks(ENDED_MAX) {
        let (first, last) = (some.first().expect("a chunk"), some.last().expect("a chunk"));
        cancelled += tx
            .execute(
                DELIVERIES,
                &[
                    /* ids */ &some, /* error */ &error, /* first */ first,
                    /* last */ last,
                ],
            )
            .await?;
    }
    Ok(cancelled)
}
