//! Reading `rollup`: how often something happened, by the minute and by the hour.

use hookyard_domain::ids::WorkspaceId;
use hookyard_domain::tally::Metric;
use jiff::Timestamp;

use crate::{Db, StoreError};

/// How often something happened from a bucket's beginning on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub metric: Metric,
    pub bucket: Timestamp,
    pub count: i64,
}

/// Which stretch of time is counted, in buckets of which length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The beginning of the first bucket.
    pub since: Timestamp,
    /// Counted from the epoch on; whole minutes, or whole hours.
    pub bucket_s: i32,
}

const HOUR_S: i32 = 3600;

/// What was counted in a workspace since then; buckets in which nothing happened are left out.
pub async fn counted(
    db: &impl Db,
    workspace: WorkspaceId,
    span: Span,
) -> Result<Vec<Counted>, StoreError> {
    const SQL: &str = "-- rollups::counted
        select metric, date_bin(make_interval(secs => $4), bucket, 'epoch'::timestamptz) as bucket,
               sum(count)::int8 as count
          from rollup
         where workspace_id = $1 and width = $2 and bucket >= $3
         group by 1, 2
         order by 2, 1";
    let hours = span.bucket_s % HOUR_S == 0;
    let width = i8::try_from(if hours { b'h' } else { b'm' }).expect("both are ASCII");
    let rows = db
        .rows(
            SQL,
            &[
                /* workspace */ &workspace.0,
                /* width */ &width,
                /* since */ &span.since,
                /* bucket */ &f64::from(span.bucket_s),
            ],
        )
        .await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Counted {
            metric: row.get::<_, &str>("metric").parse()?,
            bucket: row.get("bucket"),
            count: row.get("count"),
        })
    };
    rows.iter().map(read).collect()
}
