//! What `doctor` asks the database: is everything in place, and does all work move.

use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::ids::{ConnectionId, SourceId, SyncEventId, TargetId};
use jiff::Timestamp;
use serde::Serialize;

use crate::{Db, StoreError};

/// The most rows that are counted: beyond it a number helps nobody.
pub const COUNT_MAX: i64 = 10_000;

/// A right that a role has and should not, or lacks and needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRight {
    pub role: String,
    pub table: String,
    /// `select`, `insert`, `update` or `delete`.
    pub right: String,
    /// Whether the role should have it.
    pub wanted: bool,
}

/// Jobs that nobody looks at although it is time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StuckJobs {
    /// Ready or scheduled, and overdue by more than five minutes. At most [`COUNT_MAX`] are counted.
    pub ready: i64,
    /// Leased, by leases that ended more than two minutes ago. At most [`COUNT_MAX`] are counted.
    pub leased: i64,
}

/// The database's clock.
pub async fn now(db: &impl Db) -> Result<Timestamp, StoreError> {
    const SQL: &str = "-- doctor::now
        select clock_timestamp() as now";
    Ok(db.row(SQL, &[]).await?.get("now"))
}

/// Which of these roles are missing.
pub async fn missing_roles(db: &impl Db, roles: &[&str]) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "-- doctor::missing_roles
        select name from unnest($1::text[]) name
         where not exists (select from pg_roles where rolname = name and rolcanlogin)";
    let rows = db.rows(SQL, &[/* roles */ &roles]).await?;
    Ok(rows.iter().map(|row| row.get("name")).collect())
}

/// The rights that matter most, where they are not as they should be. The roles must exist.
pub async fn wrong_rights(db: &impl Db) -> Result<Vec<WrongRight>, StoreError> {
    const SQL: &str = "-- doctor::wrong_rights
        select role, name, privilege, wanted
          from (values ('hookyard_ingress', 'source', 'select', true),
                       ('hookyard_ingress', 'source_secret', 'select', true),
                       ('hookyard_ingress', 'event', 'insert', true),
                       ('hookyard_ingress', 'event_workspace', 'insert', true),
                       ('hookyard_ingress', 'dedupe', 'insert', true),
                       ('hookyard_ingress', 'sync_event', 'insert', true),
                       ('hookyard_ingress', 'job', 'insert', true),
                       ('hookyard_ingress', 'github_app', 'select', false),
                       ('hookyard_ingress', 'blob', 'select', false),
                       ('hookyard_ingress', 'config_object', 'select', false),
                       ('hookyard_ingress', 'audit_log', 'select', false),
                       ('hookyard_ingress', 'connection', 'select', false),
                       ('hookyard_ingress', 'oauth_client', 'select', false),
                       ('hookyard_ingress', 'event', 'delete', false),
                       ('hookyard_ingress', 'job', 'delete', false),
                       ('hookyard_worker', 'github_app', 'select', true),
                       ('hookyard_worker', 'job', 'update', true),
                       ('hookyard_worker', 'job', 'delete', true),
                       ('hookyard_worker', 'sync_event', 'update', true),
                       ('hookyard_worker', 'config_object', 'insert', true),
                       ('hookyard_worker', 'blob', 'insert', true),
                       ('hookyard_worker', 'connection', 'select', true),
                       ('hookyard_worker', 'delivery', 'update', true),
                       ('hookyard_worker', 'attempt', 'insert', true),
                       ('hookyard_worker', 'source_secret', 'select', false),
                       ('hookyard_worker', 'token', 'select', false),
                       ('hookyard_worker', 'github_app', 'update', false),
                       ('hookyard_admin', 'source_secret', 'insert', true),
                       ('hookyard_admin', 'github_app', 'update', true),
                       ('hookyard_admin', 'audit_log', 'insert', true),
                       ('hookyard_admin', 'audit_log', 'update', false),
                       ('hookyard_admin', 'audit_log', 'delete', false)) expected(role, name, privilege, wanted)
         where has_table_privilege(role, name, privilege) <> wanted";
    let rows = db.rows(SQL, &[]).await?;
    let read = |row: &tokio_postgres::Row| WrongRight {
        role: row.get("role"),
        table: row.get("name"),
        right: row.get("privilege"),
        wanted: row.get("wanted"),
    };
    Ok(rows.iter().map(read).collect())
}

/// Jobs that nobody looks at although it is time.
pub async fn stuck_jobs(db: &impl Db) -> Result<StuckJobs, StoreError> {
    const SQL: &str = "-- doctor::stuck_jobs
        select (select count(*) from ((select from job where state = 'ready' and kind in ('event', 'sync', 'delivery', 'replay') and due_at < now() - interval '5 minutes'
                                        limit 10000)
                                      union all
                                      (select from job where state = 'scheduled' and due_at < now() - interval '5 minutes'
                                        limit 10000)) waiting) as ready,
               (select count(*) from (select from job where state = 'leased' and due_at < now() - interval '2 minutes'
                                       limit 10000) leased) as leased";
    let row = db.row(SQL, &[]).await?;
    Ok(StuckJobs { ready: row.get("ready"), leased: row.get("leased") })
}

/// Up to ten unfinished sync events that no job will finish, among the 5,000 oldest of a status.
pub async fn syncs_without_job(db: &impl Db) -> Result<Vec<SyncEventId>, StoreError> {
    const SQL: &str = "-- doctor::syncs_without_job
        select id
          from ((select id from sync_event where status = 'queued' order by id limit 5000)
                union all
                (select id from sync_event where status = 'running' order by id limit 5000)) unfinished
         where not exists (select from job where subject_id = unfinished.id and kind = 'sync' offset 0)
         limit 10";
    let rows = db.rows(SQL, &[]).await?;
    Ok(rows.iter().map(|row| SyncEventId(row.get("id"))).collect())
}

/// Up to ten sources that are on and have no valid secret, among the 10,000 newest.
pub async fn sources_without_secret(db: &impl Db) -> Result<Vec<SourceId>, StoreError> {
    const SQL: &str = "-- doctor::sources_without_secret
        select id
          from (select id from source where disabled_at is null order by id desc limit 10000) enabled
         where not exists (select from source_secret
                            where source_id = enabled.id and (expires_at is null or expires_at > now()) offset 0)
         limit 10";
    let rows = db.rows(SQL, &[]).await?;
    Ok(rows.iter().map(|row| SourceId(row.get("id"))).collect())
}

/// Up to ten targets that wait for an operator's word.
pub async fn targets_to_confirm(db: &impl Db) -> Result<Vec<TargetId>, StoreError> {
    const SQL: &str = "-- doctor::targets_to_confirm
        select id from connector_target where status = 'needs_confirmation' order by id limit 10";
    let rows = db.rows(SQL, &[]).await?;
    Ok(rows.iter().map(|row| TargetId(row.get("id"))).collect())
}

/// How many dead letters are not settled. At most [`COUNT_MAX`] are counted.
pub async fn open_dead_letters(db: &impl Db) -> Result<i64, StoreError> {
    const SQL: &str = "-- doctor::open_dead_letters
        select count(*) as count from (select from dead_letter where settled_at is null limit 10000) open";
    Ok(db.row(SQL, &[]).await?.get("count"))
}

/// How many queue messages were rejected within a day. At most [`COUNT_MAX`] are counted.
pub async fn rejected_lately(db: &impl Db) -> Result<i64, StoreError> {
    // Ids begin with their time.
    const SQL: &str = "-- doctor::rejected_lately
        select count(*) as count
          from (select from rejected_message
                 where id >= (select uuid_v7(now() - interval '1 day')) and received_at >= now() - interval '1 day'
                 limit 10000) lately";
    Ok(db.row(SQL, &[]).await?.get("count"))
}

/// A receiver whose deliveries wait for a free place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLane {
    /// Workspace and receiver, such as `acme default (slack)`.
    pub receiver: String,
    /// How many wait. Of all lanes at most [`COUNT_MAX`] are counted.
    pub parked: i64,
    /// How long the first of them has waited, in milliseconds.
    pub oldest_ms: i64,
}

/// Up to ten receivers that most deliveries wait for.
pub async fn waiting_lanes(db: &impl Db) -> Result<Vec<WaitingLane>, StoreError> {
    const SQL: &str = "-- doctor::waiting_lanes
        select concat_ws(' ', workspace.slug,
                         coalesce(connection.name || ' (' || connection.kind || ')', client.name, 'a removed receiver'))
                 as receiver,
               lane.parked, (extract(epoch from now() - lane.oldest) * 1000)::int8 as oldest_ms
          from (select workspace_id, lane_id, count(*) as parked, min(due_at) as oldest
                  from (select workspace_id, lane_id, due_at from job where state = 'parked'
                         order by workspace_id, lane_id, subject_id limit 10000) parked
                 group by workspace_id, lane_id order by parked desc limit 10) lane
          left join workspace on workspace.id = lane.workspace_id
          left join connection on connection.id = lane.lane_id
          left join oauth_client client on client.id = lane.lane_id
         order by lane.parked desc";
    let rows = db.rows(SQL, &[]).await?;
    let read = |row: &tokio_postgres::Row| WaitingLane {
        receiver: row.get("receiver"),
        parked: row.get("parked"),
        oldest_ms: row.get("oldest_ms"),
    };
    Ok(rows.iter().map(read).collect())
}

/// A connection that does not do what it is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IllConnection {
    pub id: ConnectionId,
    pub status: ConnectionStatus,
}

/// Up to ten connections that are disabled, ask for somebody to act, or do nothing but fail.
pub async fn ill_connections(db: &impl Db) -> Result<Vec<IllConnection>, StoreError> {
    const SQL: &str = "-- doctor::ill_connections
        select id, status from connection where status in ('disabled', 'action_needed', 'error') order by id limit 10";
    let rows = db.rows(SQL, &[]).await?;
    let read = |row: &tokio_postgres::Row| {
        let status = row.get::<_, &str>("status").parse()?;
        Ok(IllConnection { id: ConnectionId(row.get("id")), status })
    };
    rows.iter().map(read).collect()
}
