//! Connectors: which branches do we follow, and is each at its head?

use axum::extract::State;
use hookyard_store::paging::Page;
use hookyard_store::targets::{self, Target};
use maud::{Markup, html};

use super::plain::{self, Ask};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::panel::Column;
use crate::console::components::status::badge;
use crate::console::components::text::{GITHUB_WEB, branch, commit, nothing, outside};
use crate::console::components::time::ago;
use crate::console::frame::{Place, Viewer};
use crate::console::visit::InQuery;
use crate::routes::Routes;

/// The targets that a workspace follows.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/connectors", Need::Member, show)
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let visible = asked.instances(&conn).await?;
    let page = targets::list(&conn, Some(asked.workspace().id), ask.page()?).await?;
    let seen =
        |target: &Target| visible.as_ref().is_none_or(|ids| ids.contains(&target.instance_id));
    let items: Vec<Target> = page.items.into_iter().filter(seen).collect();
    let page = Page { items, next_cursor: page.next_cursor };
    let list = plain::List {
        place: Place::Connectors,
        answer: "The branches that are followed, and the commit that each stands at.",
        columns: &[
            Column::text("State"),
            Column::text("Target"),
            Column::text("Applied"),
            Column::number("At, UTC"),
        ],
        nouns: ("target", "targets"),
        when_empty: "Track a branch: hookyard-admin connector target add",
    };
    answer::page(
        &app,
        &viewer,
        plain::view(&viewer, &list, &ask, &page, |target| row(&viewer, target)),
    )
}

fn row(viewer: &Viewer, target: &Target) -> Markup {
    html! {
        tr role="row" id=(target.id) {
            td.o1 role="cell" { (badge(target.status)) }
            td.wide.o3 role="cell" {
                a.rowlink href=(viewer.path(&format!("sync-events?target={}", target.id))) { (outside(&target.repository)) }
                " " span.dim { "@ " (outside(branch(&target.git_ref))) }
                span.sub.mono { (target.id) }
            }
            td.o4 role="cell" {
                @match &target.applied_sha { Some(sha) => (commit(GITHUB_WEB, &target.repository, sha)), None => (nothing()) }
            }
            td.num.o2 role="cell" { @match target.applied_at { Some(at) => (ago(viewer.now, at)), None => (nothing()) } }
        }
    }
}
