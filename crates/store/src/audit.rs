//! `audit_log`: who changed what, when and why. Rows are only ever added.

use hookyard_domain::ids::{AuditId, WorkspaceId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{Page, PageRequest};
use crate::uuid_time::first_id_of;
use crate::walk::{Param, furthest, walk};
use crate::{Db, StoreError};

/// A change to be recorded, in the transaction that makes it. Holds no secret.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    pub id: AuditId,
    pub workspace: Option<WorkspaceId>,
    /// Who: `cli:<user of the operating system>`.
    pub actor: &'a str,
    /// What was done, such as `source.rotate`.
    pub action: &'a str,
    /// The id of what it was done to.
    pub subject: &'a str,
    /// Why, in the actor's words.
    pub reason: Option<&'a str>,
    pub before: Option<&'a Value>,
    pub after: Option<&'a Value>,
}

/// A recorded change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub struct Entry {
    pub id: AuditId,
    pub at: Timestamp,
    pub workspace: Option<String>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub reason: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Entry {
    fn read(row: &Row) -> Self {
        Self {
            id: AuditId(row.get("id")),
            at: row.get("at"),
            workspace: row.get("workspace"),
            actor: row.get("actor"),
            action: row.get("action"),
            subject: row.get("subject"),
            reason: row.get("reason"),
            before: row.get("before"),
            after: row.get("after"),
        }
    }
}

/// Which changes are listed. Filters narrow each other.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter<'a> {
    pub workspace: Option<WorkspaceId>,
    /// Exactly as the log has it, such as `cli:root`.
    pub actor: Option<&'a str>,
    /// Such as `source.rotate`.
    pub action: Option<&'a str>,
    /// The id of what was changed.
    pub subject: Option<&'a str>,
    /// Only changes made then or later.
    pub since: Option<Timestamp>,
}

/// Records a change.
pub async fn insert(db: &impl Db, entry: &NewEntry<'_>) -> Result<(), StoreError> {
    const SQL: &str = "-- audit::insert
        insert into audit_log (id, workspace_id, actor, action, subject, reason, before, after)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    db.execute(
        SQL,
        &[
            /* id */ &entry.id.0,
            /* workspace */ &entry.workspace.map(|id| id.0),
            /* actor */ &entry.actor,
            /* action */ &entry.action,
            /* subject */ &entry.subject,
            /* reason */ &entry.reason,
            /* before */ &entry.before,
            /* after */ &entry.after,
        ],
    )
    .await?;
    Ok(())
}

/// Records one change of many things at once: each by its subject and what it led to.
pub async fn insert_many(
    db: &impl Db,
    entry: &NewEntry<'_>,
    lines: &[(String, Value)],
) -> Result<(), StoreError> {
    const SQL: &str = "-- audit::insert_many
        insert into audit_log (id, workspace_id, actor, action, subject, reason, before, after)
        select uuid_v7(now()), $1, $2, $3, line.subject, $4, $5, line.after
          from unnest($6::text[], $7::jsonb[]) as line (subject, after)";
    let subjects: Vec<&str> = lines.iter().map(|(subject, _)| subject.as_str()).collect();
    let afters: Vec<&Value> = lines.iter().map(|(_, after)| after).collect();
    db.execute(
        SQL,
        &[
            /* workspace */ &entry.workspace.map(|id| id.0),
            /* actor */ &entry.actor,
            /* action */ &entry.action,
            /* reason */ &entry.reason,
            /* before */ &entry.before,
            /* subjects */ &subjects,
            /* after */ &afters,
        ],
    )
    .await
    .map(drop)
}

/// The last change that led to a sync event or a delivery.
pub async fn that_led_to(db: &impl Db, result: &str) -> Result<Option<Entry>, StoreError> {
    const SQL: &str = "-- audit::that_led_to
        select entry.id, entry.at, workspace.slug as workspace, entry.actor, entry.action, entry.subject,
               entry.reason, entry.before, entry.after
          from audit_log entry
          left join workspace on workspace.id = entry.workspace_id
         where coalesce(entry.after ->> 'syncEventId', entry.after ->> 'subjectId') = $1
           and (entry.after ->> 'syncEventId' is not null or entry.after ->> 'subjectId' is not null)
         order by entry.id desc limit 1";
    Ok(db.row_opt(SQL, &[/* result */ &result]).await?.as_ref().map(Entry::read))
}

// In every statement: $1 before, $2 and $3 since, $4 workspace, $5 actor, $6 action, $7 subject.
macro_rules! matching {
    () => {
        "($3::timestamptz is null or at >= $3) and ($4::uuid is null or workspace_id = $4)
                    and ($5::text is null or actor = $5) and ($6::text is null or action = $6)
                    and ($7::text is null or subject = $7)"
    };
}

macro_rules! looked {
    ($leading:literal) => {
        concat!(
            "select id, at, workspace_id, actor, action, subject from audit_log
                             where ",
            $leading
        )
    };
}

const ALL: &str =
    walk!("audit::ids (all)", matching!(), looked!("id < $1 and (id, id) >= ($2, $2)"), "id desc");

const OF_WORKSPACE: &str = walk!(
    "audit::ids (of a workspace)",
    matching!(),
    looked!("(workspace_id, id) < ($4, $1) and (workspace_id, id) >= ($4, $2)"),
    "workspace_id desc, id desc"
);

const OF_ACTOR: &str = walk!(
    "audit::ids (of an actor)",
    matching!(),
    looked!(
        "(actor, workspace_id, id) < ($5, $4, $1) and (actor, workspace_id, id) >= ($5, $4, $2)"
    ),
    "actor desc, workspace_id desc, id desc"
);

const OF_ACTION: &str = walk!(
    "audit::ids (of an action)",
    matching!(),
    looked!(
        "(action, workspace_id, id) < ($6, $4, $1) and (action, workspace_id, id) >= ($6, $4, $2)"
    ),
    "action desc, workspace_id desc, id desc"
);

const OF_SUBJECT: &str = walk!(
    "audit::ids (of a subject)",
    matching!(),
    looked!("(subject, id) < ($7, $1) and (subject, id) >= ($7, $2)"),
    "subject desc, id desc"
);

/// Changes, newest first.
pub async fn list(
    db: &impl Db,
    filter: AuditFilter<'_>,
    page: PageRequest<AuditId>,
) -> Result<Page<Entry, AuditId>, StoreError> {
    let AuditFilter { actor, action, subject, since, .. } = filter;
    let workspace = filter.workspace.map(|id| id.0);
    let of_workspace = workspace.is_some();
    let candidates = [
        (subject.is_some(), OF_SUBJECT),
        (of_workspace && actor.is_some(), OF_ACTOR),
        (of_workspace && action.is_some(), OF_ACTION),
        (of_workspace, OF_WORKSPACE),
    ];
    let mut leading: Vec<_> =
        candidates.into_iter().filter(|(given, _)| *given).map(|(_, sql)| sql).collect();
    if leading.is_empty() {
        leading.push(ALL);
    }
    let before = page.bound(|id| id.0);
    let floor = since.map_or(Uuid::nil(), first_id_of);
    let params: [Param<'_>; 7] = [
        /* before */ &before, /* floor */ &floor, /* since */ &since,
        /* workspace */ &workspace, /* actor */ &actor, /* action */ &action,
        /* subject */ &subject,
    ];
    let ids = page.cut_walked(furthest(db, &leading, &params).await?, AuditId);
    Ok(Page { items: by_ids(db, &ids.items).await?, next_cursor: ids.next_cursor })
}

async fn by_ids(db: &impl Db, ids: &[Uuid]) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = "-- audit::by_ids
        select entry.id, entry.at, workspace.slug as workspace, entry.actor, entry.action, entry.subject,
               entry.reason, entry.before, entry.after
          from audit_log entry
          left join workspace on workspace.id = entry.workspace_id
         where entry.id = any($1)
         order by entry.id desc";
    let rows = db.rows(SQL, &[/* ids */ &ids]).await?;
    Ok(rows.iter().map(Entry::read).collect())
}
