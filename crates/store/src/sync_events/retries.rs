//! Many sync events run once more: what their targets stand at, and the syncs that are queued for them.

use hookyard_domain::ids::{EventId, InstanceId, JobId, SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_domain::target::{AccountStatus, InstanceStatus, TargetStatus};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Db, StoreError, Tx};

/// A target of which sync events were selected, and where it stands now.
#[derive(Debug, Clone)]
pub struct RetryTarget {
    pub id: TargetId,
    pub instance: InstanceId,
    pub repository: String,
    pub git_ref: String,
    pub status: TargetStatus,
    pub instance_status: InstanceStatus,
    pub account_status: AccountStatus,
    /// How many of its sync events were selected.
    pub selected: i64,
    /// Those of them that failed; the others are partial.
    pub failed: i64,
    /// The newest of them, and how it ended.
    pub newest: SyncEventId,
    pub newest_event: Option<EventId>,
    pub newest_status: SyncStatus,
    pub newest_reason: Option<String>,
    pub newest_error: Option<String>,
    pub newest_failed_files: i32,
    /// A sync of it runs now.
    pub running: bool,
    /// A sync of it is queued already.
    pub queued: bool,
    /// Its last sync that reconciled anything completed.
    pub settled: bool,
}

impl RetryTarget {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: TargetId(row.get("id")),
            instance: InstanceId(row.get("instance_id")),
            repository: row.get("repository"),
            git_ref: row.get("git_ref"),
            status: row.get::<_, &str>("status").parse()?,
            instance_status: row.get::<_, &str>("instance_status").parse()?,
            account_status: row.get::<_, &str>("account_status").parse()?,
            selected: row.get("selected"),
            failed: row.get("failed"),
            newest: SyncEventId(row.get("newest")),
            newest_event: row.get::<_, Option<_>>("newest_event").map(EventId),
            newest_status: row.get::<_, &str>("newest_status").parse()?,
            newest_reason: row.get("newest_reason"),
            newest_error: row.get("newest_error"),
            newest_failed_files: row.get("newest_failed_files"),
            running: row.get("running"),
            queued: row.get("queued"),
            settled: row.get("settled"),
        })
    }
}

/// The targets of these sync events, the one with the newest of them first.
pub async fn retry_targets(
    db: &impl Db,
    syncs: &[SyncEventId],
) -> Result<Vec<RetryTarget>, StoreError> {
    const SQL: &str = "-- sync_events::retry_targets
        select target.id, target.instance_id, target.repository, target.git_ref, target.status,
               instance.status as instance_status, account.status as account_status, chosen.selected, chosen.failed,
               chosen.newest, newest.event_id as newest_event, newest.status as newest_status,
               newest.reason as newest_reason, newest.error as newest_error, newest.failed as newest_failed_files,
               exists (select from sync_event it where it.target_id = target.id and it.status = 'running') as running,
               exists (select from sync_event it where it.target_id = target.id and it.status = 'queued') as queued,
               coalesce((select it.status = 'completed' from sync_event it
                          where it.target_id = target.id and it.status in ('completed', 'partial', 'failed')
                            and it.reason is distinct from 'recorded'
                          order by it.id desc limit 1), false) as settled
          from (select target_id, count(*) as selected, count(*) filter (where status = 'failed') as failed,
                       (array_agg(id order by id desc))[1] as newest
                  from sync_event where id = any($1) group by target_id) chosen
          join sync_event newest on newest.id = chosen.newest
          join connector_target target on target.id = chosen.target_id
          join connector_instance instance on instance.id = target.instance_id
          join connector_account account on account.id = instance.account_id
         order by chosen.newest desc";
    let syncs: Vec<Uuid> = syncs.iter().map(|id| id.0).collect();
    let rows = db.rows(SQL, &[/* syncs */ &syncs]).await?;
    rows.iter().map(RetryTarget::read).collect()
}

/// Waits until nobody else queues retries of many in this workspace, and keeps others from it until the transaction
/// ends: whoever comes second sees what the first one queued.
pub async fn lock_retries(tx: &Tx<'_>, workspace: WorkspaceId) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::lock_retries
        select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 8))";
    tx.row(SQL, &[/* workspace */ &workspace.0]).await.map(drop)
}

/// A sync to be queued in place of those that did not end well.
#[derive(Debug, Clone, Copy)]
pub struct NewRetry {
    pub id: SyncEventId,
    pub target: TargetId,
    /// The event behind the newest of them.
    pub event: Option<EventId>,
}

/// A sync that was queued.
#[derive(Debug, Clone, Copy)]
pub struct QueuedRetry {
    pub id: SyncEventId,
    pub target: TargetId,
    pub job: JobId,
}

/// Queues these syncs and their jobs, due now, but for targets of which a sync is under way by now or which are not
/// synchronised any more. The deletion guard is never waived.
pub async fn queue_retries(
    tx: &Tx<'_>,
    retries: &[NewRetry],
) -> Result<Vec<QueuedRetry>, StoreError> {
    const SQL: &str = "-- sync_events::queue_retries
        with queued as (
            insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, repository, git_ref,
                                    delivery_id, event_type)
            select wanted.id, target.workspace_id, target.id, wanted.event_id, 'retry', 'queued', target.repository,
                   target.git_ref, event.provider_delivery_id, event.type
              from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as wanted (id, target_id, event_id)
              join connector_target target on target.id = wanted.target_id and target.id = any($2)
              join connector_instance instance on instance.id = target.instance_id and instance.status = 'active'
              join connector_account account on account.id = instance.account_id and account.status = 'active'
              left join event on event.id = wanted.event_id and event.id = any($3)
             where target.status not in ('disabled', 'repository_removed', 'needs_confirmation')
               and not exists (select from sync_event it
                                where it.target_id = target.id and it.status in ('queued', 'running'))
         returning id, workspace_id, target_id
        ), jobs as (
            insert into job (subject_id, workspace_id, kind, state, due_at)
            select id, workspace_id, 'sync', 'scheduled', now() from queued
         returning id, subject_id
        )
        select queued.id, queued.target_id, jobs.id as job_id
          from queued join jobs on jobs.subject_id = queued.id
         order by queued.id";
    let ids: Vec<Uuid> = retries.iter().map(|it| it.id.0).collect();
    let targets: Vec<Uuid> = retries.iter().map(|it| it.target.0).collect();
    let events: Vec<Option<Uuid>> = retries.iter().map(|it| it.event.map(|id| id.0)).collect();
    let rows =
        tx.rows(SQL, &[/* ids */ &ids, /* targets */ &targets, /* events */ &events]).await?;
    let read = |row: &Row| QueuedRetry {
        id: SyncEventId(row.get("id")),
        target: TargetId(row.get("target_id")),
        job: JobId(row.get("job_id")),
    };
    Ok(rows.iter().map(read).collect())
}
