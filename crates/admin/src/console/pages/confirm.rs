//! The page before what cannot be taken back: what goes with it, why it is done, and for some the name typed.

use axum::http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;

use super::fields::Faults;
use crate::App;
use crate::console::answer::{self, Answer};
use crate::console::components::form::{self, Field};
use crate::console::components::panel::{self, Head};
use crate::console::components::text::outside;
use crate::console::frame::{self, Place, Viewer};

/// What is asked before it is done.
#[derive(Debug)]
pub(super) struct Confirm<'a> {
    pub(super) place: Place,
    pub(super) crumb: Markup,
    /// What is done: `Disconnect Orders`. A name in it may be from outside.
    pub(super) title: &'a str,
    pub(super) answer: Markup,
    /// What will go, each with its number.
    pub(super) effects: Vec<Markup>,
    /// What must be typed; none: the button is enough.
    pub(super) typed: Option<&'a str>,
    /// Where it is done, and where there is a way back.
    pub(super) action: String,
    pub(super) back: String,
    pub(super) button: &'static str,
}

/// What its form says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Confirmed {
    name: String,
    pub(super) reason: Option<String>,
}

impl Confirm<'_> {
    /// Whether the name was typed, if one must be.
    pub(super) fn is_met_by(&self, form: &Confirmed) -> bool {
        self.typed.is_none_or(|name| form.name.trim() == name)
    }

    /// The page.
    pub(super) fn page(&self, viewer: &Viewer) -> Markup {
        self.view(viewer, &Confirmed::default(), &Faults::none())
    }

    /// The page again, where another name was typed. Nothing was done.
    pub(super) fn refused(&self, app: &App, viewer: &Viewer, form: &Confirmed) -> Answer {
        let faults = Faults::one("name", "This is not the name. Type it as it stands above.");
        let page = self.view(viewer, form, &faults);
        answer::page_as(StatusCode::UNPROCESSABLE_ENTITY, app, viewer, page)
    }

    fn view(&self, viewer: &Viewer, form: &Confirmed, faults: &Faults) -> Markup {
        let fields = html! {
            @if let Some(name) = self.typed {
                p.small { "To go on, type its name: " b.id { (outside(name)) } }
                (form::field(&Field { value: &form.name, error: faults.of("name"), required: true, ..Field::new("name", "Name") }))
            }
            (form::field(&Field {
                value: form.reason.as_deref().unwrap_or(""),
                hint: "For the audit log.",
                ..Field::new("reason", "Reason")
            }))
            div.actions {
                button.btn.danger { (self.button) }
                a.btn.quiet href=(self.back) { "Cancel" }
            }
        };
        let body = html! {
            (panel::head(&Head {
                crumb: Some(self.crumb.clone()),
                title: outside(self.title),
                answer: self.answer.clone(),
                ..Head::default()
            }))
            (faults.summary())
            (panel::titled("What will happen", &html! {}, &html! {
                div.pad.stack-s {
                    ul.stack-s { @for effect in &self.effects { li { (effect) } } }
                    (form::post(&self.action, &viewer.csrf, "form", &fields))
                }
            }, None))
        };
        frame::page(viewer, self.place, self.title, &[], &body)
    }
}
