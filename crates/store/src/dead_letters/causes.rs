//! Open dead letters by their cause: what was given up for the same reason.

use hookyard_domain::ids::{DeadLetterId, WorkspaceId};
use hookyard_domain::job::JobKind;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use super::DeadLetter;
use crate::{Db, StoreError, Tx};

/// The most open dead letters that are looked at for their causes, the newest first.
pub const LOOKED_MAX: i64 = 1_000;
/// The most causes that are told apart.
pub const CAUSES_MAX: i64 = 100;

/// Why work was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterCause)]
pub struct Cause {
    pub kind: JobKind,
    pub reason: String,
    pub error: Option<String>,
}

/// A cause, and the open dead letters that have it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLettersOfCause)]
pub struct OfCause {
    #[serde(flatten)]
    pub cause: Cause,
    /// Among the newest [`LOOKED_MAX`].
    pub count: i64,
    pub oldest: Timestamp,
    pub newest: Timestamp,
}

/// The causes of a workspace's open dead letters, the most frequent first.
pub async fn causes(db: &impl Db, workspace: WorkspaceId) -> Result<Vec<OfCause>, StoreError> {
    const SQL: &str = "-- dead_letters::causes
        select kind, reason, error, count(*) as count, min(created_at) as oldest, max(created_at) as newest
          from (select kind, reason, error, created_at from dead_letter
                 where workspace_id = $1 and settled_at is null
                 order by id desc limit $2) open
         group by kind, reason, error
         order by count(*) desc, max(created_at) desc limit $3";
    let rows = db
        .rows(
            SQL,
            &[
                /* workspace */ &workspace.0,
                /* looked at */ &LOOKED_MAX,
                /* causes */ &CAUSES_MAX,
            ],
        )
        .await?;
    let read = |row: &Row| {
        Ok(OfCause {
            cause: Cause {
                kind: row.get::<_, &str>("kind").parse()?,
                reason: row.get("reason"),
                error: row.get("error"),
            },
            count: row.get("count"),
            oldest: row.get("oldest"),
            newest: row.get("newest"),
        })
    };
    rows.iter().map(read).collect()
}

/// How many open dead letters of a workspace have this cause and were written until then; counted up to `max`.
pub async fn count_of(
    db: &impl Db,
    workspace: WorkspaceId,
    cause: &Cause,
    until: Timestamp,
    max: i64,
) -> Result<i64, StoreError> {
    const SQL: &str = "-- dead_letters::count_of
        select count(*) as count
          from (select from dead_letter
                 where workspace_id = $1 and settled_at is null and kind = $2 and reason = $3
                   and error is not distinct from $4 and created_at <= $5
                 limit $6) concerned";
    let row = db
        .row(
            SQL,
            &[
                /* workspace */ &workspace.0,
                /* kind */ &cause.kind.as_str(),
                /* reason */ &cause.reason,
                /* error */ &cause.error,
                /* until */ &until,
                /* counted */ &max,
            ],
        )
        .await?;
    Ok(row.get("count"))
}

/// Up to `limit` open dead letters of this cause, newest first, below `before`; locked until the transaction ends.
/// Those that somebody else settles right now are passed over.
pub async fn take_of(
    tx: &Tx<'_>,
    workspace: WorkspaceId,
    cause: &Cause,
    (before, until): (DeadLetterId, Timestamp),
    limit: i64,
) -> Result<Vec<DeadLetter>, StoreError> {
    const SQL: &str = "-- dead_letters::take_of
        select letter.id, letter.created_at, letter.workspace_id, null::text as workspace, letter.subject_id,
               letter.kind, letter.reason, letter.error, letter.settled_at, letter.settled_how
          from dead_letter letter
         where letter.workspace_id = $1 and letter.settled_at is null and letter.kind = $2 and letter.reason = $3
           and letter.error is not distinct from $4 and letter.created_at <= $5 and letter.id < $6
         order by letter.id desc limit $7
           for update skip locked";
    let rows = tx
        .rows(
            SQL,
            &[
                /* workspace */ &workspace.0,
                /* kind */ &cause.kind.as_str(),
                /* reason */ &cause.reason,
                /* error */ &cause.error,
                /* until */ &until,
                /* before */ &before.0,
                /* limit */ &limit,
            ],
        )
        .await?;
    rows.iter().map(DeadLetter::read).collect()
}
