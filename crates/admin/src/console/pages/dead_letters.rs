//! Dead letters: what was given up, and what can be done once more?

use axum::extract::State;
use hookyard_domain::ids::DeadLetterId;
use hookyard_store::dead_letters::{self, DeadLetter, Subject as Of};
use maud::{Markup, html};
use serde::Deserialize;

use super::because;
use super::plain::{self, Ask};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::form::button;
use crate::console::components::panel::Column;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{outside, outside_cut};
use crate::console::components::time::cell;
use crate::console::frame::{Place, Viewer};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::dead_letters as operation;
use crate::routes::Routes;

/// The dead letters of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/dead-letters", Need::Admin, show)
        .action("/w/{slug}/dead-letters/{dead_letter}/replay", Need::Admin, replay)
        .action("/w/{slug}/dead-letters/{dead_letter}/drop", Need::Admin, drop_letter)
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = dead_letters::list(&conn, Some(asked.workspace().id), false, ask.page()?).await?;
    let list = plain::List {
        place: Place::DeadLetters,
        answer: "Work that ended for good without success, until somebody looked at it.",
        columns: &[
            Column::text("What"),
            Column::text("Why"),
            Column::text(""),
            Column::newest_first("Given up, UTC"),
        ],
        nouns: ("dead letter", "dead letters"),
        when_empty: "Nothing is dead.",
    };
    answer::page(
        &app,
        &viewer,
        plain::view(&viewer, &list, &ask, &page, |letter| row(&viewer, letter)),
    )
}

fn row(viewer: &Viewer, letter: &DeadLetter) -> Markup {
    let path = |verb: &str| viewer.path(&format!("dead-letters/{}/{verb}", letter.id));
    let subject = match letter.subject_id {
        Of::Delivery(id) => Some(viewer.path(&format!("deliveries/{id}"))),
        Of::Sync(id) => Some(viewer.path(&format!("sync-events/{id}"))),
        Of::Event(id) => Some(viewer.path(&format!("events/{id}"))),
        Of::Replay(_) => None,
    };
    html! {
        tr role="row" {
            td.o1 role="cell" {
                (badge(Status::DEAD)) " "
                @match &subject {
                    Some(path) => a.rowlink href=(path) { (letter.kind.as_str()) },
                    None => (letter.kind.as_str()),
                }
            }
            td.wide.o3 role="cell" {
                (outside(&letter.reason))
                @if let Some(error) = &letter.error { span.sub.err { (outside_cut(error, 240)) } }
            }
            td.wide.o4 role="cell" {
                div.actions {
                    (button(&path("replay"), &viewer.csrf, "", &html! { "Replay" }))
                    (button(&path("drop"), &viewer.csrf, "quiet", &html! { "Let it be" }))
                }
            }
            td.num.o2 role="cell" { (cell(viewer.now, letter.created_at)) }
        }
    }
}

#[derive(Debug, Deserialize)]
struct Reason {
    reason: Option<String>,
}

async fn replay(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<DeadLetterId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::replay(&app.store, &asked.actor(because(form.reason)?), id).await?;
    answer::done(&app, &viewer.place(Place::DeadLetters), "Queued: the work is done once more.")
}

async fn drop_letter(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<DeadLetterId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::drop_letter(&app.store, &asked.actor(because(form.reason)?), id).await?;
    answer::done(&app, &viewer.place(Place::DeadLetters), "Settled: nothing more happens with it.")
}
