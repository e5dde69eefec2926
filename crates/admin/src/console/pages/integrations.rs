//! Integrations: which outside systems work, and how do I connect one?

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::connection::{ConnectionKind, ConnectionStatus};
use hookyard_domain::ids::ConnectionId;
use hookyard_store::connections::{self, Connection};
use maud::{Markup, html};
use secrecy::SecretString;
use serde::Deserialize;

use super::because;
use super::plain::Ask;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::form::{self, Field, Input};
use crate::console::components::icons::Icon;
use crate::console::components::message::{empty, note};
use crate::console::components::panel::{self, Head};
use crate::console::components::status::{Tone, badge};
use crate::console::components::text::{id, outside, outside_cut};
use crate::console::components::time::ago;
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::OperationError;
use crate::operations::connections::{self as operation, Connect, Connected, Limits, Outside};
use crate::routes::Routes;

/// The kinds and how they are called.
const KINDS: [(&str, &str); 3] =
    [("webhook", "Webhook"), ("slack", "Slack"), ("discord", "Discord")];

/// The connections of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/integrations", Need::Member, show)
        .page("/w/{slug}/integrations/connect", Need::Admin, ask)
        .action("/w/{slug}/integrations/connect", Need::Admin, connect)
        .action("/w/{slug}/integrations/{connection}/test", Need::Admin, test)
        .action("/w/{slug}/integrations/{connection}/disconnect", Need::Admin, disconnect)
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = connections::list(&conn, Some(asked.workspace().id), ask.page()?).await?;
    let new = viewer.path("integrations/connect");
    let body = html! {
        (panel::head(&Head {
            title: html! { "Integrations" },
            answer: html! { "The outside systems that are told what happens here." },
            actions: viewer.is_admin.then(|| html! { a.btn.primary href=(new) { "Connect …" } }),
            ..Head::default()
        }))
        @if page.items.is_empty() {
            (empty(Icon::Out, "Nothing is connected yet", &html! {
                p { "A connection is tested first and saved only if the receiver takes the test." }
                @if viewer.is_admin { div.actions { a.btn.primary href=(new) { "Connect one" } } }
            }))
        } @else { div.cards { @for connection in &page.items { (card(&viewer, connection)) } } }
    };
    answer::page(
        &app,
        &viewer,
        frame::page(&viewer, Place::Integrations, "Integrations", &[], &body),
    )
}

fn card(viewer: &Viewer, connection: &Connection) -> Markup {
    let path = |verb: &str| viewer.path(&format!("integrations/{}/{verb}", connection.id));
    let deliveries = viewer.path(&format!("deliveries?connection={}", connection.id));
    html! {
        section.card id=(connection.id) {
            div.top {
                span.tilei aria-hidden="true" { (&connection.kind.as_str()[..2]) }
                div { b { (outside(&connection.name)) } small { (connection.kind.as_str()) } }
                (badge(connection.status))
            }
            div.small {
                @if let Some(error) = &connection.last_error { p.sub.err { (outside_cut(error, 240)) } }
                @if let Some(at) = connection.failing_since { p { "Failing since " (ago(viewer.now, at)) } }
                @if let Some(at) = connection.last_triggered_at { p.dim { "Last sent to " (ago(viewer.now, at)) } }
            }
            p.small.dim { (id(&connection.id.to_string())) }
            div.acts {
                a.btn href=(deliveries) { "Deliveries" }
                @if viewer.is_admin && connection.status != ConnectionStatus::Disconnected {
                    (form::button(&path("test"), &viewer.csrf, "", &html! { "Test" }))
                    (form::button(&path("disconnect"), &viewer.csrf, "danger", &html! { "Disconnect" }))
                }
            }
        }
    }
}

async fn ask(State(app): State<App>, viewer: Viewer) -> Answer {
    answer::page(&app, &viewer, form_page(&viewer, &Wanted::default(), None))
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    kind: String,
    name: String,
    #[serde(default)]
    url: SecretText,
    reason: Option<String>,
}

/// A field that is never written back: its `Debug` shows nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "String")]
struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

fn form_page(viewer: &Viewer, wanted: &Wanted, error: Option<&str>) -> Markup {
    let name = if wanted.name.is_empty() { "default" } else { &wanted.name };
    let fields = html! {
        (form::field(&Field { input: Input::Choice(&KINDS), value: &wanted.kind, required: true, ..Field::new("kind", "Kind") }))
        (form::field(&Field { value: name, hint: "To tell connections of one kind apart.", required: true, ..Field::new("name", "Name") }))
        (form::field(&Field {
            input: Input::Secret,
            placeholder: "https://…",
            hint: "With Slack and Discord the URL is the credential itself. It is kept sealed and never shown again.",
            error,
            required: true,
            ..Field::new("url", "URL of the receiver")
        }))
        (form::field(&Field { hint: "For the audit log.", value: wanted.reason.as_deref().unwrap_or(""), ..Field::new("reason", "Reason") }))
        div.actions {
            button.btn.primary { "Test and connect" }
            a.btn href=(viewer.place(Place::Integrations)) { "Back" }
        }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Integrations)) { "Integrations" } " / Connect" }),
            title: html! { "Connect an integration" },
            answer: html! { "A sample is sent first. It is saved only if the receiver takes it, and then subscribed to everything." },
            ..Head::default()
        }))
        @if let Some(error) = error { (form::summary(&[("url", error)])) }
        (form::post(&viewer.path("integrations/connect"), &viewer.csrf, "form", &fields))
    };
    frame::page(viewer, Place::Integrations, "Connect an integration", &[], &body)
}

fn outside_of(app: &App) -> Result<Outside<'_>, Failure> {
    let ring = app.vault_ring.as_ref().ok_or_else(|| {
        let text = "The admin process runs without HOOKYARD_VAULT_KEYS, and this needs them.";
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Nothing was changed", text)
    })?;
    Ok(Outside { store: &app.store, ring, sender: &app.sender })
}

async fn connect(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let actor = asked.actor(because(wanted.reason.clone())?);
    let refused = |error: &str| {
        let page = form_page(&viewer, &wanted, Some(error));
        answer::page_as(StatusCode::UNPROCESSABLE_ENTITY, &app, &viewer, page)
    };
    let Ok(kind) = wanted.kind.parse::<ConnectionKind>() else {
        return refused("There is no such kind.");
    };
    let name = match wanted.name.trim().parse() {
        Ok(name) => name,
        Err(error) => return refused(&format!("{error}")),
    };
    let new = Connect {
        workspace: asked.slug(),
        kind,
        name,
        url: wanted.url.0.clone(),
        user: None,
        limits: Limits::default(),
    };
    match operation::connect(&outside_of(&app)?, &actor, new, app.now()).await {
        Ok(made) => answer::page(&app, &viewer, connected_page(&viewer, &made)),
        Err(error @ (OperationError::Store(_) | OperationError::Seal(_))) => Err(error.into()),
        // It says itself that nothing was saved.
        Err(error @ OperationError::TestFailed(_)) => refused(&format!("{error}.")),
        Err(error) => refused(&format!("{error}. Nothing was saved; correct it and try again.")),
    }
}

/// What was made. Its key is on this page and on no other, so this is no page that a reload shows again.
fn connected_page(viewer: &Viewer, made: &Connected) -> Markup {
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Integrations)) { "Integrations" } " / " (outside(&made.connection.name)) }),
            title: outside(&made.message),
            answer: html! { (badge(made.connection.status)) " The receiver took the test." },
            ..Head::default()
        }))
        @if let Some(secret) = &made.signing_secret {
            (note(Tone::Warn, &html! {
                p { b { "The key that its calls are signed with. " } "It is shown once; keep it where the receiver verifies them." }
                pre.id tabindex="0" aria-label="Signing key" { code { (secret.expose()) } }
            }))
        }
        div.actions { a.btn.primary href=(viewer.place(Place::Integrations)) { "To the integrations" } }
    };
    frame::page(viewer, Place::Integrations, &made.message, &[], &body)
}

#[derive(Debug, Deserialize)]
struct Reason {
    reason: Option<String>,
}

async fn test(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason)?);
    operation::test(&outside_of(&app)?, &actor, id, app.now()).await?;
    answer::done(&app, &viewer.place(Place::Integrations), "The receiver took the test.")
}

async fn disconnect(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let done = operation::disconnect(&app.store, &asked.actor(because(form.reason)?), id).await?;
    let words =
        format!("Disconnected; {} deliveries that waited for it were called off.", done.cancelled);
    answer::done(&app, &viewer.place(Place::Integrations), &words)
}
