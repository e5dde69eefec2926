//! `dead_letter`: work that ended for good without success.

use hookyard_domain::ids::{DeadLetterId, DeliveryId, EventId, ReplayId, SyncEventId, WorkspaceId};
use hookyard_domain::job::JobKind;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

mod causes;

pub use causes::{
    CAUSES_MAX, COUNTED_AMONG_MAX, Cause, Counted, LOOKED_MAX, OfCause, Taken, causes, count_of,
    take_of,
};

/// What became of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// A new job was made of it.
    Replayed,
    /// An operator let it be.
    Dropped,
}

impl Settlement {
    /// The one spelling, in SQL and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Dropped => "dropped",
        }
    }
}

/// What the work was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Subject {
    Event(EventId),
    Sync(SyncEventId),
    Delivery(DeliveryId),
    Replay(ReplayId),
}

impl Subject {
    /// What a job of this kind is about.
    pub const fn of(kind: JobKind, id: Uuid) -> Self {
        match kind {
            JobKind::Event => Self::Event(EventId(id)),
            JobKind::Sync => Self::Sync(SyncEventId(id)),
            JobKind::Delivery => Self::Delivery(DeliveryId(id)),
            JobKind::Replay => Self::Replay(ReplayId(id)),
        }
    }

    /// The kind of job that is about this.
    pub const fn kind(self) -> JobKind {
        match self {
            Self::Event(_) => JobKind::Event,
            Self::Sync(_) => JobKind::Sync,
            Self::Delivery(_) => JobKind::Delivery,
            Self::Replay(_) => JobKind::Replay,
        }
    }

    /// The row's id.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Event(id) => id.0,
            Self::Sync(id) => id.0,
            Self::Delivery(id) => id.0,
            Self::Replay(id) => id.0,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(id) => id.fmt(f),
            Self::Sync(id) => id.fmt(f),
            Self::Delivery(id) => id.fmt(f),
            Self::Replay(id) => id.fmt(f),
        }
    }
}

/// A dead letter to be recorded, in the transaction that ends the work.
#[derive(Debug, Clone, Copy)]
pub struct NewDeadLetter<'a> {
    pub id: DeadLetterId,
    pub workspace: Option<WorkspaceId>,
    pub subject: Subject,
    pub reason: &'a str,
    pub error: Option<&'a str>,
}

/// Work that ended for good without success.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub created_at: Timestamp,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: Option<WorkspaceId>,
    pub workspace: Option<String>,
    pub kind: JobKind,
    pub subject_id: Subject,
    pub reason: String,
    pub error: Option<String>,
    pub settled_at: Option<Timestamp>,
    pub settled_how: Option<String>,
}

impl DeadLetter {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let kind: JobKind = row.get::<_, &str>("kind").parse()?;
        Ok(Self {
            id: DeadLetterId(row.get("id")),
            created_at: row.get("created_at"),
            workspace_id: row.get::<_, Option<_>>("workspace_id").map(WorkspaceId),
            workspace: row.get("workspace"),
            kind,
            subject_id: Subject::of(kind, row.get("subject_id")),
            reason: row.get("reason"),
            error: row.get("error"),
            settled_at: row.get("settled_at"),
            settled_how: row.get("settled_how"),
        })
    }
}

/// Records a dead letter, unless an unsettled one tells of the same subject already.
pub async fn insert(db: &impl Db, letter: &NewDeadLetter<'_>) -> Result<bool, StoreError> {
    const SQL: &str = "-- dead_letters::insert
        insert into dead_letter (id, workspace_id, subject_id, kind, reason, error)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (subject_id, kind) where settled_at is null do nothing";
    let inserted = db
        .execute(
            SQL,
            &[
                /* id */ &letter.id.0,
                /* workspace */ &letter.workspace.map(|id| id.0),
                /* subject */ &letter.subject.uuid(),
                /* kind */ &letter.subject.kind().as_str(),
                /* reason */ &letter.reason,
                /* error */ &letter.error,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The dead letter of this id.
pub async fn by_id(db: &impl Db, id: DeadLetterId) -> Result<Option<DeadLetter>, StoreError> {
    const SQL: &str = "-- dead_letters::by_id
        select letter.id, letter.created_at, letter.workspace_id, workspace.slug as workspace, letter.subject_id,
               letter.kind, letter.reason, letter.error, letter.settled_at, letter.settled_how
          from dead_letter letter
          left join workspace on workspace.id = letter.workspace_id
         where letter.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(DeadLetter::read).transpose()
}

/// Dead letters, newest first: the unsettled ones, or `settled` ones as well.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    settled: bool,
    page: PageRequest<DeadLetterId>,
) -> Result<Page<DeadLetter, DeadLetterId>, StoreError> {
    const UNSETTLED: &str = "-- dead_letters::list (unsettled)
        select letter.id, letter.created_at, letter.workspace_id, workspace.slug as workspace, letter.subject_id,
               letter.kind, letter.reason, letter.error, letter.settled_at, letter.settled_how
          from dead_letter letter
          left join workspace on workspace.id = letter.workspace_id
         where letter.id < $1 and letter.settled_at is null
         order by letter.id desc limit 101";
    const ALL: &str = "-- dead_letters::list (all)
        select letter.id, letter.created_at, letter.workspace_id, workspace.slug as workspace, letter.subject_id,
               letter.kind, letter.reason, letter.error, letter.settled_at, letter.settled_how
          from dead_letter letter
          left join workspace on workspace.id = letter.workspace_id
         where letter.id < $1
         order by letter.id desc limit 101";
    const UNSETTLED_OF_WORKSPACE: &str = "-- dead_letters::list (unsettled, of a workspace)
        select letter.id, letter.created_at, letter.workspace_id, workspace.slug as workspace, letter.subject_id,
               letter.kind, letter.reason, letter.error, letter.settled_at, letter.settled_how
          from dead_letter letter
          left join workspace on workspace.id = letter.workspace_id
         where letter.id < $1 and letter.workspace_id = $2 and letter.settled_at is null
         order by letter.id desc limit 101";
    const OF_WORKSPACE: &str = "-- dead_letters::list (of a workspace)
        select letter.id, letter.created_at, letter.workspace_id, workspace.slug as workspace, letter.subject_id,
               letter.kind, letter.reason, letter.error, letter.settled_at, letter.settled_how
          from dead_letter letter
          left join workspace on workspace.id = letter.workspace_id
         where letter.id < $1 and letter.workspace_id = $2
         order by letter.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match (workspace, settled) {
        (None, false) => db.rows(UNSETTLED, &[/* before */ &before]).await?,
        (None, true) => db.rows(ALL, &[/* before */ &before]).await?,
        (Some(id), _) => {
            let sql = if settled { OF_WORKSPACE } else { UNSETTLED_OF_WORKSPACE };
            db.rows(sql, &[/* before */ &before, /* workspace */ &id.0]).await?
        }
    };
    let items = rows.iter().map(DeadLetter::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// Settles a dead letter. False if it was settled before, or is not there.
pub async fn settle(db: &impl Db, id: DeadLetterId, how: Settlement) -> Result<bool, StoreError> {
    const SQL: &str = "-- dead_letters::settle
        update dead_letter set settled_at = now(), settled_how = $2 where id = $1 and settled_at is null";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* how */ &how.as_str()]).await? == 1)
}
