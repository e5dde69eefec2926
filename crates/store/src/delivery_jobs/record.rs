//! Recording tries by the batch: the attempt, the delivery's state, and the end of the job or its next time.

mod failures;
mod health;

use std::collections::BTreeSet;

use hookyard_domain::delivery::ErrorClass;
use hookyard_domain::delivery_retry::AfterFailure;
use hookyard_domain::ids::{ConnectionId, DeliveryId};
use uuid::Uuid;

use super::end::{Columns, newest, seconds, text};
use super::{Lane, Receiver, ReceiverKind};
use crate::jobs::Lease;
use crate::{Conn, Db, StoreError};

/// One try of a leased delivery.
#[derive(Debug, Clone)]
pub struct Tried {
    pub lease: Lease,
    pub lane: Lane,
    pub receiver: TriedReceiver,
    /// How long ago it began, in milliseconds: the database's clock says when that was.
    pub began_ms_ago: u64,
    pub duration_ms: u32,
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// The answer's headers that are kept, as a JSON text.
    pub response_headers: Option<String>,
    /// The beginning of the answer's body, without secrets.
    pub excerpt: Option<String>,
    pub result: TryResult,
}

/// Whose health a try tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriedReceiver {
    Connection,
    OauthClient,
}

impl From<&Receiver> for TriedReceiver {
    fn from(receiver: &Receiver) -> Self {
        match receiver.kind {
            ReceiverKind::Connection { .. } => Self::Connection,
            ReceiverKind::OauthClient { .. } => Self::OauthClient,
        }
    }
}

/// How a try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TryResult {
    Delivered,
    Failed { class: ErrorClass, error: String, after: AfterFailure },
}

/// A try that failed, and how.
struct Failed<'a> {
    tried: &'a Tried,
    class: ErrorClass,
    error: &'a str,
    after: AfterFailure,
}

/// When a connection that does nothing but fail is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthRules {
    /// After so many milliseconds since its first failure without a success.
    pub disable_after_ms: u64,
}

impl Default for HealthRules {
    fn default() -> Self {
        Self { disable_after_ms: 5 * 24 * 60 * 60 * 1000 }
    }
}

/// What came of recording.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The deliveries whose lease held. Of the others nothing was written: they are somebody else's by now.
    pub deliveries: Vec<DeliveryId>,
    /// Connections that were switched off by it.
    pub disabled: Vec<ConnectionId>,
}

/// Records tries. Each counts, and makes one row of `attempt`.
///
/// What failed in passing is tried again at its time; a delivery that was called off meanwhile is not. A connection's
/// health is written at most once a batch, and only when it changed or the last word is a second old.
pub async fn record(
    conn: &mut Conn,
    tries: &[Tried],
    rules: HealthRules,
) -> Result<Recorded, StoreError> {
    let mut delivered: Vec<&Tried> = Vec::with_capacity(tries.len());
    let mut failed: Vec<Failed<'_>> = Vec::new();
    let newest = newest(tries.iter().map(|it| it.lease));
    for tried in tries.iter().filter(|it| newest[&it.lease.job] == it.lease.epoch) {
        match &tried.result {
            TryResult::Delivered => delivered.push(tried),
            TryResult::Failed { class, error, after } => {
                failed.push(Failed { tried, class: *class, error, after: *after });
            }
        }
    }
    let mut recorded = Recorded::default();
    if !delivered.is_empty() {
        recorded.deliveries = record_delivered(conn, &delivered).await?;
    }
    if !failed.is_empty() {
        let tx = conn.begin().await?;
        recorded.deliveries.extend(failures::record_failed(&tx, &failed).await?);
        recorded.disabled = health::note_failures(&tx, &failed, rules).await?;
        tx.commit().await?;
    }
    Ok(recorded)
}

async fn record_delivered(db: &impl Db, tries: &[&Tried]) -> Result<Vec<DeliveryId>, StoreError> {
    const SQL: &str = "-- delivery_jobs::record_delivered
        with done as (
            delete from job
             where id = any($1) and runs > 0 and lease_epoch = ($2::int8[])[array_position($1::uuid[], id)]
         returning subject_id
        ), tried as (
            update delivery
               set state = 'delivered', state_at = now(), attempts = attempts + 1, next_attempt_at = null,
                   response_status = ($8::int4[])[array_position($3::uuid[], id)], error_class = null, error = null
             where id between $4 and $5 and id = any(array(select subject_id from done))
         returning id, workspace_id, attempts, array_position($3::uuid[], id) as nth
        ), tallied as (
            insert into tally (workspace_id, metric, count)
            select workspace_id, 'delivery_delivered', count(*) from tried group by workspace_id
        ), attempted as (
            insert into attempt (delivery_id, number, started_at, duration_ms, response_status, response_headers,
                                 response_excerpt)
            select id, attempts, now() - make_interval(secs => ($6::float8[])[nth]), ($7::int4[])[nth],
                   ($8::int4[])[nth], ($9::text[])[nth]::json, ($10::text[])[nth]
              from tried
        ), connected as (
            -- Somebody who writes it just now has as good news.
            update connection
               set last_triggered_at = now(), failing_since = null,
                   last_error = null, status = case status when 'error' then 'connected' else status end
             where id = any(array(select id from connection
                                   where id = any($11) and status in ('connected', 'error')
                                     and (failing_since is not null or status = 'error' or last_triggered_at is null
                                          or last_triggered_at < now() - interval '1 second')
                                   order by id for update skip locked))
        ), client as (
            update oauth_client set last_triggered_at = now(), failing_since = null, last_error = null
             where id = any(array(select id from oauth_client
                                   where id = any($12)
                                     and (failing_since is not null or last_triggered_at is null
                                          or last_triggered_at < now() - interval '1 second')
                                   order by id for update skip locked))
        )
        select subject_id from done";
    let leases = Columns::of(tries.iter().map(|it| it.lease));
    let columns = TryColumns::of(tries);
    let rows = db
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
                /* connections */ &receivers(tries, TriedReceiver::Connection),
                /* clients */ &receivers(tries, TriedReceiver::OauthClient),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| DeliveryId(row.get("subject_id"))).collect())
}

/// What every try has, as the arrays of a statement.
struct TryColumns {
    ago_s: Vec<f64>,
    duration_ms: Vec<i32>,
    status: Vec<Option<i32>>,
    headers: Vec<Option<String>>,
    excerpts: Vec<Option<String>>,
}

impl TryColumns {
    fn of(tries: &[&Tried]) -> Self {
        Self {
            ago_s: tries.iter().map(|it| seconds(it.began_ms_ago)).collect(),
            duration_ms: tries
                .iter()
                .map(|it| i32::try_from(it.duration_ms).unwrap_or(i32::MAX))
                .collect(),
            status: tries.iter().map(|it| it.status.map(i32::from)).collect(),
            headers: tries.iter().map(|it| it.response_headers.as_deref().map(text)).collect(),
            excerpts: tries.iter().map(|it| it.excerpt.as_deref().map(text)).collect(),
        }
    }
}

/// The receivers of one kind that these tries went to, each once.
fn receivers(tries: &[&Tried], kind: TriedReceiver) -> Vec<Uuid> {
    let of_kind = tries.iter().filter(|it| it.receiver == kind);
    of_kind.map(|it| it.lane.receiver).collect::<BTreeSet<_>>().into_iter().collect()
}
