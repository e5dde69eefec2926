//! Disconnecting: said with its numbers, and done once the name was typed.

use axum::extract::State;
use hookyard_domain::ids::ConnectionId;
use maud::html;

use super::{list, one};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::text::{counted, outside};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Confirm, Confirmed};
use crate::console::visit::{Posted, Subject};
use crate::operations::connections as operation;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    const PATH: &str = "/w/{slug}/integrations/{connection}/disconnect";
    Routes::console().page(PATH, Need::Admin, ask).action(PATH, Need::Admin, disconnect)
}

fn confirm<'a>(viewer: &Viewer, look: &'a one::Look, title: &'a str) -> Confirm<'a> {
    let connection = &look.connection;
    let page = viewer.path(&format!("integrations/{}", connection.id));
    let subscriptions = look.subscriptions.len() as u64;
    let more = if look.more_subscriptions { " or more" } else { "" };
    Confirm {
        place: Place::Integrations,
        crumb: html! {
            a href=(viewer.place(Place::Integrations)) { "Integrations" } " / "
            a href=(page) { (outside(&connection.name)) } " / Disconnect"
        },
        title,
        answer: html! {
            "Its credentials are forgotten at once. To undo this, somebody must enter them again."
        },
        goes: Vec::new(),
        effects: vec![
            html! { b { (list::waits(look.waiting)) } " for it; what waits is called off, and not sent later." },
            html! {
                b { (counted(subscriptions, "subscription", "subscriptions")) (more) }
                " of it stay, and match nothing more until it is connected anew."
            },
            html! { "A try that is under way ends; its answer is recorded." },
            html! { "Its past deliveries stay, and can be read." },
        ],
        name: Some(&connection.name),
        action: format!("{page}/disconnect"),
        back: page,
        button: "Disconnect",
        below: html! {},
    }
}

async fn ask(State(app): State<App>, viewer: Viewer, Subject(id): Subject<ConnectionId>) -> Answer {
    let look = one::look(&app, id).await?;
    let title = format!("Disconnect {}", look.connection.name);
    let page = confirm(&viewer, &look, &title).ask(&viewer);
    answer::page(&app, &viewer, page)
}

async fn disconnect(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(form): Posted<Confirmed>,
) -> Answer {
    let look = one::look(&app, id).await?;
    let reason = match form.checked(Some(&look.connection.name)) {
        Ok(reason) => reason,
        Err(errors) => {
            let title = format!("Disconnect {}", look.connection.name);
            let page = confirm(&viewer, &look, &title).ask_again(&viewer, &form, &errors);
            return answer::not_taken(&app, &viewer, page);
        }
    };
    let done = operation::disconnect(&app.store, &asked.actor(reason), id).await?;
    let called_off = counted(done.cancelled, "delivery that waited", "deliveries that waited");
    let words = format!("Disconnected; {called_off} for it called off.");
    answer::done(&app, &viewer.path(&format!("integrations/{id}")), &words)
}
