//! Hookyard's own events: recorded in the transaction that causes them.

use hookyard_domain::ids::{EventId, WorkspaceId};
use hookyard_domain::system_event::{NO_SUBSCRIBER, SystemEvent};
use serde_json::Value;

use crate::{Db, StoreError, Tx};

/// Records that something happened in a workspace; `data` is the event's body.
///
/// If somebody wants it, it has a job, which is due at once: the next sweep sends it on. Otherwise it is on record as
/// ignored. `data` names no secret.
pub async fn raise(
    tx: &Tx<'_>,
    workspace: WorkspaceId,
    event: SystemEvent,
    data: &Value,
) -> Result<EventId, StoreError> {
    const SQL: &str = "-- system_events::raise
        with wanted as materialized (
            select exists (select from subscription
                            where workspace_id = $1 and status = 'active' and wants_event(event_types, $2))
                or $2 = 'integration.connected'
                   and exists (select from oauth_client where workspace_id = $1 and status = 'active') as wanted
        ), event as (
            insert into event (id, workspace_id, origin, type, outcome, reason, content_type, body, body_bytes)
            select uuid_v7(now()), $1, 'system', $2, case when not wanted then 'ignored' end,
                   case when not wanted then $4 end, 'application/json', $3::bytea,
                   length($3::bytea)
              from wanted
         returning id, outcome
        ), concerned as (
            insert into event_workspace (workspace_id, event_id) select $1, id from event
        ), queued as (
            insert into job (subject_id, workspace_id, kind, state, due_at)
            select id, $1, 'event', 'scheduled', now() from event where outcome is null
        )
        select id from event";
    let body = data.to_string().into_bytes();
    let row = tx
        .row(
            SQL,
            &[
                /* workspace */ &workspace.0,
                /* type */ &event.as_str(),
                /* body */ &body,
                /* reason */ &NO_SUBSCRIBER,
            ],
        )
        .await?;
    Ok(EventId(row.get("id")))
}

/// Whether an active subscription of the workspace wants such an event: what happens often is not even recorded
/// when nobody does.
pub async fn is_wanted(
    db: &impl Db,
    workspace: WorkspaceId,
    event: SystemEvent,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- system_events::is_wanted
        select exists (select from subscription
                        where workspace_id = $1 and status = 'active' and wants_event(event_types, $2)) as wanted";
    let row = db.row(SQL, &[/* workspace */ &workspace.0, /* type */ &event.as_str()]).await?;
    Ok(row.get("wanted"))
}
