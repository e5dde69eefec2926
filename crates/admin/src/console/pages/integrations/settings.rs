//! What a connection is called, and how hard it may be called.

use axum::extract::State;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::ConnectionId;
use hookyard_store::connections::Connection;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::form::{self, Field, Input};
use crate::console::components::text::outside;
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Errors, FormPage, given, reason_field};
use crate::console::visit::{Posted, Subject};
use crate::operations::OperationError;
use crate::operations::connections::{self as operation, Limits, UpdateConnection};
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    const PATH: &str = "/w/{slug}/integrations/{connection}/settings";
    Routes::console().page(PATH, Need::Admin, ask).action(PATH, Need::Admin, save)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    name: String,
    concurrency: String,
    rate: String,
    reason: Option<String>,
    /// When whoever changes it last saw it change.
    seen: Option<Timestamp>,
}

impl Wanted {
    fn of(connection: &Connection) -> Self {
        Self {
            name: connection.name.clone(),
            concurrency: connection.concurrency_max.to_string(),
            rate: connection.rate_per_s.map(|rate| rate.to_string()).unwrap_or_default(),
            reason: None,
            seen: Some(connection.updated_at),
        }
    }

    fn read(&self, errors: &mut Errors) -> Option<UpdateConnection> {
        let name = errors.note("name", self.name.trim().parse::<Name>());
        let limits = limits(&self.concurrency, &self.rate, errors);
        Some(UpdateConnection { name: Some(name?), limits: limits? })
    }
}

/// The limits that two fields give; empty ones leave the limit as it is.
pub(super) fn limits(concurrency: &str, rate: &str, errors: &mut Errors) -> Option<Limits> {
    let number = "This is no number.";
    let concurrency = given(concurrency).map(str::parse::<i32>).transpose();
    let concurrency = errors.note("concurrency", concurrency.map_err(|_| number))?;
    let rate = given(rate).map(str::parse::<f32>).transpose();
    let rate_per_s = errors.note("rate", rate.map_err(|_| number))?;
    errors.note("concurrency", Limits { concurrency, rate_per_s: None }.check())?;
    errors.note("rate", Limits { concurrency: None, rate_per_s }.check())?;
    Some(Limits { concurrency, rate_per_s })
}

/// The two fields.
pub(super) fn limit_fields(concurrency: &str, rate: &str, errors: &Errors) -> Markup {
    html! {
        (form::field(&Field {
            input: Input::Number, value: concurrency, error: errors.on("concurrency"), placeholder: "16",
            hint: "1 to 1000. Calls that may be under way to it at once.",
            ..Field::new("concurrency", "Calls at once")
        }))
        (form::field(&Field {
            value: rate, error: errors.on("rate"),
            hint: "Calls that may begin in a second, such as 0.5; what is left empty stays as it is.",
            ..Field::new("rate", "Calls a second")
        }))
    }
}

fn view(viewer: &Viewer, connection: &Connection, wanted: &Wanted, errors: &Errors) -> Markup {
    let own = viewer.path(&format!("integrations/{}", connection.id));
    let seen = wanted.seen.map(|at| at.to_string());
    let fields = html! {
        input type="hidden" name="seen" value=[seen];
        (form::field(&Field { value: &wanted.name, error: errors.on("name"), required: true, ..Field::new("name", "Name") }))
        (limit_fields(&wanted.concurrency, &wanted.rate, errors))
        (reason_field(wanted.reason.as_deref(), errors))
    };
    let page = FormPage {
        place: Place::Integrations,
        crumb: html! {
            a href=(viewer.place(Place::Integrations)) { "Integrations" } " / "
            a href=(own) { (outside(&connection.name)) } " / Settings"
        },
        title: &format!("Settings of {}", connection.name),
        answer: html! { "Its credentials stay as they are; Connect anew replaces them." },
        errors,
        action: format!("{own}/settings"),
        fields,
        buttons: html! { button.btn.primary { "Save" } },
        back: own,
        below: html! {},
    };
    page.view(viewer)
}

async fn ask(State(app): State<App>, viewer: Viewer, Subject(id): Subject<ConnectionId>) -> Answer {
    let connection = operation::require(&app.store.conn().await?, id).await?;
    let page = view(&viewer, &connection, &Wanted::of(&connection), &Errors::default());
    answer::page(&app, &viewer, page)
}

async fn save(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let connection = operation::require(&app.store.conn().await?, id).await?;
    let mut errors = Errors::default();
    let reason = errors.reason(wanted.reason.as_deref());
    if let Some(to) = wanted.read(&mut errors).filter(|_| errors.is_empty()) {
        match operation::update(&app.store, &asked.actor(reason), id, to, wanted.seen).await {
            Ok(_) => {
                return answer::done(&app, &viewer.path(&format!("integrations/{id}")), "Saved.");
            }
            Err(OperationError::Conflict(conflict)) => errors.stands_against("name", &conflict),
            Err(error) => return Err(error.into()),
        }
    }
    let page = view(&viewer, &connection, &wanted, &errors);
    answer::not_taken(&app, &viewer, page)
}
