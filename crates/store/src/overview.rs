//! What stands where in a workspace, and what needs somebody: read by index, and never counted beyond a limit.

use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::ids::{ConnectionId, OauthClientId, SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::job::JobKind;
use hookyard_domain::sync_event::SyncStatus;
use hookyard_domain::target::TargetStatus;
use jiff::Timestamp;
use serde::Serialize;

use crate::{Db, StoreError};

/// The most that is counted of anything: beyond it a number helps nobody.
pub const COUNT_MAX: i64 = 1_000;

/// How much of a kind is not finished in a workspace. Each number ends at [`COUNT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueDepth {
    pub kind: JobKind,
    /// Could be taken now.
    pub ready: i64,
    /// Waits for its next attempt, or for a place.
    pub waiting: i64,
    /// Held by a worker.
    pub leased: i64,
    /// How long ago the oldest of those that are counted as ready was added, in milliseconds.
    pub oldest_ms: Option<i64>,
}

/// How many syncs and deliveries of a workspace are not finished.
///
/// Events of shared URLs belong to no workspace until they were routed, which takes milliseconds: they are not here.
pub async fn queues(db: &impl Db, workspace: WorkspaceId) -> Result<Vec<QueueDepth>, StoreError> {
    const SYNCS: &str = "-- overview::queues (syncs)
        select count(*) filter (where status = 'queued' and not coalesce(later, false)) as ready,
               count(*) filter (where status = 'queued' and later) as waiting,
               count(*) filter (where status = 'running') as leased,
               (extract(epoch from now() - min(queued_at) filter (where status = 'queued' and not coalesce(later, false)))
                * 1000)::int8 as oldest_ms
          from (select sync.status, sync.queued_at,
                       (select job.state = 'scheduled' and job.due_at > now() from job
                         where job.subject_id = sync.id and job.kind = 'sync') as later
                  from ((select id, status, queued_at, workspace_id from sync_event
                          where status = 'queued' order by id limit 5000)
                        union all
                        (select id, status, queued_at, workspace_id from sync_event
                          where status = 'running' order by id limit 5000)) sync
                 where sync.workspace_id = $1 limit 1000) unfinished";
    const DELIVERIES: &str = "-- overview::queues (deliveries)
        select (select count(*) from (select from job
                                       where workspace_id = $1 and lane_id is not null
                                         and state not in ('scheduled', 'leased', 'parked') limit 1000) it) as ready,
               (select count(*) from (select from job where workspace_id = $1 and state = 'parked' limit 1000) it)
               + (select count(*) from (select from delivery where workspace_id = $1 and setback = 'failed' limit 1000) it)
                 as waiting,
               (select count(*) from (select from job
                                       where workspace_id = $1 and lane_id is not null and lease_owner is not null
                                       limit 1000) it) as leased,
               (select (extract(epoch from now() - min(created_at)) * 1000)::int8
                  from (select created_at from job
                         where workspace_id = $1 and lane_id is not null
                           and state not in ('scheduled', 'leased', 'parked') limit 1000) it) as oldest_ms";
    let mut queues = Vec::with_capacity(2);
    for (kind, sql) in [(JobKind::Sync, SYNCS), (JobKind::Delivery, DELIVERIES)] {
        let row = db.row(sql, &[/* workspace */ &workspace.0]).await?;
        queues.push(QueueDepth {
            kind,
            ready: row.get("ready"),
            waiting: row.get::<_, i64>("waiting").min(COUNT_MAX),
            leased: row.get("leased"),
            oldest_ms: row.get("oldest_ms"),
        });
    }
    Ok(queues)
}

/// A connection that does not work as it should.
#[derive(Debug, Clone)]
pub struct AmissConnection {
    pub id: ConnectionId,
    /// Name and kind, such as `default (slack)`.
    pub name: String,
    pub status: ConnectionStatus,
    pub error: Option<String>,
    pub since: Option<Timestamp>,
    /// Deliveries that wait for it; ends at [`COUNT_MAX`].
    pub waiting: i64,
}

/// Connections of a workspace that are disabled, want new credentials, or fail; at most a hundred.
pub async fn amiss_connections(
    db: &impl Db,
    workspace: WorkspaceId,
) -> Result<Vec<AmissConnection>, StoreError> {
    const SQL: &str = "-- overview::amiss_connections
        select id, name || ' (' || kind || ')' as name, status, last_error, coalesce(failing_since, updated_at) as since,
               (select count(*) from (select from job
                                       where job.workspace_id = $1 and job.lane_id = connection.id and state = 'parked'
                                       limit 1000) parked) as waiting
          from connection
         where workspace_id = $1 and status in ('disabled', 'action_needed', 'error')
         order by id desc limit 100";
    let rows = db.rows(SQL, &[/* workspace */ &workspace.0]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(AmissConnection {
            id: ConnectionId(row.get("id")),
            name: row.get("name"),
            status: row.get::<_, &str>("status").parse()?,
            error: row.get("last_error"),
            since: row.get("since"),
            waiting: row.get("waiting"),
        })
    };
    rows.iter().map(read).collect()
}

/// An OAuth client application that takes nothing any more.
#[derive(Debug, Clone)]
pub struct AmissClient {
    pub id: OauthClientId,
    pub name: String,
    pub error: Option<String>,
    pub since: Option<Timestamp>,
}

/// Active OAuth clients of a workspace that have done nothing but fail since a time; at most a hundred.
pub async fn amiss_clients(
    db: &impl Db,
    workspace: WorkspaceId,
) -> Result<Vec<AmissClient>, StoreError> {
    const SQL: &str = "-- overview::amiss_clients
        select id, name, last_error, failing_since from oauth_client
         where workspace_id = $1 and status = 'active' and failing_since is not null
         order by id desc limit 100";
    let rows = db.rows(SQL, &[/* workspace */ &workspace.0]).await?;
    let read = |row: &tokio_postgres::Row| AmissClient {
        id: OauthClientId(row.get("id")),
        name: row.get("name"),
        error: row.get("last_error"),
        since: row.get("failing_since"),
    };
    Ok(rows.iter().map(read).collect())
}

/// A target that is not followed as it should be.
#[derive(Debug, Clone)]
pub struct AmissTarget {
    pub id: TargetId,
    pub repository: String,
    pub git_ref: String,
    pub status: TargetStatus,
    pub since: Timestamp,
}

/// Targets of a workspace that are neither active nor switched off by an operator; at most a hundred, newest first.
pub async fn amiss_targets(
    db: &impl Db,
    workspace: WorkspaceId,
) -> Result<Vec<AmissTarget>, StoreError> {
    const SQL: &str = "-- overview::amiss_targets
        select id, repository, git_ref, status, updated_at from connector_target
         where workspace_id = $1 and status not in ('active', 'disabled')
           and exists (select from connector_instance instance
                        where instance.id = instance_id and instance.status = 'active')
         order by id desc limit 100";
    let rows = db.rows(SQL, &[/* workspace */ &workspace.0]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(AmissTarget {
            id: TargetId(row.get("id")),
            repository: row.get("repository"),
            git_ref: row.get("git_ref"),
            status: row.get::<_, &str>("status").parse()?,
            since: row.get("updated_at"),
        })
    };
    rows.iter().map(read).collect()
}

/// A sync that ended badly, with none of its target that ended well since.
#[derive(Debug, Clone)]
pub struct UnsettledSync {
    pub id: SyncEventId,
    pub target: TargetId,
    pub repository: String,
    pub git_ref: String,
    pub status: SyncStatus,
    pub reason: Option<String>,
    pub error: Option<String>,
    /// Files that could not be brought in.
    pub failed_files: i32,
    pub completed_at: Timestamp,
}

/// How many of a target's newest syncs are looked through for the last that ended: those that were superseded tell
/// nothing.
const NEWEST_LOOKED_MAX: i64 = 50;

/// Targets whose last sync failed or is partial, and ended within a day; at most a hundred.
pub async fn unsettled_syncs(
    db: &impl Db,
    workspace: WorkspaceId,
) -> Result<Vec<UnsettledSync>, StoreError> {
    const SQL: &str = "-- overview::unsettled_syncs
        select last.id, last.target_id, last.repository, last.git_ref, last.status, last.reason, last.error,
               last.failed, last.completed_at
          from (select distinct target_id
                  from ((select target_id from sync_event
                          where workspace_id = $1 and status = 'failed'
                            and (id, id) >= (select first, first from (select uuid_v7(now() - interval '1 day') as first) day)
                          order by id desc limit 500)
                        union all
                        (select target_id from sync_event
                          where workspace_id = $1 and status = 'partial'
                            and (id, id) >= (select first, first from (select uuid_v7(now() - interval '1 day') as first) day)
                          order by id desc limit 500)) bad) bad
          cross join lateral (
                select id, target_id, repository, git_ref, status, reason, error, failed, completed_at
                  from (select * from sync_event where target_id = bad.target_id order by id desc limit $2) newest
                 where status in ('completed', 'partial', 'failed') and reason is distinct from 'recorded'
                 order by id desc limit 1) last
         where last.status in ('failed', 'partial')
         order by last.id desc limit 100";
    let rows =
        db.rows(SQL, &[/* workspace */ &workspace.0, /* newest */ &NEWEST_LOOKED_MAX]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(UnsettledSync {
            id: SyncEventId(row.get("id")),
            target: TargetId(row.get("target_id")),
            repository: row.get("repository"),
            git_ref: row.get("git_ref"),
            status: row.get::<_, &str>("status").parse()?,
            reason: row.get("reason"),
            error: row.get("error"),
            failed_files: row.get("failed"),
            completed_at: row.get("completed_at"),
        })
    };
    rows.iter().map(read).collect()
}

/// Dead letters that nobody has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenLetters {
    /// Ends at [`COUNT_MAX`].
    pub count: i64,
    /// When the newest of them was written.
    pub newest: Option<Timestamp>,
}

/// How many dead letters of a workspace are open.
pub async fn open_letters(db: &impl Db, workspace: WorkspaceId) -> Result<OpenLetters, StoreError> {
    const SQL: &str = "-- overview::open_letters
        select count(*) as count, max(created_at) as newest
          from (select created_at from dead_letter
                 where workspace_id = $1 and settled_at is null order by id desc limit 1000) open";
    let row = db.row(SQL, &[/* workspace */ &workspace.0]).await?;
    Ok(OpenLetters { count: row.get("count"), newest: row.get("newest") })
}
