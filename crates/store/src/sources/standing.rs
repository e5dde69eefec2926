//! How sources stand: when a call was last verified or refused, and which secrets are valid.

use hookyard_domain::ids::{EventId, SourceId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Db, StoreError};

/// How a source stands.
#[derive(Debug, Clone)]
pub struct Standing {
    pub source: SourceId,
    /// The newest event that it brought, which was verified before it was recorded, and when.
    pub verified: Option<(EventId, Timestamp)>,
    /// The newest quarter of an hour in which its callers' signatures kept failing, and how many had by when that was
    /// noticed. Remembered for a week.
    pub failing: Option<(Timestamp, i32)>,
    /// Since when the newest secret is there.
    pub secret_since: Option<Timestamp>,
    /// When the one before ends, while both are valid.
    pub rotates_until: Option<Timestamp>,
}

/// How these sources stand, in no order.
pub async fn standings(db: &impl Db, sources: &[SourceId]) -> Result<Vec<Standing>, StoreError> {
    const SQL: &str = "-- sources::standings
        select wanted.source_id, newest.id as event_id, newest.received_at, failing.window_start, failing.failures,
               secret.since, secret.until
          from unnest($1::uuid[]) as wanted (source_id)
          left join lateral (
                select id, received_at from event
                 where source_id = wanted.source_id
                 order by id desc limit 1) newest on true
          left join lateral (
                select window_start, failures from signature_failures
                 where source_id = wanted.source_id
                 order by window_start desc limit 1) failing on true
          left join lateral (
                select max(created_at) as since, max(expires_at) as until from source_secret
                 where source_id = wanted.source_id and (expires_at is null or expires_at > now())) secret on true";
    let sources: Vec<Uuid> = sources.iter().map(|id| id.0).collect();
    let rows = db.rows(SQL, &[/* sources */ &sources]).await?;
    let read = |row: &tokio_postgres::Row| {
        let event: Option<Uuid> = row.get("event_id");
        let window: Option<Timestamp> = row.get("window_start");
        Standing {
            source: SourceId(row.get("source_id")),
            verified: event.map(|id| (EventId(id), row.get("received_at"))),
            failing: window.map(|at| (at, row.get("failures"))),
            secret_since: row.get("since"),
            rotates_until: row.get("until"),
        }
    };
    Ok(rows.iter().map(read).collect())
}
