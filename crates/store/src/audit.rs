//! `audit_log`: who changed what, when and why. Rows are only ever added.

use hookyard_domain::ids::{AuditId, WorkspaceId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
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

/// Whose changes are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter<'a> {
    pub workspace: Option<WorkspaceId>,
    pub subject: Option<&'a str>,
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
    const ALL: &str = "-- audit::list (all)
        select entry.id, entry.at, workspace.slug as workspace, entry.actor, entry.action, entry.subject,
               entry.reason, entry.before, entry.after
          from audit_log entry
          left join workspace on workspace.id = entry.workspace_id
         where entry.id < $1
         order by entry.id desc limit 101";
    const OF_WORKSPACE: &str = "-- audit::list (of a workspace)
        select entry.id, entry.at, workspace.slug as workspace, entry.actor, entry.action, entry.subject,
               entry.reason, entry.before, entry.after
          from audit_log entry
          left join workspace on workspace.id = entry.workspace_id
         where entry.id < $1 and entry.workspace_id = $2
         order by entry.id desc limit 101";
    const OF_SUBJECT: &str = "-- audit::list (of a subject)
        select entry.id, entry.at, workspace.slug as workspace, entry.actor, entry.action, entry.subject,
               entry.reason, entry.before, entry.after
          from audit_log entry
          left join workspace on workspace.id = entry.workspace_id
         where entry.id < $1 and entry.subject = $2 and ($3::uuid is null or entry.workspace_id = $3)
         order by entry.id desc limit 101";
    let before = page.bound(|id| id.0);
    let workspace = filter.workspace.map(|id| id.0);
    let rows = match (filter.subject, workspace) {
        (None, None) => db.rows(ALL, &[/* before */ &before]).await?,
        (None, Some(id)) => {
            db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id]).await?
        }
        (Some(subject), _) => {
            db.rows(
                OF_SUBJECT,
                &[
                    /* before */ &before, /* subject */ &subject,
                    /* workspace */ &workspace,
                ],
            )
            .await?
        }
    };
    Ok(page.cut(rows.iter().map(Entry::read).collect(), |item| item.id))
}
