//! What exactly would start if all of these were retried, and the start of it.

use axum::extract::State;
use hookyard_domain::ids::TargetId;
use hookyard_domain::role::InstanceRole;
use hookyard_domain::sync_event::SyncStatus;
use hookyard_store::sync_event_list::Search;
use jiff::Timestamp;
use serde::Deserialize;

use super::ask::Ask;
use super::retry_view::{self, Retry};
use crate::App;
use crate::access::{Asked, Need};
use crate::api::Commas;
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::query::Query;
use crate::console::components::text::counted;
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::because;
use crate::console::visit::{InQuery, Posted};
use crate::operations::sync_retries::{self as operation, Queued, Selection};
use crate::routes::Routes;

/// The preview and its button. Targets that whoever asks may not edit are left out.
pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/sync-events/retry", Need::Member, show).action(
        "/w/{slug}/sync-events/retry",
        Need::Member,
        start,
    )
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let ask = Ask { after: None, ..ask.at_moment(viewer.now) };
    let selection = selection(&app, &asked, &ask, viewer.now).await?;
    let preview = operation::preview(&app.store, &selection).await?;
    let query = ask.query();
    let shown = Retry { preview: &preview, query: &query, read_as: ask.read_as() };
    answer::page(&app, &viewer, retry_view::view(&viewer, &shown))
}

async fn selection(
    app: &App,
    asked: &Asked,
    ask: &Ask,
    now: Timestamp,
) -> Result<Selection, Failure> {
    let conn = app.store.conn().await?;
    Ok(Selection {
        workspace: asked.slug(),
        statuses: ask.statuses(),
        target: ask.target,
        event_type: ask.trigger.clone(),
        search: ask.q.as_deref().map(Search::parse),
        since: ask.begins_at(now)?,
        until: ask.to.unwrap_or(now),
        seen: asked.instances(&conn).await?,
        edited: asked.instances_as(&conn, InstanceRole::Editor).await?,
    })
}

/// The selection of the preview, as its form says it again.
#[derive(Debug, Deserialize)]
struct Again {
    status: Option<Commas<SyncStatus>>,
    target: Option<TargetId>,
    trigger: Option<String>,
    q: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    reason: Option<String>,
}

async fn start(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(form): Posted<Again>,
) -> Answer {
    let Again { status, target, trigger, q, from, to, reason } = form;
    let ask = Ask { status, target, trigger, q, from, to, ..Ask::default() };
    let actor = asked.actor(because(reason.as_deref())?);
    let selection = selection(&app, &asked, &ask, viewer.now).await?;
    let queued = operation::start(&app.store, &actor, &selection).await?;
    let list = viewer.place(Place::SyncEvents);
    let to = Query::new().with("trigger", "retry").href(&list);
    answer::done(&app, &to, &said(&queued))
}

fn said(queued: &Queued) -> String {
    let left_out = queued.preview.left_out as u64;
    let left_out = match left_out {
        0 => String::new(),
        some => format!("; {} left out", counted(some, "target was", "targets were")),
    };
    if queued.queued {
        let syncs = counted(queued.sync_event_ids.len() as u64, "sync", "syncs");
        format!("Queued {syncs}{left_out}.")
    } else {
        format!("Nothing was queued{left_out}.")
    }
}
