//! What is done to a connection by one button: tested, switched off and on.

use axum::extract::State;
use hookyard_domain::ids::ConnectionId;

use super::failed::FailedTest;
use super::{list, one, outside_of};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::frame::Viewer;
use crate::console::pages::forms::{Reason, because};
use crate::console::visit::{Posted, Subject};
use crate::operations::connections as operation;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::console()
        .action("/w/{slug}/integrations/{connection}/test", Need::Admin, test)
        .action("/w/{slug}/integrations/{connection}/enable", Need::Admin, enable)
        .action("/w/{slug}/integrations/{connection}/disable", Need::Admin, disable)
}

async fn test(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    let tested = operation::test(&outside_of(&app)?, &actor, id, app.now()).await?;
    if tested.ok {
        let to = viewer.path(&format!("integrations/{id}"));
        return answer::done(&app, &to, "The receiver took the test.");
    }
    // Not the way back to the record: that keeps of the answer only its error.
    let look = one::look(&app, id).await?;
    let failed = FailedTest {
        kind: tested.kind,
        to: list::host(&look.connection).unwrap_or("The receiver"),
        class: tested.error_class,
        error: tested.error.as_deref().unwrap_or_default(),
        response_status: tested.response_status,
        excerpt: tested.response_excerpt.as_deref(),
        means: "The connection and what it is owed are kept. Below stands what happens next.",
    };
    let page = one::view(&viewer, &look, Some(&failed));
    answer::not_taken(&app, &viewer, page)
}

async fn enable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    operation::set_enabled(&app.store, &actor, id, true).await?;
    let to = viewer.path(&format!("integrations/{id}"));
    answer::done(&app, &to, "Enabled: what waited for it goes out now.")
}

async fn disable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    operation::set_enabled(&app.store, &actor, id, false).await?;
    let to = viewer.path(&format!("integrations/{id}"));
    answer::done(&app, &to, "Disabled: what comes for it waits until it is enabled again.")
}
