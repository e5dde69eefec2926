//! Reading `sync_event` and `sync_file`: what each reconciliation did.
//!
//! A list first finds the ids of its page by the statement of its strongest filter, then reads those rows.

use hookyard_domain::event::Origin;
use hookyard_domain::ids::{
    ConfigObjectId, EventId, InstanceId, SyncEventId, TargetId, WorkspaceId,
};
use hookyard_domain::sync_event::{Counts, FileOutcome, SyncStatus, SyncTrigger};
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

mod pages;
mod search;

pub use search::Search;

/// Which sync events are listed. Filters narrow each other.
#[derive(Debug, Clone, Default)]
pub struct SyncEventFilter {
    pub workspace: Option<WorkspaceId>,
    pub target: Option<TargetId>,
    /// Those of the targets of one of these instances.
    pub instances: Option<Vec<InstanceId>>,
    /// Any of these; empty: all.
    pub statuses: Vec<SyncStatus>,
    /// Those queued then or later.
    pub since: Option<Timestamp>,
    /// Those queued before that.
    pub until: Option<Timestamp>,
    /// The type of the event behind it, such as `github.push`, or the trigger, such as `manual_resync`.
    pub event_type: Option<String>,
    pub search: Option<Search>,
}

/// The record of one reconciliation of one target.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncEvent {
    pub id: SyncEventId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub target_id: TargetId,
    pub event_id: Option<EventId>,
    pub event_type: Option<String>,
    pub delivery_id: Option<String>,
    pub trigger: SyncTrigger,
    pub repository: String,
    #[serde(rename = "ref")]
    pub git_ref: String,
    pub before_sha: Option<String>,
    pub announced_sha: Option<String>,
    pub applied_sha: Option<String>,
    pub status: SyncStatus,
    pub reason: Option<String>,
    pub error: Option<String>,
    pub counts: Counts,
    pub attempts: i32,
    pub github_requests: i32,
    pub allow_deletions: bool,
    pub mapping_revision: Option<i64>,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    /// From start to completion.
    pub duration_ms: Option<i64>,
    /// When a worker looks at it again, while it is unfinished.
    pub next_attempt_at: Option<Timestamp>,
    /// Until when nobody may begin its next attempt: it waits. None: it is queued, or runs, or is over.
    pub waits_until: Option<Timestamp>,
    /// The worker that runs it.
    pub worker: Option<String>,
    /// The event that told how it ended, if anybody wanted to know.
    pub told_event_id: Option<EventId>,
}

impl SyncEvent {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let started_at: Option<Timestamp> = row.get("started_at");
        let completed_at: Option<Timestamp> = row.get("completed_at");
        let duration_ms = started_at
            .zip(completed_at)
            .map(|(from, to)| to.as_millisecond() - from.as_millisecond());
        let count = |column| row.get::<_, i32>(column).unsigned_abs();
        Ok(Self {
            id: SyncEventId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            target_id: TargetId(row.get("target_id")),
            event_id: row.get::<_, Option<_>>("event_id").map(EventId),
            event_type: row.get("event_type"),
            delivery_id: row.get("delivery_id"),
            trigger: row.get::<_, &str>("trigger").parse()?,
            repository: row.get("repository"),
            git_ref: row.get("git_ref"),
            before_sha: row.get("before_sha"),
            announced_sha: row.get("announced_sha"),
            applied_sha: row.get("applied_sha"),
            status: row.get::<_, &str>("status").parse()?,
            reason: row.get("reason"),
            error: row.get("error"),
            counts: Counts {
                created: count("created"),
                updated: count("updated"),
                deleted: count("deleted"),
                skipped: count("skipped"),
                failed: count("failed"),
            },
            attempts: row.get("attempts"),
            github_requests: row.get("github_requests"),
            allow_deletions: row.get("allow_deletions"),
            mapping_revision: row.get("mapping_revision"),
            queued_at: row.get("queued_at"),
            started_at,
            completed_at,
            duration_ms,
            next_attempt_at: row.get("next_attempt_at"),
            waits_until: row.get("waits_until"),
            worker: row.get("worker"),
            told_event_id: row.get::<_, Option<_>>("told_event_id").map(EventId),
        })
    }
}

/// What a sync did about one file.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncFile {
    pub path: String,
    pub outcome: FileOutcome,
    pub reason: Option<String>,
    pub error: Option<String>,
    pub blob_sha: Option<String>,
    pub config_object_id: Option<ConfigObjectId>,
}

impl SyncFile {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            path: row.get("path"),
            outcome: row.get::<_, &str>("outcome").parse()?,
            reason: row.get("reason"),
            error: row.get("error"),
            blob_sha: row.get("blob_sha"),
            config_object_id: row.get::<_, Option<_>>("config_object_id").map(ConfigObjectId),
        })
    }
}

/// Whether the body of the event behind a sync event can still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BodyState {
    Stored,
    /// Removed before its time.
    Redacted,
    /// Its time is over, or it was never kept.
    Expired,
}

/// The event behind a sync event, as far as it is still stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventBehind {
    pub id: EventId,
    pub event_type: String,
    pub origin: Origin,
    pub received_at: Timestamp,
    pub delivery_id: Option<String>,
    pub body: BodyState,
}

/// Sync events, newest first.
pub async fn list(
    db: &impl Db,
    filter: &SyncEventFilter,
    page: PageRequest<SyncEventId>,
) -> Result<Page<SyncEvent, SyncEventId>, StoreError> {
    let ids = pages::ids(db, filter, page.bound(|id| id.0)).await?;
    let ids = page.cut_walked(ids, SyncEventId);
    Ok(Page { items: by_ids(db, &ids.items).await?, next_cursor: ids.next_cursor })
}

/// How many walks look for the first ids: 100,000 rows at the most.
const WALKS_MAX: usize = 50;

/// The ids of up to `max` sync events, newest first, and whether there are, or may be, more.
pub async fn first_ids(
    db: &impl Db,
    filter: &SyncEventFilter,
    max: usize,
) -> Result<(Vec<SyncEventId>, bool), StoreError> {
    let mut found: Vec<SyncEventId> = Vec::new();
    let mut before = Uuid::max();
    for _ in 0..WALKS_MAX {
        let walked = pages::ids(db, filter, before).await?;
        let next = walked.next();
        found.extend(walked.ids.into_iter().map(SyncEventId));
        let more = found.len() > max;
        if more || next.is_none() {
            found.truncate(max);
            return Ok((found, more));
        }
        before = next.unwrap_or(before);
    }
    Ok((found, true))
}

/// The sync event of this id.
pub async fn by_id(db: &impl Db, id: SyncEventId) -> Result<Option<SyncEvent>, StoreError> {
    Ok(by_ids(db, &[id.0]).await?.pop())
}

/// The sync events of these ids, newest first.
pub async fn by_ids(db: &impl Db, ids: &[Uuid]) -> Result<Vec<SyncEvent>, StoreError> {
    const SQL: &str = "-- sync_event_list::by_ids
        select sync.id, sync.workspace_id, workspace.slug as workspace, sync.target_id, sync.event_id,
               sync.event_type, sync.delivery_id, sync.trigger, sync.repository, sync.git_ref, sync.before_sha,
               sync.announced_sha, sync.applied_sha, sync.status, sync.reason, sync.error, sync.created, sync.updated,
               sync.deleted, sync.skipped, sync.failed, sync.attempts, sync.github_requests, sync.allow_deletions,
               sync.mapping_revision, sync.queued_at, sync.started_at, sync.completed_at,
               sync.told_event_id, job.due_at as next_attempt_at,
               case when job.state = 'scheduled' and job.due_at > now() then job.due_at end as waits_until,
               worker.name as worker
          from sync_event sync
          join workspace on workspace.id = sync.workspace_id
          left join job on job.subject_id = sync.id and job.kind = 'sync'
          left join worker on worker.id = job.lease_owner
         where sync.id = any($1)
         order by sync.id desc";
    let rows = db.rows(SQL, &[/* ids */ &ids]).await?;
    rows.iter().map(SyncEvent::read).collect()
}

/// Up to `limit` files of a sync event in the order of their paths, those after the file `after`.
pub async fn files(
    db: &impl Db,
    id: SyncEventId,
    after: Option<(&str, FileOutcome)>,
    limit: u16,
) -> Result<Vec<SyncFile>, StoreError> {
    const SQL: &str = "-- sync_event_list::files
        select path, outcome, reason, error, blob_sha, config_object_id
          from sync_file
         where sync_event_id = $1 and (path, outcome) > ($2, $3)
         order by path, outcome limit $4";
    let (path, outcome) = after.map_or(("", ""), |(path, outcome)| (path, outcome.as_str()));
    let rows = db
        .rows(
            SQL,
            &[
                /* id */ &id.0,
                /* path */ &path,
                /* outcome */ &outcome,
                /* limit */ &i64::from(limit),
            ],
        )
        .await?;
    rows.iter().map(SyncFile::read).collect()
}

/// Up to `limit` files of a sync event, those that failed first, then in the order of their paths.
pub async fn files_failures_first(
    db: &impl Db,
    id: SyncEventId,
    limit: u16,
) -> Result<Vec<SyncFile>, StoreError> {
    const SQL: &str = "-- sync_event_list::files_failures_first (failed)
        select path, outcome, reason, error, blob_sha, config_object_id
          from sync_file
         where sync_event_id = $1 and outcome = 'failed'
         order by path limit $2";
    const OTHERS: &str = "-- sync_event_list::files_failures_first (others)
        select path, outcome, reason, error, blob_sha, config_object_id
          from sync_file
         where sync_event_id = $1 and outcome <> 'failed'
         order by path, outcome limit $2";
    let failed = db.rows(SQL, &[/* id */ &id.0, /* limit */ &i64::from(limit)]).await?;
    // Fewer than `limit` failed: so the others are met soon.
    let left = i64::from(limit) - i64::try_from(failed.len()).unwrap_or(0);
    let others = if left > 0 {
        db.rows(OTHERS, &[/* id */ &id.0, /* limit */ &left]).await?
    } else {
        Vec::new()
    };
    failed.iter().chain(&others).map(SyncFile::read).collect()
}

/// The event behind a sync event; none when its partition is gone.
pub async fn event_behind(db: &impl Db, id: EventId) -> Result<Option<EventBehind>, StoreError> {
    const SQL: &str = "-- sync_event_list::event_behind
        select type, origin, received_at, provider_delivery_id, redacted_at is not null as redacted,
               body is not null as stored
          from event where id = $1";
    let Some(row) = db.row_opt(SQL, &[/* id */ &id.0]).await? else { return Ok(None) };
    Ok(Some(EventBehind {
        id,
        event_type: row.get("type"),
        origin: row.get::<_, &str>("origin").parse()?,
        received_at: row.get("received_at"),
        delivery_id: row.get("provider_delivery_id"),
        body: BodyState::of(row.get("stored"), row.get("redacted")),
    }))
}

impl BodyState {
    pub(crate) fn of(stored: bool, redacted: bool) -> Self {
        match (redacted, stored) {
            (true, _) => Self::Redacted,
            (false, true) => Self::Stored,
            (false, false) => Self::Expired,
        }
    }
}
