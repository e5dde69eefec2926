//! `connection`: stored credentials for the external systems that are told of events.

use hookyard_domain::connection::{ConnectionKind, ConnectionStatus, Name};
use hookyard_domain::ids::{ConnectionId, WorkspaceId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::delivery_jobs::Lane;
use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError, Tx, deliveries};

/// The table and the column, as the sealed values are bound to them.
pub const TABLE: &str = "connection";
pub const COLUMN: &str = "sealed";

/// A connection to be added, or whose credentials are replaced. Its id is part of what they are sealed for.
#[derive(Debug, Clone)]
pub struct Credentials<'a> {
    pub id: ConnectionId,
    pub sealed: &'a [u8],
    /// What may be shown of them.
    pub metadata: &'a Value,
    /// Who connected it, in the caller's words.
    pub user_id: Option<&'a str>,
}

/// Stored credentials for one external system; they are never part of this.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub id: ConnectionId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub kind: ConnectionKind,
    pub name: String,
    pub status: ConnectionStatus,
    pub metadata: Value,
    pub user_id: Option<String>,
    pub concurrency_max: i32,
    /// The most calls in a second; none: as many as there are places for.
    pub rate_per_s: Option<f32>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_tested_at: Option<Timestamp>,
    pub last_triggered_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Since when it has done nothing but fail.
    pub failing_since: Option<Timestamp>,
}

impl Connection {
    /// Where its deliveries wait.
    pub fn lane(&self) -> Lane {
        Lane { workspace: self.workspace_id, receiver: self.id.0 }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ConnectionId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            kind: row.get::<_, &str>("kind").parse()?,
            name: row.get("name"),
            status: row.get::<_, &str>("status").parse()?,
            metadata: row.get("metadata"),
            user_id: row.get("user_id"),
            concurrency_max: row.get("concurrency_max"),
            rate_per_s: row.get("rate_per_s"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            last_tested_at: row.get("last_tested_at"),
            last_triggered_at: row.get("last_triggered_at"),
            last_error: row.get("last_error"),
            failing_since: row.get("failing_since"),
        })
    }
}

/// Adds a connection, which was just tested. False if the workspace has one of this kind and name.
pub async fn insert(
    db: &impl Db,
    workspace: WorkspaceId,
    kind: ConnectionKind,
    name: &Name,
    credentials: &Credentials<'_>,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- connections::insert
        insert into connection (id, workspace_id, kind, name, status, sealed, metadata, user_id, last_tested_at)
        values ($1, $2, $3, $4, 'connected', $5, $6, $7, now())
        on conflict (workspace_id, kind, name) do nothing";
    let inserted = db
        .execute(
            SQL,
            &[
                /* id */ &credentials.id.0,
                /* workspace */ &workspace.0,
                /* kind */ &kind.as_str(),
                /* name */ &name.as_str(),
                /* sealed */ &credentials.sealed,
                /* metadata */ &credentials.metadata,
                /* user */ &credentials.user_id,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Puts new credentials, which were just tested, in the place of the old ones and activates the connection.
pub async fn reconnect(db: &impl Db, credentials: &Credentials<'_>) -> Result<bool, StoreError> {
    const SQL: &str = "-- connections::reconnect
        update connection
           set status = 'connected', sealed = $2, metadata = $3, user_id = coalesce($4, user_id), updated_at = now(),
               last_tested_at = now(), last_error = null, failing_since = null
         where id = $1";
    let changed = db
        .execute(
            SQL,
            &[
                /* id */ &credentials.id.0,
                /* sealed */ &credentials.sealed,
                /* metadata */ &credentials.metadata,
                /* user */ &credentials.user_id,
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Locks a connection for the rest of the transaction, so that what is read of it next still holds at the change.
pub async fn lock(tx: &Tx<'_>, id: ConnectionId) -> Result<(), StoreError> {
    const SQL: &str = "-- connections::lock
        select 1 as held from connection where id = $1 for no key update";
    tx.row_opt(SQL, &[/* id */ &id.0]).await.map(drop)
}

/// The connection of this id.
pub async fn by_id(db: &impl Db, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
    const SQL: &str = "-- connections::by_id
        select connection.id, connection.workspace_id, workspace.slug as workspace, connection.kind, connection.name,
               connection.status, connection.metadata, connection.user_id, connection.concurrency_max,
               connection.rate_per_s, connection.created_at, connection.updated_at, connection.last_tested_at,
               connection.last_triggered_at, connection.last_error, connection.failing_since
          from connection join workspace on workspace.id = connection.workspace_id
         where connection.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Connection::read).transpose()
}

/// The workspace's connection of this kind and name.
pub async fn by_name(
    db: &impl Db,
    workspace: WorkspaceId,
    kind: ConnectionKind,
    name: &Name,
) -> Result<Option<Connection>, StoreError> {
    const SQL: &str = "-- connections::by_name
        select connection.id, connection.workspace_id, workspace.slug as workspace, connection.kind, connection.name,
               connection.status, connection.metadata, connection.user_id, connection.concurrency_max,
               connection.rate_per_s, connection.created_at, connection.updated_at, connection.last_tested_at,
               connection.last_triggered_at, connection.last_error, connection.failing_since
          from connection join workspace on workspace.id = connection.workspace_id
         where connection.workspace_id = $1 and connection.kind = $2 and connection.name = $3";
    let row = db
        .row_opt(
            SQL,
            &[
                /* workspace */ &workspace.0,
                /* kind */ &kind.as_str(),
                /* name */ &name.as_str(),
            ],
        )
        .await?;
    row.as_ref().map(Connection::read).transpose()
}

/// The connections of one workspace, or all, newest first.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<ConnectionId>,
) -> Result<Page<Connection, ConnectionId>, StoreError> {
    const ALL: &str = "-- connections::list (all)
        select connection.id, connection.workspace_id, workspace.slug as workspace, connection.kind, connection.name,
               connection.status, connection.metadata, connection.user_id, connection.concurrency_max,
               connection.rate_per_s, connection.created_at, connection.updated_at, connection.last_tested_at,
               connection.last_triggered_at, connection.last_error, connection.failing_since
          from connection join workspace on workspace.id = connection.workspace_id
         where connection.id < $1
         order by connection.id desc limit 101";
    const OF_WORKSPACE: &str = "-- connections::list (of a workspace)
        select connection.id, connection.workspace_id, workspace.slug as workspace, connection.kind, connection.name,
               connection.status, connection.metadata, connection.user_id, connection.concurrency_max,
               connection.rate_per_s, connection.created_at, connection.updated_at, connection.last_tested_at,
               connection.last_triggered_at, connection.last_error, connection.failing_since
          from connection join workspace on workspace.id = connection.workspace_id
         where connection.id < $1 and connection.workspace_id = $2
         order by connection.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(Connection::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// The sealed credentials: none when it is disconnected, or not there.
pub async fn sealed(db: &impl Db, id: ConnectionId) -> Result<Option<Vec<u8>>, StoreError> {
    const SQL: &str = "-- connections::sealed
        select sealed from connection where id = $1";
    Ok(db.row_opt(SQL, &[/* id */ &id.0]).await?.and_then(|row| row.get("sealed")))
}

/// Up to 500 connections that have credentials in the order of their ids, those after `after`.
pub async fn sealed_after(
    db: &impl Db,
    after: Uuid,
) -> Result<Vec<(ConnectionId, Vec<u8>)>, StoreError> {
    const SQL: &str = "-- connections::sealed_after
        select id, sealed from connection where id > $1 and sealed is not null order by id limit 500";
    let rows = db.rows(SQL, &[/* after */ &after]).await?;
    Ok(rows.iter().map(|row| (ConnectionId(row.get("id")), row.get("sealed"))).collect())
}

/// Puts newly sealed bytes in the place of the old ones. False if somebody changed or removed those meanwhile.
pub async fn replace_sealed(
    db: &impl Db,
    id: ConnectionId,
    old: &[u8],
    new: &[u8],
) -> Result<bool, StoreError> {
    const SQL: &str = "-- connections::replace_sealed
        update connection set sealed = $3, updated_at = now() where id = $1 and sealed = $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* old */ &old, /* new */ &new]).await? == 1)
}

/// How a test call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedTest<'a> {
    pub error: &'a str,
    /// Whether the next call may succeed as things are.
    pub in_passing: bool,
}

/// Writes how a test went. One that failed for good asks for somebody to act, one that failed in passing stops nothing,
/// a good one ends both; a connection that is disabled stays so.
pub async fn record_test(
    db: &impl Db,
    id: ConnectionId,
    failed: Option<FailedTest<'_>>,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- connections::record_test
        update connection
           set last_tested_at = now(), last_error = $2,
               failing_since = case when $2::text is null then null else failing_since end,
               status = case when status in ('disabled', 'disconnected') then status
                             when $2::text is null then 'connected'
                             when not $3 then 'action_needed'
                             when status = 'connected' then 'error'
                             else status end
         where id = $1";
    let error = failed.map(|it| it.error);
    let in_passing = failed.is_some_and(|it| it.in_passing);
    let changed = db
        .execute(SQL, &[/* id */ &id.0, /* error */ &error, /* in passing */ &in_passing])
        .await?;
    Ok(changed == 1)
}

/// Switches a connection that was disabled, or needs somebody to act, on again. False if there was nothing to change.
pub async fn enable(db: &impl Db, id: ConnectionId) -> Result<bool, StoreError> {
    const SQL: &str = "-- connections::enable
        update connection
           set status = 'connected', updated_at = now(), last_error = null, failing_since = null
         where id = $1 and status in ('disabled', 'action_needed', 'error')";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}

/// Switches a connection off by hand: nothing is sent until it is enabled. False if there was nothing to change.
pub async fn disable(db: &impl Db, id: ConnectionId) -> Result<bool, StoreError> {
    const SQL: &str = "-- connections::disable
        update connection set status = 'disabled', updated_at = now()
         where id = $1 and status not in ('disabled', 'disconnected')";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}

/// The constraint that refuses a second connection of a kind and name.
pub const NAME_TAKEN: &str = "connection_workspace_id_kind_name_key";

/// Renames a connection; fails with the constraint [`NAME_TAKEN`] if the workspace has another of this kind and name.
pub async fn rename(db: &impl Db, id: ConnectionId, name: &Name) -> Result<bool, StoreError> {
    const SQL: &str = "-- connections::rename
        update connection set name = $2, updated_at = now() where id = $1 and name <> $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* name */ &name.as_str()]).await? == 1)
}

/// Sets how many calls may be under way at once, and how many may begin in a second.
pub async fn set_limits(
    db: &impl Db,
    id: ConnectionId,
    concurrency_max: i32,
    rate_per_s: Option<f32>,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- connections::set_limits
        update connection set concurrency_max = $2, rate_per_s = $3, updated_at = now() where id = $1";
    let changed = db
        .execute(
            SQL,
            &[
                /* id */ &id.0,
                /* concurrency */ &concurrency_max,
                /* rate */ &rate_per_s,
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Forgets a connection's credentials and calls off what waits for it; returns how many deliveries that were, or none
/// if it was disconnected already. The history stays.
pub async fn disconnect(tx: &Tx<'_>, connection: &Connection) -> Result<Option<u64>, StoreError> {
    const SQL: &str = "-- connections::disconnect
        update connection
           set status = 'disconnected', sealed = null, updated_at = now(), last_error = null, failing_since = null
         where id = $1 and status <> 'disconnected'";
    // Jobs before connections, as who records tries.
    let cancelled =
        deliveries::cancel_waiting(tx, connection.lane(), "the connection was disconnected")
            .await?;
    let changed = tx.execute(SQL, &[/* id */ &connection.id.0]).await?;
    Ok((changed == 1).then_some(cancelled))
}
