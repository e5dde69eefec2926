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

/// Changes, newest first.
pub async fn list(
    db: &impl Db,
    filter: AuditFilter<'_>,
    page: PageRequest<AuditId>,
) -> Result<Page<Entry, AuditId>, StoreError> {
    // The leading filter walks an index that is already in the list's order; the others only look at what it meets.
    // They are written so that a planner which does not know their values expects enough to walk on.
    macro_rules! changes {
        ($name:literal, $leading:literal) => {
            concat!(
                "-- audit::list (",
                $name,
                ")
        select entry.id, entry.at, workspace.slug as workspace, entry.actor, entry.action, entry.subject,
               entry.reason, entry.before, entry.after
          from audit_log entry
          left join workspace on workspace.id = entry.workspace_id
         where ",
                $leading,
                " entry.id < $1 and (entry.id, entry.id) >= ($2, $2)
           and coalesce(entry.at >= $3, true) and coalesce(entry.workspace_id = $4, $4 is null)
           and coalesce(entry.actor = $5, true) and coalesce(entry.action = $6, true)
           and coalesce(entry.subject = $7, true)
         order by entry.id desc limit 101"
            )
        };
    }
    const ALL: &str = changes!("all", "");
    const OF_WORKSPACE: &str = changes!("of a workspace", "entry.workspace_id = $4 and");
    const OF_ACTOR: &str =
        changes!("of an actor", "entry.workspace_id = $4 and entry.actor = $5 and");
    const OF_ACTION: &str =
        changes!("of an action", "entry.workspace_id = $4 and entry.action = $6 and");
    const OF_SUBJECT: &str = changes!("of a subject", "entry.subject = $7 and");
    let AuditFilter { actor, action, subject, since, .. } = filter;
    let workspace = filter.workspace.map(|id| id.0);
    let sql = match (subject, workspace, actor, action) {
        (Some(_), ..) => OF_SUBJECT,
        (None, Some(_), Some(_), _) => OF_ACTOR,
        (None, Some(_), None, Some(_)) => OF_ACTION,
        (None, Some(_), None, None) => OF_WORKSPACE,
        (None, None, ..) => ALL,
    };
    let before = page.bound(|id| id.0);
    let floor = since.map_or(Uuid::nil(), first_id_of);
    let rows = db
        .rows(
            sql,
            &[
                /* before */ &before, /* floor */ &floor, /* since */ &since,
                /* workspace */ &workspace, /* actor */ &actor,
                /* action */ &action, /* subject */ &subject,
            ],
        )
        .await?;
    Ok(page.cut(rows.iter().map(Entry::read).collect(), |item| item.id))
}
