//! Removing an OAuth client: said with its numbers, and done once the name was typed.

use axum::extract::State;
use hookyard_domain::ids::OauthClientId;
use hookyard_store::deliveries;
use hookyard_store::delivery_jobs::Lane;
use hookyard_store::oauth_clients::OauthClient;
use maud::html;

use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::text::{counted, outside};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Confirm, Confirmed};
use crate::console::visit::{Posted, Subject};
use crate::operations::oauth_clients as operation;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    const PATH: &str = "/w/{slug}/oauth-clients/{oauth_client}/remove";
    Routes::console().page(PATH, Need::Admin, ask).action(PATH, Need::Admin, remove)
}

/// What removing it takes with it.
async fn at_stake(app: &App, id: OauthClientId) -> Result<(OauthClient, u32), Failure> {
    let conn = app.store.conn().await?;
    let client = operation::require(&conn, id).await?;
    let lane = Lane { workspace: client.workspace_id, receiver: id.0 };
    Ok((client, deliveries::waiting(&conn, lane).await?))
}

fn confirm<'a>(
    viewer: &Viewer,
    client: &'a OauthClient,
    waiting: u32,
    title: &'a str,
) -> Confirm<'a> {
    let page = viewer.path(&format!("oauth-clients/{}", client.id));
    let waits = if waiting >= deliveries::WAITING_MAX {
        "1,000 deliveries or more wait".to_owned()
    } else {
        counted(waiting.into(), "delivery waits", "deliveries wait")
    };
    Confirm {
        place: Place::Integrations,
        crumb: html! {
            a href=(viewer.path("oauth-clients")) { "OAuth clients" } " / "
            a href=(page) { (outside(&client.name)) } " / Remove"
        },
        title,
        answer: html! { "This cannot be undone: it must be added anew, and its users must grant it access again." },
        goes: Vec::new(),
        effects: vec![
            html! { b { (waits) } " for it; what waits is called off." },
            html! { b { (counted(client.grants.unsigned_abs(), "grant goes", "grants go")) } " with it." },
            html! { "Its URL and its secret are forgotten. Its past deliveries stay." },
        ],
        name: Some(&client.name),
        action: format!("{page}/remove"),
        back: page,
        button: "Remove it",
        below: html! {},
    }
}

async fn ask(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<OauthClientId>,
) -> Answer {
    let (client, waiting) = at_stake(&app, id).await?;
    let title = format!("Remove {}", client.name);
    answer::page(&app, &viewer, confirm(&viewer, &client, waiting, &title).ask(&viewer))
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<OauthClientId>,
    Posted(form): Posted<Confirmed>,
) -> Answer {
    let (client, waiting) = at_stake(&app, id).await?;
    let reason = match form.checked(Some(&client.name)) {
        Ok(reason) => reason,
        Err(errors) => {
            let title = format!("Remove {}", client.name);
            let page =
                confirm(&viewer, &client, waiting, &title).ask_again(&viewer, &form, &errors);
            return answer::not_taken(&app, &viewer, page);
        }
    };
    let done = operation::remove(&app.store, &asked.actor(reason), id).await?;
    let called_off = counted(done.cancelled, "delivery that waited", "deliveries that waited");
    let words = format!("Removed; {called_off} for it called off.");
    answer::done(&app, &viewer.path("oauth-clients"), &words)
}
