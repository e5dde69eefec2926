//! Sources: where may calls come in, and is a rotation of secrets unfinished?

use axum::extract::State;
use hookyard_store::sources::{self, Source};
use maud::{Markup, html};

use super::plain::{self, Ask};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::panel::Column;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{code, outside};
use crate::console::components::time::cell;
use crate::console::frame::{Place, Viewer};
use crate::console::visit::InQuery;
use crate::routes::Routes;

/// The sources of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/sources", Need::Admin, show)
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = sources::list(&conn, Some(asked.workspace().id), ask.page()?).await?;
    let list = plain::List {
        place: Place::Sources,
        answer: "Where calls may come in. The deployment's own sources are its operators' business.",
        columns: &[
            Column::text("State"),
            Column::text("Source"),
            Column::text("Secrets"),
            Column::newest_first("Since, UTC"),
        ],
        nouns: ("source", "sources"),
        when_empty: "Calls of GitHub come in at the deployment's source; a workspace adds its own where it needs one.",
    };
    answer::page(
        &app,
        &viewer,
        plain::view(&viewer, &list, &ask, &page, |source| row(&viewer, source)),
    )
}

fn row(viewer: &Viewer, source: &Source) -> Markup {
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(if source.disabled_at.is_some() { Status::DISABLED } else { Status::ACTIVE })) }
            td.wide.o3 role="cell" {
                span.strong { (outside(&source.slug)) } " " span.dim { (source.provider.as_str()) }
                span.sub { (code(&source.path())) }
            }
            td.o4 role="cell" {
                (source.secrets) @if source.secrets > 1 { span.sub { "a rotation is under way" } }
            }
            td.num.o2 role="cell" { (cell(viewer.now, source.created_at)) }
        }
    }
}
