//! What is asked of the sync events, and what is done to them.

use axum::extract::State;
use hookyard_domain::ids::SyncEventId;
use hookyard_domain::role::InstanceRole;
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use hookyard_store::{sync_event_list, targets};
use jiff::Timestamp;
use serde::Deserialize;

use super::ask::{Ask, read};
use super::updates::stream;
use super::{list, one};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::chart::{Bucket, Chart};
use crate::console::components::text::branch;
use crate::console::components::time::took;
use crate::console::frame::Viewer;
use crate::console::pages::because;
use crate::console::pages::overview::label;
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::overview::{self, Window};
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
    let followed =
        targets::list_within(&conn, asked.workspace().id, visible.as_deref(), all).await?;
    let targets: Vec<(String, String)> = followed
        .items
        .iter()
        .map(|it| (it.id.to_string(), format!("{} @ {}", it.repository, branch(&it.git_ref))))
        .collect();
    drop(conn);
    let query = ask.query();
    let buckets = histogram(&app, &asked, &ask, viewer.now).await?;
    let chart = buckets.as_ref().map(|(per, buckets)| Chart {
        name: "Sync events",
        words: ["completed", "partial", "failed"],
        per,
        buckets,
        slim: true,
    });
    let list =
        list::List { page: &page, query: &query, targets: &targets, chart, read_as: ask.read_as() };
    answer::page(&app, &viewer, list::view(&viewer, &list))
}

/// How it went over time, from the rollups: of the whole workspace, so only where nothing but the time narrows the list,
/// and for readers who see all of it.
async fn histogram(
    app: &App,
    asked: &Asked,
    ask: &Ask,
    now: Timestamp,
) -> Result<Option<(String, Vec<Bucket>)>, Failure> {
    let is_narrowed = ask.target.is_some() || ask.trigger.is_some() || ask.q.is_some();
    let window: Option<Window> = ask.since.as_deref().unwrap_or("24h").parse().ok();
    let Some(window) = window.filter(|_| !is_narrowed && asked.rank().administers()) else {
        return Ok(None);
    };
    let activity = overview::activity(&app.store, asked.workspace().id, window).await?;
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let bucket = |bucket: &overview::Bucket| Bucket {
        label: label(now, bucket.since, window),
        good: count(bucket.numbers.syncs_completed),
        passing: count(bucket.numbers.syncs_partial),
        bad: count(bucket.numbers.syncs_failed),
        href: None,
    };
    let per = took(i64::from(activity.bucket_s) * 1000);
    Ok(Some((per, activity.buckets.iter().map(bucket).collect())))
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
