//! Lists as files: what a page shows, with its filters, from its first row on.
//!
//! Every list has its own page's parameters. Where a page begins and what keeps it up to date is no part of a file.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use hookyard_domain::config_object::{ObjectStatus, ObjectType};
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{ConnectionId, EventId, SourceId, TargetId};
use hookyard_domain::sync_event::SyncStatus;
use hookyard_store::config_object_list::ConfigObjectFilter;
use hookyard_store::delivery_list::DeliveryFilter;
use hookyard_store::event_list::EventFilter;
use hookyard_store::sync_event_list::{Search, SyncEventFilter};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::audit;
use super::since::begins_at;
use crate::App;
use crate::access::{Asked, Need};
use crate::api::{Commas, download, format_of};
use crate::console::answer::{Answer, protected};
use crate::console::components::query::Query;
use crate::console::components::text::grouped;
use crate::console::frame::Viewer;
use crate::console::visit::InQuery;
use crate::operations::OperationError;
use crate::operations::export::{ROWS_MAX, lists};
use crate::routes::Routes;

/// What a script compares its number of rows with: as many may be not all.
const ROWS_MAX_HEADER: HeaderName = HeaderName::from_static("x-hookyard-rows-max");

/// The files.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/export/sync-events/{format}", Need::Member, sync_events)
        .page("/w/{slug}/export/events/{format}", Need::Admin, events)
        .page("/w/{slug}/export/deliveries/{format}", Need::Member, deliveries)
        .page("/w/{slug}/export/dead-letters/{format}", Need::Admin, dead_letters)
        .page("/w/{slug}/export/audit-log/{format}", Need::Admin, audit_log)
        .page("/w/{slug}/export/config-objects/{format}", Need::Member, config_objects)
}

/// The links at the foot of a list: the list named `noun`, narrowed by its page's query.
pub(in crate::console) fn links(viewer: &Viewer, noun: &str, query: &Query) -> Markup {
    let query = query.without("after");
    let href = |format: &str| query.href(&viewer.path(&format!("export/{noun}/{format}")));
    html! {
        " · Export "
        a href=(href("csv")) download title="As this list is narrowed" { "CSV" }
        " "
        a href=(href("json")) download title="As this list is narrowed" { "JSON" }
        " (at most the newest " (grouped(ROWS_MAX as u64)) " rows)"
    }
}

/// The answer with a file in it. It begins before its last row is read, so its head cannot tell whether the list went
/// on, but how many rows it has at most.
fn file(made: Result<Response, OperationError>) -> Answer {
    let mut answer = protected(made?);
    answer.headers_mut().insert(ROWS_MAX_HEADER, HeaderValue::from(ROWS_MAX));
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SyncEvents {
    status: Option<Commas<SyncStatus>>,
    target: Option<TargetId>,
    trigger: Option<String>,
    q: Option<String>,
    since: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

async fn sync_events(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    InQuery(ask): InQuery<SyncEvents>,
) -> Answer {
    let format = format_of(&asked)?;
    let filter = SyncEventFilter {
        workspace: Some(asked.workspace().id),
        target: ask.target,
        instances: asked.instances(&app.store.conn().await?).await?,
        statuses: ask.status.map(|statuses| statuses.0).unwrap_or_default(),
        event_type: ask.trigger,
        search: ask.q.as_deref().map(Search::parse),
        since: begins_at(ask.since.as_deref(), app.now())?.max(ask.from),
        until: ask.to,
    };
    let pieces = lists::sync_events(app.store.clone(), format, filter);
    file(download("sync-events", text.as_deref(), format, pieces).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    source: Option<SourceId>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    outcome: Option<EventOutcome>,
    q: Option<String>,
    since: Option<String>,
}

async fn events(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    InQuery(ask): InQuery<Events>,
) -> Answer {
    let format = format_of(&asked)?;
    let filter = EventFilter {
        workspace: Some(asked.workspace().id),
        source: ask.source,
        event_type: ask.event_type,
        outcome: ask.outcome,
        delivery_id: ask.q,
        since: begins_at(ask.since.as_deref(), app.now())?,
    };
    let pieces = lists::events(app.store.clone(), format, filter);
    file(download("events", text.as_deref(), format, pieces).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deliveries {
    status: Option<Commas<DeliveryState>>,
    connection: Option<ConnectionId>,
    event: Option<EventId>,
    #[serde(rename = "type")]
    event_type: Option<String>,
}

async fn deliveries(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    InQuery(ask): InQuery<Deliveries>,
) -> Answer {
    let format = format_of(&asked)?;
    let filter = DeliveryFilter {
        workspace: Some(asked.workspace().id),
        receiver: ask.connection.map(|id| id.0),
        event: ask.event,
        event_type: ask.event_type,
        ..DeliveryFilter::default()
    };
    let states = ask.status.map(|states| states.0).unwrap_or_default();
    let pieces = lists::deliveries(app.store.clone(), format, filter, states);
    file(download("deliveries", text.as_deref(), format, pieces).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadLetters {
    settled: Option<bool>,
}

async fn dead_letters(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    InQuery(ask): InQuery<DeadLetters>,
) -> Answer {
    let format = format_of(&asked)?;
    let (workspace, settled) = (asked.workspace().id, ask.settled.unwrap_or_default());
    let pieces = lists::dead_letters(app.store.clone(), format, workspace, settled);
    file(download("dead-letters", text.as_deref(), format, pieces).await)
}

async fn audit_log(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    InQuery(ask): InQuery<audit::Ask>,
) -> Answer {
    let format = format_of(&asked)?;
    let changes = ask.changes(asked.workspace().id, app.now())?;
    let pieces = lists::audit_log(app.store.clone(), format, changes);
    file(download("audit-log", text.as_deref(), format, pieces).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigObjects {
    target: Option<TargetId>,
    #[serde(rename = "type")]
    object_type: Option<ObjectType>,
    status: Option<ObjectStatus>,
    path: Option<String>,
}

async fn config_objects(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    InQuery(ask): InQuery<ConfigObjects>,
) -> Answer {
    let format = format_of(&asked)?;
    let filter = ConfigObjectFilter {
        workspace: Some(asked.workspace().id),
        instances: asked.instances(&app.store.conn().await?).await?,
        target: ask.target,
        object_type: ask.object_type,
        status: ask.status,
        path: ask.path,
    };
    let pieces = lists::config_objects(app.store.clone(), format, filter);
    file(download("config-objects", text.as_deref(), format, pieces).await)
}
