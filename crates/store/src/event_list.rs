//! Reading `event`: what happened.
//!
//! A list first finds the ids of its page by the statement of its strongest filter, then reads those rows.

use hookyard_domain::event::{EventOutcome, Origin};
use hookyard_domain::ids::{EventId, SourceId, WorkspaceId};
use hookyard_domain::job::JobState;
use hookyard_domain::provider::Provider;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{Page, PageRequest};
use crate::sync_event_list::BodyState;
use crate::{Db, StoreError};

mod pages;

/// Which events are listed. Filters narrow each other.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Those that concern this workspace.
    pub workspace: Option<WorkspaceId>,
    pub source: Option<SourceId>,
    pub event_type: Option<String>,
    pub outcome: Option<EventOutcome>,
    /// What the provider calls the delivery.
    pub delivery_id: Option<String>,
    /// Those received then or later.
    pub since: Option<Timestamp>,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub id: EventId,
    pub received_at: Timestamp,
    pub event_type: String,
    pub origin: Origin,
    pub source_id: Option<SourceId>,
    /// The slug of the source.
    pub source: Option<String>,
    pub provider: Option<Provider>,
    /// The owner of the source; none for the deployment's.
    pub workspace: Option<String>,
    pub delivery_id: Option<String>,
    pub repository: Option<String>,
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    pub head_sha: Option<String>,
    /// None: done, or not yet (see `job`).
    pub outcome: Option<EventOutcome>,
    pub reason: Option<String>,
    pub body_bytes: i32,
    /// Where its job stands, while it has one.
    pub job: Option<JobState>,
}

impl Event {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: EventId(row.get("id")),
            received_at: row.get("received_at"),
            event_type: row.get("type"),
            origin: row.get::<_, &str>("origin").parse()?,
            source_id: row.get::<_, Option<_>>("source_id").map(SourceId),
            source: row.get("source"),
            provider: row.get::<_, Option<&str>>("provider").map(str::parse).transpose()?,
            workspace: row.get("workspace"),
            delivery_id: row.get("provider_delivery_id"),
            repository: row.get("repository"),
            git_ref: row.get("git_ref"),
            head_sha: row.get("head_sha"),
            outcome: row.get::<_, Option<&str>>("outcome").map(str::parse).transpose()?,
            reason: row.get("reason"),
            body_bytes: row.get("body_bytes"),
            job: row.get::<_, Option<&str>>("job").map(str::parse).transpose()?,
        })
    }
}

/// What is known of one event beyond its line in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventDetail {
    #[serde(flatten)]
    pub event: Event,
    pub hook_id: Option<String>,
    pub installation_id: Option<i64>,
    pub repository_id: Option<i64>,
    pub before_sha: Option<String>,
    /// The event that this one repeats.
    pub repeats: Option<EventId>,
    pub content_type: Option<String>,
    pub headers: Option<Value>,
    pub body: BodyState,
    pub redacted_at: Option<Timestamp>,
    /// The workspaces that it concerns.
    pub workspaces: Vec<String>,
}

/// Events, newest first.
pub async fn list(
    db: &impl Db,
    filter: &EventFilter,
    page: PageRequest<EventId>,
) -> Result<Page<Event, EventId>, StoreError> {
    let ids = pages::ids(db, filter, page.bound(|id| id.0)).await?;
    let ids = page.cut_walked(ids, EventId);
    Ok(Page { items: by_ids(db, &ids.items).await?, next_cursor: ids.next_cursor })
}

async fn by_ids(db: &impl Db, ids: &[Uuid]) -> Result<Vec<Event>, StoreError> {
    const SQL: &str = "-- event_list::by_ids
        select event.id, event.received_at, event.type, event.origin, event.source_id, source.slug as source,
               source.provider, workspace.slug as workspace, event.provider_delivery_id, event.repository,
               event.git_ref, event.head_sha, event.outcome, event.reason, event.body_bytes, job.state as job
          from event
          left join source on source.id = event.source_id
          left join workspace on workspace.id = event.workspace_id
          left join job on job.subject_id = event.id and job.kind = 'event'
         where event.id = any($1)
         order by event.id desc";
    let rows = db.rows(SQL, &[/* ids */ &ids]).await?;
    rows.iter().map(Event::read).collect()
}

/// All that is known of an event but its body.
pub async fn detail(db: &impl Db, id: EventId) -> Result<Option<EventDetail>, StoreError> {
    const SQL: &str = "-- event_list::detail
        select hook_id, installation_id, repository_id, before_sha, repeats, content_type, headers, redacted_at,
               body is not null as stored,
               array(select workspace.slug
                       from event_workspace concerned
                       join workspace on workspace.id = concerned.workspace_id
                      where concerned.event_id = event.id
                      order by workspace.slug) as workspaces
          from event where id = $1";
    let Some(event) = by_ids(db, &[id.0]).await?.pop() else { return Ok(None) };
    let Some(row) = db.row_opt(SQL, &[/* id */ &id.0]).await? else { return Ok(None) };
    let redacted_at: Option<Timestamp> = row.get("redacted_at");
    Ok(Some(EventDetail {
        event,
        hook_id: row.get("hook_id"),
        installation_id: row.get("installation_id"),
        repository_id: row.get("repository_id"),
        before_sha: row.get("before_sha"),
        repeats: row.get::<_, Option<_>>("repeats").map(EventId),
        content_type: row.get("content_type"),
        headers: row.get("headers"),
        body: BodyState::of(row.get("stored"), redacted_at.is_some()),
        redacted_at,
        workspaces: row.get("workspaces"),
    }))
}

/// The stored body of an event: none when it is redacted or expired.
pub async fn body(db: &impl Db, id: EventId) -> Result<Option<Vec<u8>>, StoreError> {
    const SQL: &str = "-- event_list::body
        select body from event where id = $1";
    Ok(db.row_opt(SQL, &[/* id */ &id.0]).await?.and_then(|row| row.get("body")))
}
