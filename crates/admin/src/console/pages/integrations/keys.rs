//! New signing keys for a signed endpoint, step by step, so that no call comes that it cannot verify.

use axum::extract::State;
use hookyard_domain::connection::ConnectionKind;
use hookyard_domain::ids::ConnectionId;
use hookyard_store::connections::Connection;
use maud::{Markup, html};

use super::outside_of;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::form;
use crate::console::components::message::note;
use crate::console::components::panel::{self, Head};
use crate::console::components::status::Tone;
use crate::console::components::text::outside;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Errors, Reason, because, reason_field};
use crate::console::visit::{Posted, Subject};
use crate::operations::ShownOnce;
use crate::operations::connections::{self as operation, Rotation};
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    const PATH: &str = "/w/{slug}/integrations/{connection}/signing-secret";
    const FINISH: &str = "/w/{slug}/integrations/{connection}/signing-secret/finish";
    Routes::console().page(PATH, Need::Admin, ask).action(PATH, Need::Admin, begin).action(
        FINISH,
        Need::Admin,
        finish,
    )
}

async fn ask(State(app): State<App>, viewer: Viewer, Subject(id): Subject<ConnectionId>) -> Answer {
    let connection = operation::require(&app.store.conn().await?, id).await?;
    if connection.kind != ConnectionKind::Webhook {
        return Err(Failure::no_page());
    }
    let keys = operation::signing_keys(&app.store, outside_of(&app)?.ring, id).await?;
    answer::page(&app, &viewer, view(&viewer, &connection, keys))
}

fn view(viewer: &Viewer, connection: &Connection, keys: usize) -> Markup {
    let page = viewer.path(&format!("integrations/{}", connection.id));
    let path = format!("{page}/signing-secret");
    let begin = html! {
        (reason_field(None, &Errors::default()))
        div.actions { button.btn.primary { "Make a new key" } a.btn href=(page) { "Back" } }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(crumb(viewer, connection)),
            title: html! { "Rotate the signing secret of " (outside(&connection.name)) },
            answer: html! {
                @if keys > 1 { b { "Two keys sign its calls: a rotation is unfinished." } }
                @else { "One key signs its calls. Until the rotation is finished, the new one and this one both do." }
            },
            ..Head::default()
        }))
        @if keys > 1 {
            (panel::titled("Finish it", &html! { "when the endpoint has the new key" }, &html! {
                div.pad.stack-s {
                    p.small { "The older key ends now. An endpoint that knows only that one refuses every call from then on." }
                    (form::button(&format!("{path}/finish"), &viewer.csrf, "danger", &html! { "End the older key" }))
                }
            }, None))
        }
        (panel::titled("Make a new key", &html! {}, &html! {
            div.pad.stack-s {
                ol.stack-s.small {
                    li { "1. A new key is made, and shown once." }
                    li { "2. From then on each call carries two signatures, one of each key. A still older key ends." }
                    li { "3. Give the endpoint the new key, then end the older one here." }
                }
                (form::post(&path, &viewer.csrf, "form", &begin))
            }
        }, None))
    };
    frame::page(viewer, Place::Integrations, "Rotate the signing secret", &[], &body)
}

fn crumb(viewer: &Viewer, connection: &Connection) -> Markup {
    html! {
        a href=(viewer.place(Place::Integrations)) { "Integrations" } " / "
        a href=(viewer.path(&format!("integrations/{}", connection.id))) { (outside(&connection.name)) }
        " / Signing secret"
    }
}

/// The key, on this page and on no other: it answers a post, so no reload shows it again.
pub(super) fn shown_once(secret: &ShownOnce) -> Markup {
    note(
        Tone::Warn,
        &html! {
            p { b { "The key that its calls are signed with. " } "It is shown once; keep it where the endpoint verifies them." }
            pre.id tabindex="0" aria-label="Signing key" { code { (secret.expose()) } }
        },
    )
}

async fn begin(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    let ring = outside_of(&app)?.ring;
    let rotated = operation::rotate(&app.store, &actor, ring, id, Rotation::Begin).await?;
    let connection = &rotated.connection;
    let body = html! {
        (panel::head(&Head {
            crumb: Some(crumb(&viewer, connection)),
            title: html! { "The new signing key of " (outside(&connection.name)) },
            answer: html! { "It signs every call from now on, beside the older one, until that is ended." },
            ..Head::default()
        }))
        @if let Some(secret) = &rotated.signing_secret { (shown_once(secret)) }
        div.actions {
            a.btn.primary href=(viewer.path(&format!("integrations/{id}/signing-secret"))) { "Finish the rotation …" }
            a.btn.quiet href=(viewer.path(&format!("integrations/{id}"))) { "Later" }
        }
    };
    let page = frame::page(&viewer, Place::Integrations, "The new signing key", &[], &body);
    answer::page(&app, &viewer, page)
}

async fn finish(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    let ring = outside_of(&app)?.ring;
    operation::rotate(&app.store, &actor, ring, id, Rotation::Finish).await?;
    let to = viewer.path(&format!("integrations/{id}"));
    answer::done(&app, &to, "The older key ended; one key signs its calls.")
}
