//! Dead letters: what was given up, and what can be done once more?

use axum::extract::State;
use hookyard_domain::ids::DeadLetterId;
use hookyard_store::dead_letters::{self, DeadLetter};
use hookyard_store::paging::{Page, PageRequest};
use hookyard_store::rejected_messages;

use super::plain::Ask;
use crate::App;
use crate::access::{Asked, CallerKind, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Reason, because};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::dead_letters as operation;
use crate::routes::Routes;

mod cause;
mod view;

/// How many rejected messages are shown, the newest.
const REJECTED: u16 = 10;

/// The dead letters of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/dead-letters", Need::Admin, show)
        .action("/w/{slug}/dead-letters/{dead_letter}/replay", Need::Admin, replay)
        .page("/w/{slug}/dead-letters/{dead_letter}/drop", Need::Admin, ask_to_drop)
        .action("/w/{slug}/dead-letters/{dead_letter}/drop", Need::Admin, drop_letter)
        .and(cause::routes())
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let workspace = asked.workspace().id;
    let conn = app.store.conn().await?;
    let page = dead_letters::list(&conn, Some(workspace), false, ask.page()?).await?;
    let causes = dead_letters::causes(&conn, workspace).await?;
    let last = if causes.is_empty() {
        let newest = PageRequest::new(1, None).map_err(|_| Failure::no_page())?;
        dead_letters::list(&conn, Some(workspace), true, newest).await?.items.pop()
    } else {
        None
    };
    // They name no workspace: whoever works for the whole deployment sees them.
    let rejected = if matches!(asked.caller().kind, CallerKind::Operator { .. }) {
        let newest = PageRequest::new(REJECTED, None).map_err(|_| Failure::no_page())?;
        Some(rejected_messages::list(&conn, newest).await?.items)
    } else {
        None
    };
    let shown =
        view::Letters { page: &page, deep: ask.is_later(), causes: &causes, last, rejected };
    answer::page(&app, &viewer, view::view(&viewer, &shown))
}

async fn replay(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<DeadLetterId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::replay(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    answer::done(&app, &viewer.place(Place::DeadLetters), "Queued: the work is done once more.")
}

async fn ask_to_drop(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<DeadLetterId>,
) -> Answer {
    let conn = app.store.conn().await?;
    let letter = dead_letters::by_id(&conn, id).await?.ok_or_else(Failure::no_page)?;
    answer::page(&app, &viewer, view::ask_to_drop(&viewer, &letter))
}

async fn drop_letter(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<DeadLetterId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::drop_letter(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    answer::done(&app, &viewer.place(Place::DeadLetters), "Settled: nothing more happens with it.")
}

/// A page of dead letters.
type Letters = Page<DeadLetter, DeadLetterId>;
