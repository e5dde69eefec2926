//! Reading `job`: the work that is not finished.

use hookyard_domain::ids::{JobId, WorkspaceId};
use hookyard_domain::job::{JobKind, JobState};
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::dead_letters::Subject;
use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// The most jobs that are looked at to count those of a state: of the ready ones so many of each kind, of the others so
/// many of all kinds.
pub const COUNT_MAX: i64 = 2_000;

/// How many jobs of a kind stand where. Each number ends at [`COUNT_MAX`].
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

/// Where a page of jobs ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobCursor {
    /// In a list in the order of being due, which several may share.
    Due { due_at: Timestamp, id: JobId },
    /// In a list in the order of the subjects.
    Subject(Uuid),
}

impl std::fmt::Display for JobCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Due { due_at, id } => write!(f, "{due_at},{id}"),
            Self::Subject(subject) => subject.fmt(f),
        }
    }
}

/// A text that is no job cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("that is no cursor of a list of jobs; use the one that the page before ended with")]
pub struct InvalidJobCursor;

impl std::str::FromStr for JobCursor {
    type Err = InvalidJobCursor;

    fn from_str(value: &str) -> Result<Self, InvalidJobCursor> {
        let Some((due_at, id)) = value.split_once(',') else {
            return value.parse().map(Self::Subject).map_err(|_| InvalidJobCursor);
        };
        Ok(Self::Due {
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

/// Counts the jobs by kind and state, each number up to [`COUNT_MAX`].
pub async fn counts(db: &impl Db) -> Result<Vec<JobCount>, StoreError> {
    const SQL: &str = "-- job_list::counts
        select kind, state, count(*) as count, count(*) filter (where due_at < now()) as overdue,
               (extract(epoch from now() - min(created_at)) * 1000)::int8 as oldest_ms
          from ((select ready.* from unnest(array['event', 'sync', 'delivery', 'replay']) as wanted (kind)
                  cross join lateral (select kind, state, created_at, due_at from job
                                       where state = 'ready' and kind = wanted.kind order by due_at limit $1) ready)
                union all
                (select kind, state, created_at, due_at from job where state = 'scheduled' order by due_at limit $1)
                union all
                (select kind, state, created_at, due_at from job where state = 'leased' order by due_at limit $1)
                union all
                (select kind, state, created_at, due_at from job where state = 'parked'
                  order by workspace_id, lane_id, subject_id limit $1)) looked
         group by kind, state order by kind, state";
    let rows = db.rows(SQL, &[/* counted */ &COUNT_MAX]).await?;
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

// A partial index serves only a statement that names its state. Of other kinds there may be millions in between: what
// is looked at is bounded, as by `crate::walk`. $1 and $2 after, $3 kind.
macro_rules! due_first {
    ($name:literal, $leading:literal) => {
        concat!(
            "-- ",
            $name,
            "
    select job.id, job.kind, job.subject_id, job.workspace_id, workspace.slug as workspace, job.state, job.due_at,
           job.runs, job.created_at, job.kind = $3 as matches, job.n = 2000 as last
      from (select *, row_number() over (order by due_at, id) as n
              from (select id, kind, subject_id, workspace_id, state, due_at, runs, created_at from job
                     where ",
            $leading,
            " and due_at >= $1 and (due_at, id) > ($1, $2)
                     order by due_at, id limit 2000) found) job
      left join workspace on workspace.id = job.workspace_id
     where job.kind = $3 or job.n = 2000
     order by job.due_at, job.id limit 101"
        )
    };
}

const READY: &str = due_first!("job_list::list (ready)", "state = 'ready' and kind = $3");
const SCHEDULED: &str = due_first!("job_list::list (scheduled)", "state = 'scheduled'");
const LEASED: &str = due_first!("job_list::list (leased)", "state = 'leased'");

/// Nothing but a free place wakes what is parked: no index has it in the order of being due.
const PARKED: &str = "-- job_list::list (parked)
    select job.id, job.kind, job.subject_id, job.workspace_id, workspace.slug as workspace, job.state, job.due_at,
           job.runs, job.created_at, job.kind = $2 and job.state = 'parked' as matches, job.n = 2000 as last
      from (select *, row_number() over (order by subject_id) as n
              from (select id, kind, subject_id, workspace_id, state, due_at, runs, created_at from job
                     where subject_id > $1 order by subject_id limit 2000) found) job
      left join workspace on workspace.id = job.workspace_id
     where job.kind = $2 and job.state = 'parked' or job.n = 2000
     order by job.subject_id limit 101";

/// The jobs of one kind and state, those due first before the others; the parked ones in the order of their subjects.
pub async fn list(
    db: &impl Db,
    kind: JobKind,
    state: JobState,
    page: PageRequest<JobCursor>,
) -> Result<Page<Job, JobCursor>, StoreError> {
    let sql = match state {
        JobState::Ready => READY,
        JobState::Scheduled => SCHEDULED,
        JobState::Leased => LEASED,
        JobState::Parked => PARKED,
    };
    let kind = kind.as_str();
    let parked = state == JobState::Parked;
    let rows = if parked {
        let after = match page.cursor {
            Some(JobCursor::Subject(subject)) => subject,
            Some(JobCursor::Due { .. }) | None => Uuid::nil(),
        };
        db.rows(sql, &[/* after */ &after, /* kind */ &kind]).await?
    } else {
        let (due_at, id) = match page.cursor {
            Some(JobCursor::Due { due_at, id }) => (due_at, id.0),
            Some(JobCursor::Subject(_)) | None => (Timestamp::UNIX_EPOCH, Uuid::nil()),
        };
        db.rows(sql, &[/* due */ &due_at, /* id */ &id, /* kind */ &kind]).await?
    };
    let place = |job: &Job| {
        if parked {
            JobCursor::Subject(job.subject_id.uuid())
        } else {
            JobCursor::Due { due_at: job.due_at, id: job.id }
        }
    };
    let (mut items, mut reached) = (Vec::with_capacity(rows.len()), None);
    for row in &rows {
        let job = Job::read(row)?;
        reached = row.get::<_, bool>("last").then(|| place(&job));
        if row.get("matches") {
            items.push(job);
        }
    }
    let page = page.cut(items, place);
    Ok(Page { next_cursor: page.next_cursor.or(reached), ..page })
}

/// The job of a subject, while its work is unfinished.
pub async fn of_subject(db: &impl Db, subject: Subject) -> Result<Option<JobId>, StoreError> {
    const SQL: &str = "-- job_list::of_subject
        select id from job where subject_id = $1 and kind = $2";
    let params: [&(dyn ToSql + Sync); 2] =
        [/* subject */ &subject.uuid(), /* kind */ &subject.kind().as_str()];
    Ok(db.row_opt(SQL, &params).await?.map(|row| JobId(row.get("id"))))
}
