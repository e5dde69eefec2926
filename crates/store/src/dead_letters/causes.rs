//! Open dead letters by their cause: what was given up for the same reason.

use hookyard_domain::ids::{DeadLetterId, WorkspaceId};
use hookyard_domain::job::JobKind;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use super::DeadLetter;
use crate::walk::{Param, furthest, walk};
use crate::{Db, StoreError, Tx};

/// The most open dead letters that are looked at for their causes, the newest first.
pub const LOOKED_MAX: i64 = 1_000;
/// The most open dead letters among which those of one cause are counted, the newest.
pub const COUNTED_AMONG_MAX: i64 = 10_000;
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
    /// Among the newest 1,000 open ones.
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

/// How many open dead letters have a cause, as far as was looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub count: i64,
    /// Whether there are more open ones than the [`COUNTED_AMONG_MAX`] that were looked at.
    pub more: bool,
}

/// How many of a workspace's newest [`COUNTED_AMONG_MAX`] open dead letters have this cause and were written until
/// then.
pub async fn count_of(
    db: &impl Db,
    workspace: WorkspaceId,
    cause: &Cause,
    until: Timestamp,
) -> Result<Counted, StoreError> {
    const SQL: &str = "-- dead_letters::count_of
        select count(*) filter (where kind = $2 and reason = $3 and error is not distinct from $4 and created_at <= $5)
                 as count, count(*) >= 10000 as more
          from (select kind, reason, error, created_at from dead_letter
                 where workspace_id = $1 and settled_at is null
                 order by id desc limit 10000) looked";
    let row = db
        .row(
            SQL,
            &[
                /* workspace */ &workspace.0,
                /* kind */ &cause.kind.as_str(),
                /* reason */ &cause.reason,
                /* error */ &cause.error,
                /* until */ &until,
            ],
        )
        .await?;
    Ok(Counted { count: row.get("count"), more: row.get("more") })
}

const OF_CAUSE: &str = walk!(
    "dead_letters::ids (of a cause)",
    "kind = $3 and reason = $4 and error is not distinct from $5 and created_at <= $6",
    "select id, workspace_id, kind, reason, error, created_at from dead_letter
                             where settled_at is null and (workspace_id, id) < ($2, $1)
                               and (workspace_id, id) >= ($2, $7)",
    "workspace_id desc, id desc"
);

/// Open dead letters of a cause, locked until the transaction ends.
#[derive(Debug)]
pub struct Taken {
    /// Newest first.
    pub letters: Vec<DeadLetter>,
    /// Below which the next look goes on; none where there are no more.
    pub next: Option<DeadLetterId>,
}

/// Takes open dead letters of this cause below `before`: what one look finds, which may be nothing. Those that somebody
/// else settles right now are passed over.
pub async fn take_of(
    tx: &Tx<'_>,
    workspace: WorkspaceId,
    cause: &Cause,
    (before, until): (DeadLetterId, Timestamp),
) -> Result<Taken, StoreError> {
    const LOCK: &str = "-- dead_letters::take_of
        select letter.id, letter.created_at, letter.workspace_id, null::text as workspace, letter.subject_id,
               letter.kind, letter.reason, letter.error, letter.settled_at, letter.settled_how
          from dead_letter letter
         where letter.id = any($1) and letter.settled_at is null
         order by letter.id desc
           for update skip locked";
    let params: [Param<'_>; 7] = [
        /* before */ &before.0,
        /* workspace */ &workspace.0,
        /* kind */ &cause.kind.as_str(),
        /* reason */ &cause.reason,
        /* error */ &cause.error,
        /* until */ &until,
        /* floor */ &Uuid::nil(),
    ];
    let walked = furthest(tx, &[OF_CAUSE], &params).await?;
    let rows = tx.rows(LOCK, &[/* ids */ &walked.ids]).await?;
    let letters = rows.iter().map(DeadLetter::read).collect::<Result<_, _>>()?;
    Ok(Taken { letters, next: walked.next().map(DeadLetterId) })
}
