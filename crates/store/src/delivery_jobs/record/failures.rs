//! Tries that failed.

use hookyard_domain::delivery_retry::AfterFailure;
use hookyard_domain::ids::DeliveryId;

use super::{Columns, Failed, Tried, TryColumns, seconds, text};
use crate::{Db as _, StoreError, Tx};

// Whoever calls a delivery off locks its job first. So the lock comes first here, and what was asked before it is
// seen by the update that follows: of a row that changed meanwhile it takes the newest version.
const SQL: &str = "-- delivery_jobs::record_failed
    with held as materialized (
        select id, subject_id from job
         where id = any($1) and runs > 0 and lease_epoch = ($2::int8[])[array_position($1::uuid[], id)]
         order by id for update
    ), tried as (
        update delivery
           set state = case when cancel_requested_at is not null then 'cancelled'
                            when ($13::float8[])[array_position($3::uuid[], id)] is null then 'dead'
                            else 'failed' end,
               state_at = now(), attempts = attempts + 1,
               next_attempt_at = case when cancel_requested_at is null then
                   now() + make_interval(secs => ($13::float8[])[array_position($3::uuid[], id)]) end,
               response_status = ($8::int4[])[array_position($3::uuid[], id)],
               error_class = ($11::text[])[array_position($3::uuid[], id)],
               error = ($12::text[])[array_position($3::uuid[], id)]
         where id between $4 and $5 and id = any(array(select subject_id from held))
     returning id, workspace_id, state, attempts, error_class, error, array_position($3::uuid[], id) as nth
    ), tallied as (
        insert into tally (workspace_id, metric, count)
        select workspace_id, 'delivery_' || state, count(*) from tried group by workspace_id, state
    ), attempted as (
        insert into attempt (delivery_id, number, started_at, duration_ms, response_status, error_class, error,
                             response_headers, response_excerpt)
        select id, attempts, now() - make_interval(secs => ($6::float8[])[nth]), ($7::int4[])[nth],
               ($8::int4[])[nth], error_class, error, ($9::text[])[nth]::json, ($10::text[])[nth]
          from tried
    ), letter as (
        insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
        select uuid_v7(now()), workspace_id, id, 'delivery', error_class, error from tried where state = 'dead'
            on conflict (subject_id, kind) where settled_at is null
            do update set reason = excluded.reason, error = excluded.error
    ), again as (
        update job
           set state = 'scheduled', lease_owner = null, runs = 0, republished = 0,
               due_at = now() + make_interval(secs => ($13::float8[])[array_position($1::uuid[], id)])
         where id = any(array(select ($1::uuid[])[nth] from tried where state = 'failed'))
    ), ended as (
        delete from job where id = any(array(select ($1::uuid[])[nth] from tried where state <> 'failed'))
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
                /* deliveries */ &leases.subjects,
                /* first delivery */ &leases.first(),
                /* last delivery */ &leases.last(),
                /* ago */ &columns.ago_s,
                /* duration */ &columns.duration_ms,
                /* status */ &columns.status,
                /* headers */ &columns.headers,
                /* excerpt */ &columns.excerpts,
                /* classes */ &classes,
                /* errors */ &errors,
                /* waits */ &waits,
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
