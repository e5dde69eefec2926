//! What is asked of the sync events, and what is done to them.

use axum::extract::State;
use hookyard_domain::ids::SyncEventId;
use hookyard_domain::role::InstanceRole;
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use hookyard_store::{sync_event_list, targets};
use serde::Deserialize;

use super::ask::{Ask, read};
use super::updates::stream;
use super::{list, one};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::text::branch;
use crate::console::frame::Viewer;
use crate::console::pages::because;
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::{story, sync_events as operation, targets as target_operations};
use crate::routes::Routes;

/// The most files that a sync event's page shows.
const FILES_MAX: u16 = 100;

/// The pages of sync events.
pub(in crate::console) fn routes() -> Routes {
    const EDITOR: Need = Need::Instance(InstanceRole::Editor);
    Routes::console()
        .page("/w/{slug}/sync-events", Need::Member, show_list)
        .page("/w/{slug}/stream", Need::Member, stream)
        .page("/w/{slug}/sync-events/{sync_event}", Need::Instance(InstanceRole::Viewer), show)
        .action("/w/{slug}/sync-events/{sync_event}/retry", EDITOR, retry)
        .action("/w/{slug}/sync-events/{sync_event}/resync", EDITOR, resync)
}

async fn show_list(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = read(&conn, &asked, &ask, viewer.now).await?;
    let visible = asked.instances(&conn).await?;
    let all = PageRequest::new(PAGE_ITEMS_MAX, None).map_err(|_| Failure::no_page())?;
    let followed = targets::list(&conn, Some(asked.workspace().id), all).await?;
    let targets: Vec<(String, String)> = followed
        .items
        .iter()
        .filter(|target| visible.as_ref().is_none_or(|seen| seen.contains(&target.instance_id)))
        .map(|it| (it.id.to_string(), format!("{} @ {}", it.repository, branch(&it.git_ref))))
        .collect();
    let query = ask.query();
    let list = list::List {
        page: &page,
        query: &query,
        targets: &targets,
        chart: None,
        read_as: ask.read_as(),
    };
    answer::page(&app, &viewer, list::view(&viewer, &list))
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SyncEventId>,
) -> Answer {
    let story = story::sync_event(&app.store, id, FILES_MAX).await?;
    let conn = app.store.conn().await?;
    let target = targets::by_id(&conn, story.sync_event.target_id).await?;
    let may_edit = asked.on_instance().is_some_and(|role| role >= InstanceRole::Editor);
    let shown = one::One { story: &story, target: target.as_ref(), may_edit };
    answer::page(&app, &viewer, one::view(&viewer, &shown))
}

#[derive(Debug, Deserialize)]
struct Reason {
    reason: Option<String>,
}

async fn retry(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SyncEventId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let queued = operation::retry(&app.store, &asked.actor(because(form.reason)?), id).await?;
    let to = viewer.path(&format!("sync-events/{}", queued.id));
    answer::done(&app, &to, "Queued. This is the new sync event; the old one stays as it was.")
}

async fn resync(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SyncEventId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason)?);
    let conn = app.store.conn().await?;
    let sync = sync_event_list::by_id(&conn, id).await?.ok_or_else(Failure::no_page)?;
    drop(conn);
    let queued = target_operations::resync(&app.store, &actor, sync.target_id, false).await?;
    let to = viewer.path(&format!("sync-events/{}", queued.id));
    answer::done(&app, &to, "Queued: the target is compared with its branch as it is now.")
}
