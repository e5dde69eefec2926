//! Reading `job`: the work that is not finished.

use hookyard_domain::ids::{JobId, WorkspaceId};
use hookyard_domain::job::{JobKind, JobState};
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use utoipa::ToSchema;

use crate::dead_letters::Subject;
use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// How many jobs of a kind stand where.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobCount {
    pub kind: JobKind,
    pub state: JobState,
    pub count: i64,
    /// How long ago the oldest was added, in milliseconds.
    pub oldest_ms: i64,
    /// How many should have been looked at again by now.
    pub overdue: i64,
}

/// A promise of work.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub subject_id: Subject,
    #[serde(skip)]
    pub workspace_id: Option<WorkspaceId>,
    pub workspace: Option<String>,
    pub state: JobState,
    pub due_at: Timestamp,
    /// Leases since the last orderly end.
    pub runs: i32,
    pub created_at: Timestamp,
}

/// Where a page of jobs ends: the list is in the order of being due, which several may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobCursor {
    pub due_at: Timestamp,
    pub id: JobId,
}

impl std::fmt::Display for JobCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{}", self.due_at, self.id)
    }
}

/// A text that is no job cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("that is no cursor of a list of jobs; use the one that the page before ended with")]
pub struct InvalidJobCursor;

impl std::str::FromStr for JobCursor {
    type Err = InvalidJobCursor;

    fn from_str(value: &str) -> Result<Self, InvalidJobCursor> {
        let (due_at, id) = value.split_once(',').ok_or(InvalidJobCursor)?;
        Ok(Self {
            due_at: due_at.parse().map_err(|_| InvalidJobCursor)?,
            id: id.parse().map_err(|_| InvalidJobCursor)?,
        })
    }
}

impl Serialize for JobCursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Job {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let kind: JobKind = row.get::<_, &str>("kind").parse()?;
        Ok(Self {
            id: JobId(row.get("id")),
            kind,
            subject_id: Subject::of(kind, row.get("subject_id")),
            workspace_id: row.get::<_, Option<_>>("workspace_id").map(WorkspaceId),
            workspace: row.get("workspace"),
            state: row.get::<_, &str>("state").parse()?,
            due_at: row.get("due_at"),
            runs: row.get("runs"),
            created_at: row.get("created_at"),
        })
    }
}

/// Counts the jobs by kind and state. Looks at all of them.
pub async fn counts(db: &impl Db) -> Result<Vec<JobCount>, StoreError> {
    const SQL: &str = "-- job_list::counts
        select kind, state, count(*) as count, count(*) filter (where due_at < now()) as overdue,
               (extract(epoch from now() - min(created_at)) * 1000)::int8 as oldest_ms
          from job group by kind, state order by kind, state";
    let rows = db.rows(SQL, &[]).await?;
    let read = |row: &Row| {
        Ok(JobCount {
            kind: row.get::<_, &str>("kind").parse()?,
            state: row.get::<_, &str>("state").parse()?,
            count: row.get("count"),
            oldest_ms: row.get("oldest_ms"),
            overdue: row.get("overdue"),
        })
    };
    rows.iter().map(read).collect()
}

/// The jobs of one kind and state, those due first before the others.
pub async fn list(
    db: &impl Db,
    kind: JobKind,
    state: JobState,
    page: PageRequest<JobCursor>,
) -> Result<Page<Job, JobCursor>, StoreError> {
    // A partial index serves only a statement that names its state.
    const READY: &str = "-- job_list::list (ready)
        select job.id, job.kind, job.subject_id, job.workspace_id, workspace.slug as workspace, job.state, job.due_at,
               job.runs, job.created_at
          from (select id, kind, subject_id, workspace_id, state, due_at, runs, created_at from job
                 where state = 'ready' and kind = $3 and due_at >= $1 and (due_at, id) > ($1, $2)
                 order by due_at, id limit 101) job
          left join workspace on workspace.id = job.workspace_id
         order by job.due_at, job.id";
    const SCHEDULED: &str = "-- job_list::list (scheduled)
        select job.id, job.kind, job.subject_id, job.workspace_id, workspace.slug as workspace, job.state, job.due_at,
               job.runs, job.created_at
          from (select id, kind, subject_id, workspace_id, state, due_at, runs, created_at from job
                 where state = 'scheduled' and kind = $3 and due_at >= $1 and (due_at, id) > ($1, $2)
                 order by due_at, id limit 101) job
          left join workspace on workspace.id = job.workspace_id
         order by job.due_at, job.id";
    const LEASED: &str = "-- job_list::list (leased)
        select job.id, job.kind, job.subject_id, job.workspace_id, workspace.slug as workspace, job.state, job.due_at,
               job.runs, job.created_at
          from (select id, kind, subject_id, workspace_id, state, due_at, runs, created_at from job
                 where state = 'leased' and kind = $3 and due_at >= $1 and (due_at, id) > ($1, $2)
                 order by due_at, id limit 101) job
          left join workspace on workspace.id = job.workspace_id
         order by job.due_at, job.id";
    const PARKED: &str = "-- job_list::list (parked)
        select job.id, job.kind, job.subject_id, job.workspace_id, workspace.slug as workspace, job.state, job.due_at,
               job.runs, job.created_at
          from (select id, kind, subject_id, workspace_id, state, due_at, runs, created_at from job
                 where state = 'parked' and kind = $3 and due_at >= $1 and (due_at, id) > ($1, $2)
                 order by due_at, id limit 101) job
          left join workspace on workspace.id = job.workspace_id
         order by job.due_at, job.id";
    let sql = match state {
        JobState::Ready => READY,
        JobState::Scheduled => SCHEDULED,
        JobState::Leased => LEASED,
        JobState::Parked => PARKED,
    };
    let after = page
        .cursor
        .unwrap_or(JobCursor { due_at: Timestamp::UNIX_EPOCH, id: JobId(uuid::Uuid::nil()) });
    let params: [&(dyn ToSql + Sync); 3] =
        [/* due */ &after.due_at, /* id */ &after.id.0, /* kind */ &kind.as_str()];
    let rows = db.rows(sql, &params).await?;
    let items = rows.iter().map(Job::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item: &Job| JobCursor { due_at: item.due_at, id: item.id }))
}

/// The job of a subject, while its work is unfinished.
pub async fn of_subject(db: &impl Db, subject: Subject) -> Result<Option<JobId>, StoreError> {
    const SQL: &str = "-- job_list::of_subject
        select id from job where subject_id = $1 and kind = $2";
    let params: [&(dyn ToSql + Sync); 2] =
        [/* subject */ &subject.uuid(), /* kind */ &subject.kind().as_str()];
    Ok(db.row_opt(SQL, &params).await?.map(|row| JobId(row.get("id"))))
}
