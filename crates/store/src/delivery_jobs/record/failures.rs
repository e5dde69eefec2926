//! Tries that failed.

use hookyard_domain::delivery_retry::AfterFailure;
use hookyard_domain::ids::DeliveryId;

use super::{Columns, Failed, Tried, TryColumns, seconds, text};
use crate::{Db as _, StoreError, Tx};

// Whoever calls a delivery off locks its job first. So the lock comes first here, and what was asked before it is
// seen by the update that follows: of a row that changed meanwhile it takes the newest version.
const SQL: &str = "-- delivery_jobs::record_failed
    with held as materialized (
        select job.id as job_id, job.subject_id, input.*
          from job
          join unnest($1::uuid[], $2::int8[], $4::float8[], $5::int4[], $6::int4[], $7::text[], $8::text[],
                      $9::text[], $10::text[], $11::float8[])
            as input(job, epoch, ago_s, duration_ms, status, headers, excerpt, class, error, wait_s)
            on input.job = job.id and input.epoch = job.lease_epoch
         where job.id = any($1) and job.lease_owner is not null
         order by job.id for update of job
    ), tried as (
        update delivery
           set state = case when cancel_requested_at is not null then 'cancelled'
                            when held.wait_s is null then 'dead'
                            else 'failed' end,
               state_at = now(), attempts = attempts + 1,
               next_attempt_at = case when cancel_requested_at is null
                                      then now() + make_interval(secs => held.wait_s) end,
               response_status = held.status, error_class = held.class, error = held.error
          from held
         where delivery.id between $3 and $12 and delivery.id = held.subject_id
     returning delivery.id, delivery.workspace_id, delivery.state, delivery.attempts, held.*
    ), tallied as (
        insert into tally (workspace_id, metric, count)
        select workspace_id, 'delivery_' || state, count(*) from tried group by workspace_id, state
    ), attempted as (
        insert into attempt (delivery_id, number, started_at, duration_ms, response_status, error_class, error,
                             response_headers, response_excerpt)
        select id, attempts, now() - make_interval(secs => ago_s), duration_ms, status, class, error, headers::json,
               excerpt
          from tried
    ), letter as (
        insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
        select uuid_v7(now()), workspace_id, id, 'delivery', class, error from tried where state = 'dead'
            on conflict (subject_id, kind) where settled_at is null
            do update set reason = excluded.reason, error = excluded.error
    ), again as (
        update job
           set state = 'scheduled', lease_owner = null, runs = 0, republished = 0,
               due_at = now() + make_interval(secs => tried.wait_s)
          from tried
         where job.id = any($1) and job.id = tried.job_id and tried.state = 'failed'
    ), ended as (
        delete from job where id = any(array(select job_id from tried where state <> 'failed'))
    )
    select id from tried";

/// Records failed tries: another follows, or the delivery is dead, or cancelled if it was called off meanwhile.
pub(super) async fn record_failed(
    tx: &Tx<'_>,
    failed: &[Failed<'_>],
) -> Result<Vec<DeliveryId>, StoreError> {
    let tries: Vec<&Tried> = failed.iter().map(|it| it.tried).collect();
    let leases = Columns::of(tries.iter().map(|it| it.lease));
    let columns = TryColumns::of(&tries);
    let classes: Vec<&str> = failed.iter().map(|it| it.class.as_str()).collect();
    let errors: Vec<String> = failed.iter().map(|it| text(it.error)).collect();
    let waits: Vec<Option<f64>> = failed.iter().map(|it| wait_s(it.after)).collect();
    let rows = tx
        .rows(
            SQL,
            &[
                /* jobs */ &leases.jobs,
                /* epochs */ &leases.epochs,
                /* first delivery */ &leases.first(),
                /* ago */ &columns.ago_s,
                /* duration */ &columns.duration_ms,
                /* status */ &columns.status,
                /* headers */ &columns.headers,
                /* excerpt */ &columns.excerpts,
                /* classes */ &classes,
                /* errors */ &errors,
                /* waits */ &waits,
                /* last delivery */ &leases.last(),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| DeliveryId(row.get("id"))).collect())
}

/// The wait for the next try in seconds, if one follows.
fn wait_s(after: AfterFailure) -> Option<f64> {
    match after {
        AfterFailure::TryAgain { wait_ms } => Some(seconds(wait_ms)),
        AfterFailure::GiveUp => None,
    }
}
