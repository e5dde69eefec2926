//! `events`: what happened.

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse as _;
use hookyard_domain::event::EventOutcome;
use hookyard_domain::ids::{EventId, SourceId};
use hookyard_store::event_list::{self, Event, EventDetail, EventFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer, ApiError, Because, Doc, InPath, Query, changed, item, list as listed, page_of, queued,
    time_of,
};
use crate::App;
use crate::access::{Asked, CallerKind, Need};
use crate::operations::events::{self as operation, EventView, ReplayedEvent};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("events")
        .get(
            "/v1/workspaces/{slug}/events",
            Need::Admin,
            list,
            Doc::list::<Event>("List events, newest first").query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/events/{event}",
            Need::Admin,
            show,
            Doc::item::<EventView>("Show an event and what it led to"),
        )
        .get(
            "/v1/workspaces/{slug}/events/{event}/body",
            Need::Admin,
            body,
            Doc::bytes("Download an event's body as it came", "application/octet-stream"),
        )
        .post(
            "/v1/workspaces/{slug}/events/{event}/replay",
            Need::Admin,
            replay,
            Doc::queued::<ReplayedEvent>("Process an event once more, from the start").because(),
        )
        .post(
            "/v1/workspaces/{slug}/events/{event}/redact",
            Need::Admin,
            redact,
            Doc::changed::<EventDetail>("Remove an event's body and headers for good").because(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    source: Option<SourceId>,
    /// Such as `github.push`.
    event_type: Option<String>,
    outcome: Option<EventOutcome>,
    /// What the provider calls the delivery.
    delivery_id: Option<String>,
    /// A time, or a span before now such as `24h`: those received then or later.
    since: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<EventId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let filter = EventFilter {
        workspace: Some(asked.workspace().id),
        source: query.source,
        event_type: query.event_type,
        outcome: query.outcome,
        delivery_id: query.delivery_id,
        since: time_of("since", query.since.as_deref(), app.now())?,
    };
    let page = page_of(query.limit, query.cursor)?;
    listed(&event_list::list(&app.store.conn().await?, &filter, page).await?)
}

async fn show(State(app): State<App>, asked: Asked, InPath(id): InPath<EventId>) -> Answer {
    let mut view = operation::show(&app.store, id).await?;
    only_own(&mut view.event, &asked);
    item(&view)
}

/// Bytes from outside: a browser is to keep them, and neither to guess what they are nor to show them.
async fn body(State(app): State<App>, InPath(id): InPath<EventId>) -> Answer {
    let bytes = operation::body(&app.store, id).await?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.body\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

async fn replay(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<EventId>,
    Because(reason): Because,
) -> Answer {
    queued(&operation::replay(&app.store, &asked.actor(reason), id).await?)
}

async fn redact(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<EventId>,
    Because(reason): Because,
) -> Answer {
    let shared = operation::show(&app.store, id).await?.event.workspaces;
    let others = shared.iter().any(|slug| *slug != asked.workspace().slug);
    if others && !is_operator(&asked) {
        return Err(ApiError::forbidden(
            "the event concerns other workspaces, too; this needs an operator of the deployment",
        ));
    }
    let mut event = operation::redact(&app.store, &asked.actor(reason), id).await?;
    only_own(&mut event, &asked);
    changed(&event)
}

/// An event of a shared URL may concern other workspaces, which are nobody's business here.
fn only_own(event: &mut EventDetail, asked: &Asked) {
    if !is_operator(asked) {
        let own = &asked.workspace().slug;
        event.workspaces.retain(|slug| slug == own);
    }
}

fn is_operator(asked: &Asked) -> bool {
    matches!(asked.caller().kind, CallerKind::Operator { .. })
}
