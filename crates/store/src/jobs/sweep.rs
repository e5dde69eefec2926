//! What the sweep claims: jobs that are due again, and jobs whose message seems lost.
//!
//! Each claim takes a bounded batch with SKIP LOCKED, so that any number of sweepers may run at once, and is
//! committed before anything is published: a sweeper that dies after the claim has only spent a grace.

use hookyard_domain::job::{JobKind, READY_GRACE_MS, ready_grace_ms};
use uuid::Uuid;

use crate::fan_out::READY_PER_WORKSPACE_MAX;
use crate::{Db, StoreError};

/// How many rows one claim takes.
const CLAIM_ROWS_MAX: i64 = 500;

/// A job whose message must be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub kind: JobKind,
    pub subject: Uuid,
}

fn due_of(row: &tokio_postgres::Row) -> Result<Due, StoreError> {
    Ok(Due { kind: row.get::<_, &str>("kind").parse()?, subject: row.get("subject_id") })
}

/// Makes scheduled jobs that are due, and leased jobs whose lease ran out, ready; returns them.
///
/// Deliveries of a workspace that has [`READY_PER_WORKSPACE_MAX`] ready ones are parked instead: a flood of one
/// workspace's retries delays no other's. Two sweeps at once may exceed that by what one of them claims.
pub async fn wake(db: &impl Db) -> Result<Vec<Due>, StoreError> {
    /// Claims of nothing but jobs to be parked that are made in a row, looking for one to be sent.
    const CLAIMS_MAX: usize = 100;
    const EXPIRED: &str = "-- jobs::wake_expired
        update job
           set state = 'ready', republished = 0, lease_owner = null,
               due_at = now() + make_interval(secs => $1::float8)
         where id = any(array(select id from job where state = 'leased' and due_at <= now()
                              order by due_at limit $2 for update skip locked))
     returning kind, subject_id";
    let mut due = Vec::new();
    for _ in 0..CLAIMS_MAX {
        let (claimed, ready) = wake_scheduled(db).await?;
        due.extend(ready);
        if claimed < CLAIM_ROWS_MAX || !due.is_empty() {
            break;
        }
    }
    let rows = db.rows(EXPIRED, &[/* grace */ &grace_s(), /* limit */ &CLAIM_ROWS_MAX]).await?;
    for row in &rows {
        due.push(due_of(row)?);
    }
    Ok(due)
}

/// How many were claimed, and which of them are ready now.
async fn wake_scheduled(db: &impl Db) -> Result<(i64, Vec<Due>), StoreError> {
    const SQL: &str = "-- jobs::wake_scheduled
        with due as materialized (
            select id, workspace_id, lane_id from job where state = 'scheduled' and due_at <= now()
             order by due_at limit $2 for update skip locked
        ), full_workspace as materialized (
            select workspace_id from (select distinct workspace_id from due where lane_id is not null) asked
             where $3 <= (select count(*)
                            from (select from job
                                   where job.workspace_id = asked.workspace_id and lane_id is not null
                                     and state not in ('scheduled', 'leased', 'parked') limit $3) ready)
        ), placed as materialized (
            select id, lane_id is not null and workspace_id in (select workspace_id from full_workspace) as parks from due
        ), parked as (
            update job set state = 'parked', republished = 0, due_at = now()
             where id = any(array(select id from placed where parks))
         returning kind, subject_id
        ), ready as (
            update job set state = 'ready', republished = 0, due_at = now() + make_interval(secs => $1::float8)
             where id = any(array(select id from placed where not parks))
         returning kind, subject_id
        )
        select kind, subject_id, false as parked from ready
         union all
        select kind, subject_id, true from parked";
    let rows = db
        .rows(
            SQL,
            &[
                /* grace */ &grace_s(),
                /* limit */ &CLAIM_ROWS_MAX,
                /* ready at most */ &READY_PER_WORKSPACE_MAX,
            ],
        )
        .await?;
    let claimed = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let ready = rows.iter().filter(|row| !row.get::<_, bool>("parked")).map(due_of);
    Ok((claimed, ready.collect::<Result<_, _>>()?))
}

#[expect(clippy::cast_precision_loss, reason = "a minute")]
fn grace_s() -> f64 {
    READY_GRACE_MS as f64 / 1000.0
}

/// Claims ready jobs of a kind that nobody took in time, oldest first; each claim doubles the job's grace.
///
/// Only worth calling while the broker has few messages waiting: otherwise the jobs are not lost but queued.
pub async fn overdue(db: &impl Db, kind: JobKind) -> Result<Vec<Due>, StoreError> {
    /// From here on the grace does not grow any more.
    const GRACES: u32 = 5;
    const SQL: &str = "-- jobs::overdue
        update job
           set due_at = now() + make_interval(secs => ($1::int8[])[least(republished, $2) + 1] / 1000.0),
               republished = republished + 1
         where id = any(array(select id from job where kind = $3 and state = 'ready' and due_at <= now()
                              order by due_at limit $4 for update skip locked))
     returning kind, subject_id";
    let graces: Vec<i64> = (0..GRACES).map(ready_grace_ms).collect();
    let last = i32::try_from(GRACES - 1).expect("five");
    let rows = db
        .rows(
            SQL,
            &[
                /* graces */ &graces,
                /* last grace */ &last,
                /* kind */ &kind.as_str(),
                /* limit */ &CLAIM_ROWS_MAX,
            ],
        )
        .await?;
    rows.iter().map(due_of).collect()
}
