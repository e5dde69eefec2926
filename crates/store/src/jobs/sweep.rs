//! What the sweep claims: jobs that are due again, and jobs whose message seems lost.
//!
//! Each claim takes a bounded batch with SKIP LOCKED, so that any number of sweepers may run at once, and is
//! committed before anything is published: a sweeper that dies after the claim has only spent a grace.

use hookyard_domain::job::{JobKind, READY_GRACE_MS, ready_grace_ms};
use uuid::Uuid;

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
pub async fn wake(db: &impl Db) -> Result<Vec<Due>, StoreError> {
    const SCHEDULED: &str = "-- jobs::wake_scheduled
        update job
           set state = 'ready', republished = 0, due_at = now() + make_interval(secs => $1::float8)
         where id = any(array(select id from job where state = 'scheduled' and due_at <= now()
                              order by due_at limit $2 for update skip locked))
     returning kind, subject_id";
    const EXPIRED: &str = "-- jobs::wake_expired
        update job
           set state = 'ready', republished = 0, lease_owner = null,
               due_at = now() + make_interval(secs => $1::float8)
         where id = any(array(select id from job where state = 'leased' and due_at <= now()
                              order by due_at limit $2 for update skip locked))
     returning kind, subject_id";
    #[expect(clippy::cast_precision_loss, reason = "a minute")]
    let grace_seconds = READY_GRACE_MS as f64 / 1000.0;
    let mut due = Vec::new();
    for sql in [SCHEDULED, EXPIRED] {
        let rows = db.rows(sql, &[/* grace */ &grace_seconds, /* limit */ &CLAIM_ROWS_MAX]).await?;
        for row in &rows {
            due.push(due_of(row)?);
        }
    }
    Ok(due)
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
