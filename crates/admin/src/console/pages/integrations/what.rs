//! The wizard's last step, and later the short way from a connection: what to send.

use axum::extract::State;
use hookyard_domain::ids::ConnectionId;
use hookyard_store::connections::Connection;
use hookyard_store::paging::PageRequest;
use hookyard_store::subscriptions::{self, Subscription};
use maud::html;

use super::steps::{Step, steps};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{Answer, Failure};
use crate::console::components::text::outside;
use crate::console::frame::{Place, Viewer};
use crate::console::pages::subscriptions::form::{Form, Wanted};
use crate::console::pages::subscriptions::saving::{self, Target};
use crate::console::visit::{Posted, Subject};
use crate::operations::connections as operation;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    const PATH: &str = "/w/{slug}/integrations/{connection}/what-to-send";
    Routes::console().page(PATH, Need::Admin, ask).action(PATH, Need::Admin, say)
}

/// The connection, and its newest subscription: the one to everything, unless somebody added another.
async fn found(app: &App, id: ConnectionId) -> Result<(Connection, Option<Subscription>), Failure> {
    let conn = app.store.conn().await?;
    let connection = operation::require(&conn, id).await?;
    let first = PageRequest::new(1, None).map_err(|_| Failure::no_page())?;
    let page = subscriptions::list_of_connection(&conn, id, first).await?;
    Ok((connection, page.items.into_iter().next()))
}

fn form<'a>(viewer: &Viewer, connection: &Connection, wanted: &'a Wanted) -> Form<'a> {
    let page = viewer.path(&format!("integrations/{}", connection.id));
    Form {
        place: Place::Integrations,
        crumb: html! {
            a href=(viewer.place(Place::Integrations)) { "Integrations" } " / "
            a href=(page) { (outside(&connection.name)) } " / What to send"
        },
        title: "What to send".to_owned(),
        answer: html! {
            "It is told of everything unless you narrow that down. Try it on a past event before you save."
        },
        steps: Some(steps(Step::WhatToSend, Some(connection.kind))),
        action: format!("{page}/what-to-send"),
        back: page,
        wanted,
        connections: None,
    }
}

async fn ask(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
) -> Answer {
    let (connection, subscription) = found(&app, id).await?;
    let wanted = subscription.as_ref().map_or_else(|| Wanted::everything(Some(id)), Wanted::of);
    saving::ask(&app, &asked, &viewer, form(&viewer, &connection, &wanted)).await
}

async fn say(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let (connection, subscription) = found(&app, id).await?;
    let target = Target {
        connection: Some(connection.clone()),
        subscription: subscription.map(|it| it.id),
        then: viewer.path(&format!("integrations/{id}")),
    };
    saving::say(&app, &asked, &viewer, form(&viewer, &connection, &wanted), target).await
}
