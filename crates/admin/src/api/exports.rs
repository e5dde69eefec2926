//! `export`: a list as a file, with the list's own filters.

mod queries;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _, stream};
use hookyard_store::audit::Entry;
use hookyard_store::config_object_list::{ConfigObject, ConfigObjectFilter};
use hookyard_store::dead_letters::DeadLetter;
use hookyard_store::delivery_list::{Delivery, DeliveryFilter};
use hookyard_store::event_list::{Event, EventFilter};
use hookyard_store::sync_event_list::{Search, SyncEvent, SyncEventFilter};
use tracing::error;

use self::queries::{
    AuditLogQuery, ConfigObjectsQuery, DeadLettersQuery, DeliveriesQuery, EventsQuery,
    SyncEventsQuery,
};
use super::{Answer, ApiError, Doc, Query, time_of};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::OperationError;
use crate::operations::export::lists::{self, Changes, Piece};
use crate::operations::export::{Format, file_name};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("export")
        .get(
            "/v1/workspaces/{slug}/export/sync-events/{format}",
            Need::Member,
            sync_events,
            Doc::export::<SyncEvent>("Export sync events as csv or json, the newest 100,000")
                .query::<SyncEventsQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/export/events/{format}",
            Need::Admin,
            events,
            Doc::export::<Event>("Export events as csv or json, the newest 100,000")
                .query::<EventsQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/export/deliveries/{format}",
            Need::Member,
            deliveries,
            Doc::export::<Delivery>("Export deliveries as csv or json, the newest 100,000")
                .query::<DeliveriesQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/export/dead-letters/{format}",
            Need::Admin,
            dead_letters,
            Doc::export::<DeadLetter>("Export dead letters as csv or json, the newest 100,000")
                .query::<DeadLettersQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/export/audit-log/{format}",
            Need::Admin,
            audit_log,
            Doc::export::<Entry>("Export the audit log as csv or json, the newest 100,000")
                .query::<AuditLogQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/export/config-objects/{format}",
            Need::Member,
            config_objects,
            Doc::export::<ConfigObject>("Export config objects as csv or json, the newest 100,000")
                .query::<ConfigObjectsQuery>(),
        )
}

/// The file. Its first page is read before anything is answered, so that a failure has a status of its own; a later
/// one breaks the file off, which every client notices.
pub(crate) async fn download(
    noun: &str,
    query: Option<&str>,
    format: Format,
    pieces: impl Stream<Item = Piece> + Send + 'static,
) -> Result<Response, OperationError> {
    let mut pieces = Box::pin(pieces);
    let first = pieces.next().await.transpose()?.unwrap_or_default();
    let rest = pieces.inspect(|piece| {
        if let Err(error) = piece {
            error!("an export broke off: {error}");
        }
    });
    let body = Body::from_stream(stream::iter([Ok(first)]).chain(rest));
    let name = file_name(noun, &filter_of(query.unwrap_or_default()), format);
    let headers = [
        (CONTENT_TYPE, format.content_type().to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// What of a query narrows a list, read as people read it: an export begins at the newest.
fn filter_of(query: &str) -> String {
    let given = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, value)| name != "after" && !value.is_empty());
    given.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The path's format.
pub(crate) fn format_of(asked: &Asked) -> Result<Format, ApiError> {
    let parsed = asked.word("format").unwrap_or_default().parse::<Format>();
    parsed.map_err(|error| ApiError::new(StatusCode::NOT_FOUND, "not_found", error.to_string()))
}

async fn sync_events(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    Query(query): Query<SyncEventsQuery>,
) -> Answer {
    let format = format_of(&asked)?;
    let filter = SyncEventFilter {
        workspace: Some(asked.workspace().id),
        target: query.target,
        instances: asked.instances(&app.store.conn().await?).await?,
        statuses: query.status.into_iter().collect(),
        event_type: query.event_type,
        search: query.q.as_deref().map(Search::parse),
        since: time_of("since", query.since.as_deref(), app.now())?,
        ..SyncEventFilter::default()
    };
    let pieces = lists::sync_events(app.store.clone(), format, filter);
    Ok(download("sync-events", text.as_deref(), format, pieces).await?)
}

async fn events(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    Query(query): Query<EventsQuery>,
) -> Answer {
    let format = format_of(&asked)?;
    let filter = EventFilter {
        workspace: Some(asked.workspace().id),
        source: query.source,
        event_type: query.event_type,
        outcome: query.outcome,
        delivery_id: query.delivery_id,
        since: time_of("since", query.since.as_deref(), app.now())?,
    };
    let pieces = lists::events(app.store.clone(), format, filter);
    Ok(download("events", text.as_deref(), format, pieces).await?)
}

async fn deliveries(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    Query(query): Query<DeliveriesQuery>,
) -> Answer {
    let format = format_of(&asked)?;
    let receiver = match (query.connection, query.oauth_client) {
        (Some(_), Some(_)) => {
            return Err(ApiError::field("oauthClient", "name a connection or an OAuth client"));
        }
        (connection, client) => connection.map(|id| id.0).or(client.map(|id| id.0)),
    };
    let filter = DeliveryFilter {
        workspace: Some(asked.workspace().id),
        receiver,
        event: query.event,
        event_type: query.event_type,
        ..DeliveryFilter::default()
    };
    let states = query.state.into_iter().collect();
    let pieces = lists::deliveries(app.store.clone(), format, filter, states);
    Ok(download("deliveries", text.as_deref(), format, pieces).await?)
}

async fn dead_letters(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    Query(query): Query<DeadLettersQuery>,
) -> Answer {
    let format = format_of(&asked)?;
    let (workspace, settled) = (asked.workspace().id, query.settled.unwrap_or_default());
    let pieces = lists::dead_letters(app.store.clone(), format, workspace, settled);
    Ok(download("dead-letters", text.as_deref(), format, pieces).await?)
}

async fn audit_log(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    Query(query): Query<AuditLogQuery>,
) -> Answer {
    let format = format_of(&asked)?;
    let changes = Changes {
        workspace: Some(asked.workspace().id),
        actor: query.actor,
        action: query.action,
        subject: query.subject,
        since: time_of("since", query.since.as_deref(), app.now())?,
    };
    let pieces = lists::audit_log(app.store.clone(), format, changes);
    Ok(download("audit-log", text.as_deref(), format, pieces).await?)
}

async fn config_objects(
    State(app): State<App>,
    asked: Asked,
    RawQuery(text): RawQuery,
    Query(query): Query<ConfigObjectsQuery>,
) -> Answer {
    let format = format_of(&asked)?;
    let filter = ConfigObjectFilter {
        workspace: Some(asked.workspace().id),
        instances: asked.instances(&app.store.conn().await?).await?,
        target: query.target,
        object_type: query.object_type,
        status: query.status,
        path: query.path,
    };
    let pieces = lists::config_objects(app.store.clone(), format, filter);
    Ok(download("config-objects", text.as_deref(), format, pieces).await?)
}
