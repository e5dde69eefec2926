//! The forms of sources, and the page that shows a new secret once.

use hookyard_store::sources::Source;
use maud::{Markup, html};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::Deserialize;

use crate::console::components::form::{self, Field, Input};
use crate::console::components::message::note;
use crate::console::components::panel::{self, Head};
use crate::console::components::status::Tone;
use crate::console::components::text::{code, outside};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Errors, FormPage, SecretText, reason_field};
use crate::operations::ShownOnce;
use crate::operations::sources::made_secret;

const PROVIDERS: [(&str, &str); 2] = [("github", "GitHub"), ("linear", "Linear")];
const KEPT: [(&str, &str); 5] = [
    ("0", "Not at all: it ends now"),
    ("3600", "For an hour"),
    ("86400", "For a day"),
    ("604800", "For 7 days"),
    ("2592000", "For 30 days"),
];

/// The secret that was pasted; else one that is made here, and to be shown.
pub(super) fn pasted_or_made(field: &SecretText) -> (SecretSlice<u8>, Option<ShownOnce>) {
    let pasted = field.0.expose_secret();
    if !pasted.is_empty() {
        return (pasted.as_bytes().to_vec().into(), None);
    }
    let made = made_secret();
    (made.expose().as_bytes().to_vec().into(), Some(made))
}

/// The form for a new source.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NewSource {
    #[serde(default)]
    pub(super) provider: String,
    #[serde(default)]
    pub(super) slug: String,
    #[serde(default)]
    pub(super) secret: SecretText,
    pub(super) reason: Option<String>,
}

/// The form for a new secret.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Rotated {
    #[serde(default)]
    pub(super) secret: SecretText,
    /// How long the one before stays valid, in seconds.
    #[serde(default)]
    pub(super) keep: String,
    pub(super) reason: Option<String>,
}

fn secret_field(errors: &Errors) -> Markup {
    form::field(&Field {
        input: Input::Secret,
        hint: "Paste the one that the provider made, as Linear does. Left empty, one is made here and shown once.",
        error: errors.on("secret"),
        ..Field::new("secret", "Signing secret")
    })
}

/// The page with the form for a new source.
pub(super) fn add_page(viewer: &Viewer, new: &NewSource, errors: &Errors) -> Markup {
    let provider = if new.provider.is_empty() { "github" } else { &new.provider };
    let fields = html! {
        (form::field(&Field {
            input: Input::Choice(&PROVIDERS),
            value: provider,
            hint: "Whose signature the calls carry.",
            error: errors.on("provider"),
            required: true,
            ..Field::new("provider", "Provider")
        }))
        (form::field(&Field {
            value: &new.slug,
            placeholder: "linear-bugs",
            hint: "A label: small letters, digits and '-'.",
            error: errors.on("slug"),
            required: true,
            ..Field::new("slug", "Label")
        }))
        (secret_field(errors))
        (reason_field(new.reason.as_deref(), errors))
    };
    FormPage {
            place: Place::Sources,
            crumb: html! { (from_list(viewer)) " / Add" },
            title: "Add a source",
            answer: html! { "A URL of this workspace's own. Its calls count only if their signature fits the secret." },
            errors,
            action: viewer.path("sources/add"),
            fields,
            buttons: html! { button.btn.primary { "Add" } },
            back: viewer.place(Place::Sources),
            below: html! {},
    }
    .view(viewer)
}

/// The page with the form for a new secret.
pub(super) fn rotate_page(
    viewer: &Viewer,
    source: &Source,
    filled: &Rotated,
    errors: &Errors,
) -> Markup {
    let keep = if filled.keep.is_empty() { "86400" } else { &filled.keep };
    let fields = html! {
        (secret_field(errors))
        (form::field(&Field {
            input: Input::Choice(&KEPT),
            value: keep,
            hint: "Until the provider signs with the new one. Secrets older than that one end now.",
            error: errors.on("keep"),
            required: true,
            ..Field::new("keep", "Keep the one before")
        }))
        (reason_field(filled.reason.as_deref(), errors))
    };
    FormPage {
            place: Place::Sources,
            crumb: html! { (from_list(viewer)) " / " (outside(&source.slug)) " / Rotate" },
            title: "Give the source a new secret",
            answer: html! {
                "From now on " (outside(&source.slug)) " takes calls that are signed with the new secret; for a while also those with the one before."
            },
            errors,
            action: viewer.path(&format!("sources/{}/rotate", source.id)),
            fields,
            buttons: html! { button.btn.danger { "Rotate" } },
            back: viewer.place(Place::Sources),
            below: html! {},
    }
    .view(viewer)
}

/// The way up to the list.
pub(super) fn from_list(viewer: &Viewer) -> Markup {
    html! { a href=(viewer.place(Place::Sources)) { "Sources" } }
}

/// What was made. Its secret is on this page and on no other, so this is no page that a reload shows again.
pub(super) fn done_page(
    viewer: &Viewer,
    source: &Source,
    title: &str,
    made: Option<&ShownOnce>,
) -> Markup {
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { (from_list(viewer)) " / " (outside(&source.slug)) }),
            title: outside(title),
            answer: html! { "Calls are posted to this path of the ingress: " (code(&source.path())) },
            ..Head::default()
        }))
        @match made {
            Some(secret) => (note(Tone::Warn, &html! {
                p { b { "The signing secret. " } "It is shown once; give it to the provider now." }
                pre.id tabindex="0" aria-label="Signing secret" { code { (secret.expose()) } }
            })),
            None => (note(Tone::Good, &html! { "The secret that you gave is kept sealed and never shown." })),
        }
        div.actions { a.btn.primary href=(viewer.place(Place::Sources)) { "To the sources" } }
    };
    frame::page(viewer, Place::Sources, title, &[], &body)
}
