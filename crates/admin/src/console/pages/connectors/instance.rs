//! One instance: what it follows, what it brings in, and what can be done with it.

use axum::extract::State;
use hookyard_domain::ids::{InstanceId, TargetId};
use hookyard_domain::role::InstanceRole;
use hookyard_domain::target::{AccountStatus, InstanceStatus};
use hookyard_store::instances::{self, InstanceCounts};
use hookyard_store::paging::{Page, PageRequest};
use hookyard_store::targets::{self, Target};
use maud::{Markup, html};
use serde::Deserialize;

use super::VIEWER;
use super::lineage::{Lineage, account_path, instance_path};
use super::rows::{self, Heads};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::facts;
use crate::console::components::form::button;
use crate::console::components::icons::Icon;
use crate::console::components::message::{empty, note};
use crate::console::components::panel::{self, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Tone, badge, badge_big};
use crate::console::components::text::{counted, outside};
use crate::console::components::time::fact;
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::{InQuery, Subject};
use crate::operations::instances as operation;
use crate::routes::Routes;

/// The targets of one page.
const ROWS: u16 = 50;

/// The page of one instance.
pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/connector-instances/{instance}", VIEWER, show)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    after: Option<TargetId>,
}

struct Shown<'a> {
    lineage: &'a Lineage,
    counts: InstanceCounts,
    page: &'a Page<Target, TargetId>,
    heads: &'a Heads,
    role: InstanceRole,
    is_later: bool,
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<InstanceId>,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let lineage = Lineage::of(&conn, id).await?;
    let request = PageRequest::new(ROWS, ask.after).map_err(|_| Failure::no_page())?;
    let page = targets::list_of_instance(&conn, id, request).await?;
    let heads = rows::heads(&conn, &page.items).await?;
    let counts = instances::counts(&conn, id).await?;
    drop(conn);
    let role = asked.on_instance().unwrap_or(InstanceRole::Viewer);
    let is_later = ask.after.is_some();
    let shown = Shown { lineage: &lineage, counts, page: &page, heads: &heads, role, is_later };
    answer::page(&app, &viewer, view(&viewer, &shown))
}

fn view(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let Lineage { account, instance } = shown.lineage;
    let path = instance_path(viewer, instance.id, "");
    let older = shown.page.next_cursor.map(|id| Query::new().with("after", id.to_string()));
    let older = older.map(|query| query.href(&path));
    let may_edit = shown.role >= InstanceRole::Editor;
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { (shown.lineage.crumb(viewer)) " / " span.id.mono { (instance.id) } }),
            title: outside(&instance.name),
            answer: sentence(shown),
            actions: may_edit.then(|| actions(viewer, shown)),
        }))
        @if !may_edit { (note(Tone::Quiet, &html! { "You can read this. Changing it takes an editor of the instance." })) }
        @if account.status != AccountStatus::Active {
            (note(Tone::Bad, &html! {
                "Its account " a href=(account_path(viewer, account.id, "")) { (outside(&account.login)) } " stands as "
                (badge(account.status)) ": nothing is followed."
            }))
        }
        (facts::strip(&key_facts(viewer, shown)))
        @if shown.page.items.is_empty() {
            (empty(Icon::In, "No branch is tracked", &html! {
                p { "A target is one branch of one repository. Nothing of it is brought in until a mapping chooses its files." }
                @if may_edit && instance.status != InstanceStatus::Archived {
                    div.actions { a.btn.primary href=(instance_path(viewer, instance.id, "/targets/add")) { "Track a branch" } }
                }
            }))
        } @else {
            section.panel aria-label="Targets" {
                header { h2 { "Targets" } p { "newest first" } }
                (rows::table(viewer, &shown.page.items.iter().collect::<Vec<_>>(), shown.heads))
                (panel::list_foot(&html! { (counted(shown.page.items.len() as u64, "target", "targets")) " on this page" },
                    shown.is_later.then_some(path.as_str()), older.as_deref()))
            }
        }
        (facts::identity(&[("Instance", instance.id.to_string())],
            Some(&format!("hookyard-admin connector instance show {}", instance.id))))
    };
    frame::page(viewer, Place::Connectors, &instance.name, &[], &body)
}

fn sentence(shown: &Shown<'_>) -> Markup {
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let counts = &shown.counts;
    html! {
        (badge_big(shown.lineage.instance.status)) " "
        @match shown.lineage.instance.status {
            InstanceStatus::Active => {
                (counted(count(counts.target_count), "target", "targets")) " with "
                (counted(count(counts.mapping_count), "mapping", "mappings")) " "
                @if counts.target_count == 1 { "brings" } @else { "bring" } " in "
                (counted(count(counts.imported_config_object_count), "config object", "config objects")) "."
            },
            InstanceStatus::Disabled => "It follows nothing at present; its config objects stay as they are.",
            InstanceStatus::Archived => "It is put away and follows nothing. Enabling brings it back.",
        }
    }
}

/// The first button is what most people come for.
fn actions(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let instance = &shown.lineage.instance;
    let path = |rest: &str| instance_path(viewer, instance.id, rest);
    let post = |rest: &str, class: &str, words: &str| {
        button(&path(rest), &viewer.csrf, class, &html! { (words) })
    };
    html! {
        @match instance.status {
            InstanceStatus::Active => {
                (post("/sync-now", "primary", "Sync now"))
                a.btn href=(path("/targets/add")) { "Track a branch" }
                (post("/disable", "", "Disable"))
            },
            InstanceStatus::Disabled => {
                (post("/enable", "primary", "Enable"))
                (post("/archive", "", "Archive"))
            },
            InstanceStatus::Archived => (post("/enable", "primary", "Enable")),
        }
        a.btn href=(path("/rename")) { "Rename" }
        a.btn href=(path("/auto-import")) { "New plugins …" }
        @if shown.role >= InstanceRole::Manager { a.btn href=(path("/access")) { "Access" } }
        @if instance.status != InstanceStatus::Archived || shown.counts.imported_config_object_count > 0 {
            a.btn.danger href=(path("/remove")) { "Remove …" }
        }
    }
}

fn key_facts(viewer: &Viewer, shown: &Shown<'_>) -> [facts::Fact<'static>; 7] {
    let (counts, instance) = (&shown.counts, &shown.lineage.instance);
    [
        ("Targets", html! { (counts.target_count) }),
        ("Mappings", html! { (counts.mapping_count) }),
        ("Config objects", html! { (counts.imported_config_object_count) }),
        ("New plugins", html! { (operation::new_plugins(instance.auto_import_new_plugins)) }),
        ("Your role", html! { (shown.role.as_str()) }),
        ("Added", fact(viewer.now, instance.created_at)),
        ("Changed", fact(viewer.now, instance.updated_at)),
    ]
}
