//! A page that is a form.

use maud::{Markup, html};

use super::Errors;
use crate::console::components::form;
use crate::console::components::panel::{self, Head};
use crate::console::components::text::outside;
use crate::console::frame::{self, Place, Viewer};

/// A page that is a form, which keeps what was filled in.
#[derive(Debug)]
pub(in crate::console::pages) struct FormPage<'a> {
    pub(in crate::console::pages) place: Place,
    /// The pages above it.
    pub(in crate::console::pages) crumb: Markup,
    pub(in crate::console::pages) title: &'a str,
    pub(in crate::console::pages) answer: Markup,
    pub(in crate::console::pages) errors: &'a Errors,
    /// Where it posts to.
    pub(in crate::console::pages) action: String,
    pub(in crate::console::pages) fields: Markup,
    /// Its buttons, but for the way back.
    pub(in crate::console::pages) buttons: Markup,
    pub(in crate::console::pages) back: String,
    /// What stands below the form.
    pub(in crate::console::pages) below: Markup,
}

impl FormPage<'_> {
    /// The page.
    pub(in crate::console::pages) fn view(&self, viewer: &Viewer) -> Markup {
        let fields = html! {
            (self.fields)
            div.actions { (self.buttons) a.btn href=(self.back) { "Back" } }
        };
        let body = html! {
            (panel::head(&Head {
                crumb: Some(self.crumb.clone()),
                title: outside(self.title),
                answer: self.answer.clone(),
                ..Head::default()
            }))
            (self.errors.summary(viewer))
            (form::post(&self.action, &viewer.csrf, "form", &fields))
            (self.below)
        };
        frame::page(viewer, self.place, self.title, &[], &body)
    }
}
