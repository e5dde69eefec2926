//! Adding an OAuth client.

use axum::extract::State;
use hookyard_domain::connection::Name;
use hookyard_domain::token::ClientScope;
use maud::{Markup, html};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::form::{self, Field, Input};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Errors, FormPage, SecretText, reason_field, sentence};
use crate::console::pages::integrations::outside_of;
use crate::console::visit::Posted;
use crate::operations::OperationError;
use crate::operations::oauth_clients::{self as operation, AddClient};
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    const PATH: &str = "/w/{slug}/oauth-clients/add";
    Routes::console().page(PATH, Need::Admin, ask).action(PATH, Need::Admin, add)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    name: String,
    url: SecretText,
    secret: SecretText,
    reason: Option<String>,
}

fn view(viewer: &Viewer, wanted: &Wanted, errors: &Errors) -> Markup {
    let list = viewer.path("oauth-clients");
    let fields = html! {
        (form::field(&Field { value: &wanted.name, error: errors.on("name"), required: true, ..Field::new("name", "Name") }))
        (form::field(&Field {
            input: Input::Secret, error: errors.on("url"), required: true, placeholder: "https://…",
            hint: "Where it is called. The name is looked up, nothing is sent. Kept sealed, never shown again.",
            ..Field::new("url", "URL of its webhook")
        }))
        (form::field(&Field {
            input: Input::Secret, error: errors.on("secret"),
            hint: "What X-Webhook-Secret is made with. Left empty, its calls have no such header.",
            ..Field::new("secret", "Secret")
        }))
        (reason_field(wanted.reason.as_deref(), errors))
    };
    let page = FormPage {
        place: Place::Integrations,
        crumb: html! {
            a href=(viewer.place(Place::Integrations)) { "Integrations" } " / "
            a href=(list) { "OAuth clients" } " / Add"
        },
        title: "Add an OAuth client",
        answer: html! { "It is told of nothing until one of its users grants it access." },
        errors,
        action: viewer.path("oauth-clients/add"),
        fields,
        buttons: html! { button.btn.primary { "Add the client" } },
        back: list,
        below: html! {},
    };
    page.view(viewer)
}

async fn ask(State(app): State<App>, viewer: Viewer) -> Answer {
    answer::page(&app, &viewer, view(&viewer, &Wanted::default(), &Errors::default()))
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(wanted.reason.as_deref());
    let name = errors.note("name", wanted.name.trim().parse::<Name>());
    if wanted.url.0.expose_secret().is_empty() {
        errors.add("url", "Enter the URL.");
    }
    if let Some(name) = name.filter(|_| errors.is_empty()) {
        let secret = wanted.secret.0.clone();
        let new = AddClient {
            workspace: asked.slug(),
            name,
            webhook_url: wanted.url.0.clone(),
            secret: (!secret.expose_secret().is_empty()).then_some(secret),
            scopes: ClientScope::ALL.to_vec(),
        };
        match operation::add(&outside_of(&app)?, &asked.actor(reason), new).await {
            Ok(client) => {
                let to = viewer.path(&format!("oauth-clients/{}", client.id));
                let words =
                    "Added. Grant it access for its users, and it is told of what they connect.";
                return answer::done(&app, &to, words);
            }
            Err(OperationError::Invalid(why)) => errors.add("url", sentence(&why)),
            Err(OperationError::Conflict(conflict)) => errors.stands_against("name", &conflict),
            Err(error) => return Err(error.into()),
        }
    }
    if errors.on("url").is_none() {
        errors.add("url", "Enter it again. It is not kept when a form is not taken.");
    }
    let page = view(&viewer, &wanted, &errors);
    answer::not_taken(&app, &viewer, page)
}
