//! What is asked of the sync events, and what is done to them.

use axum::extract::State;
use hookyard_domain::ids::SyncEventId;
use hookyard_domain::role::InstanceRole;
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use hookyard_store::{sync_event_list, targets};
use jiff::SignedDuration;

use super::ask::{Ask, read};
use super::updates::{stream, stream_one};
use super::{empty, list, one, retry as many};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::chart::{Bucket, Chart};
use crate::console::components::text::branch;
use crate::console::components::time::took;
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Reason, because};
use crate::console::pages::overview::{label, window_words};
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
        .page(
            "/w/{slug}/sync-events/{sync_event}/stream",
            Need::Instance(InstanceRole::Viewer),
            stream_one,
        )
        .action("/w/{slug}/sync-events/{sync_event}/retry", EDITOR, retry)
        .action("/w/{slug}/sync-events/{sync_event}/resync", EDITOR, resync)
        .and(many::routes())
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
    let may_retry = asked.instances_as(&conn, InstanceRole::Editor).await?;
    let may_retry = may_retry.is_none_or(|instances| !instances.is_empty());
    drop(conn);
    let query = ask.query();
    let relaxed = if page.items.is_empty() && ask.after.is_none() {
        empty::relaxed(&app, &asked, &ask, viewer.now).await?
    } else {
        Vec::new()
    };
    let activity = activity(&app, &asked, &ask).await?;
    let lately = activity.as_ref().map(|(window, it)| (it.totals, window_words(*window)));
    let path = viewer.place(Place::SyncEvents);
    let drawn = activity.map(|(window, it)| {
        let buckets = it.buckets.iter().map(|bucket| {
            let to = bucket.since.saturating_add(SignedDuration::from_secs(it.bucket_s.into()));
            let view =
                query.without("since").without("after").with("from", bucket.since.to_string());
            let view = view.with("to", to.map(|at| at.to_string()).unwrap_or_default());
            drawn(bucket, label(viewer.now, bucket.since, window), view.href(&path))
        });
        (took(i64::from(it.bucket_s) * 1000), buckets.collect::<Vec<Bucket>>())
    });
    let chart = drawn.as_ref().map(|(per, buckets)| Chart {
        name: "Sync events",
        words: ["completed", "partial", "failed"],
        per,
        buckets,
        slim: true,
    });
    let moment = ask.at_moment(viewer.now).query();
    let list = list::List {
        page: &page,
        query: &query,
        targets: &targets,
        chart,
        lately,
        relaxed: &relaxed,
        may_retry,
        moment: &moment,
        read_as: ask.read_as(),
    };
    answer::page(&app, &viewer, list::view(&viewer, &list))
}

fn drawn(bucket: &overview::Bucket, label: String, href: String) -> Bucket {
    let numbers = &bucket.numbers;
    Bucket {
        label,
        good: numbers.syncs_completed.unsigned_abs(),
        passing: numbers.syncs_partial.unsigned_abs(),
        bad: numbers.syncs_failed.unsigned_abs(),
        href: Some(href),
    }
}

/// How it went over time, from the rollups: of the whole workspace, so only where nothing but the time and the status
/// narrows the list, and for readers who see all of it.
async fn activity(
    app: &App,
    asked: &Asked,
    ask: &Ask,
) -> Result<Option<(Window, overview::Activity)>, Failure> {
    let is_narrowed = ask.target.is_some() || ask.trigger.is_some() || ask.q.is_some();
    let is_frozen = ask.from.is_some() || ask.to.is_some();
    let window: Option<Window> = ask.since.as_deref().unwrap_or("24h").parse().ok();
    let seen = !is_narrowed && !is_frozen && asked.rank().administers();
    let Some(window) = window.filter(|_| seen) else { return Ok(None) };
    Ok(Some((window, overview::activity(&app.store, asked.workspace().id, window).await?)))
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

async fn retry(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SyncEventId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let queued =
        operation::retry(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
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
    let actor = asked.actor(because(form.reason.as_deref())?);
    let conn = app.store.conn().await?;
    let sync = sync_event_list::by_id(&conn, id).await?.ok_or_else(Failure::no_page)?;
    drop(conn);
    let queued = target_operations::resync(&app.store, &actor, sync.target_id, false).await?;
    let to = viewer.path(&format!("sync-events/{}", queued.id));
    answer::done(&app, &to, "Queued: the target is compared with its branch as it is now.")
}
