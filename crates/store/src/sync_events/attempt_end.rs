//! The end of one attempt of a sync, on its record.

use hookyard_domain::ids::SyncEventId;
use hookyard_domain::sync_attempt::{AttemptCause, AttemptOutcome};

use super::end::Looked;
use super::put_off::Spent;
use crate::{Db, StoreError, Tx};

/// How an attempt ends.
pub(super) struct AttemptEnd<'a> {
    pub(super) outcome: AttemptOutcome,
    pub(super) spent: Spent,
    pub(super) error: Option<&'a str>,
    pub(super) looked: Option<Looked>,
    /// After how long the next one may begin.
    pub(super) delay_ms: Option<u64>,
}

/// Records the end of the attempt under way, and counts what it cost.
pub(super) async fn end_attempt(
    tx: &Tx<'_>,
    sync_event: SyncEventId,
    end: AttemptEnd<'_>,
) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::end_attempt
        with counted as (
            update sync_event set github_requests = github_requests + $2 where id = $1
        )
        update sync_attempt
           set ended_at = now(), outcome = $3, cause = $4, error = $5, github_requests = $2, tree_entries = $6,
               matched = $7, differing = $8, next_attempt_at = now() + make_interval(secs => $9::float8)
         where sync_event_id = $1 and ended_at is null";
    let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    #[expect(clippy::cast_precision_loss, reason = "delays are hours at most")]
    let delay_s = end.delay_ms.map(|ms| ms as f64 / 1000.0);
    tx.execute(
        SQL,
        &[
            /* id */ &sync_event.0,
            /* requests */ &count(end.spent.github_requests),
            /* outcome */ &end.outcome.as_str(),
            /* cause */ &end.spent.cause.map(AttemptCause::as_str),
            /* error */ &end.error,
            /* tree entries */ &end.looked.map(|it| count(it.tree_entries)),
            /* matched */ &end.looked.map(|it| count(it.matched)),
            /* differing */ &end.looked.map(|it| count(it.differing)),
            /* next attempt after */ &delay_s,
        ],
    )
    .await
    .map(drop)
}
