//! The page before what cannot be taken back: what goes with it, why it is done, and for some the name typed.

use maud::{Markup, html};
use serde::Deserialize;

use super::{Errors, FormPage, reason_field};
use crate::console::components::form::{self, Field};
use crate::console::components::text::outside;
use crate::console::frame::{Place, Viewer};

/// What is asked before it is done.
#[derive(Debug)]
pub(in crate::console::pages) struct Confirm<'a> {
    pub(in crate::console::pages) place: Place,
    pub(in crate::console::pages) crumb: Markup,
    /// What is done. A name in it may be from outside.
    pub(in crate::console::pages) title: &'a str,
    /// What it does, in one sentence.
    pub(in crate::console::pages) answer: Markup,
    /// What goes, with its number.
    pub(in crate::console::pages) goes: Vec<(&'static str, u64)>,
    /// What happens and what stays, a sentence or two each.
    pub(in crate::console::pages) effects: Vec<Markup>,
    /// The name that must be typed; none: the button is enough.
    pub(in crate::console::pages) name: Option<&'a str>,
    pub(in crate::console::pages) action: String,
    /// What the button says.
    pub(in crate::console::pages) button: &'a str,
    pub(in crate::console::pages) back: String,
    /// What stands below the form.
    pub(in crate::console::pages) below: Markup,
}

/// What its form says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::console::pages) struct Confirmed {
    name: String,
    reason: Option<String>,
}

impl Confirmed {
    /// The reason, if what had to be typed is the thing's own name and the reason is one.
    pub(in crate::console::pages) fn checked(
        &self,
        name: Option<&str>,
    ) -> Result<Option<String>, Errors> {
        let mut errors = Errors::default();
        if name.is_some_and(|name| self.name.trim() != name.trim()) {
            errors.add("name", "This is not its name. Type it exactly as it stands above.");
        }
        let reason = errors.reason(self.reason.as_deref());
        if errors.is_empty() { Ok(reason) } else { Err(errors) }
    }
}

impl Confirm<'_> {
    /// The page.
    pub(in crate::console::pages) fn ask(&self, viewer: &Viewer) -> Markup {
        self.ask_again(viewer, &Confirmed::default(), &Errors::default())
    }

    /// The page as it was filled in, with what is wrong with that. Nothing was done.
    pub(in crate::console::pages) fn ask_again(
        &self,
        viewer: &Viewer,
        filled: &Confirmed,
        errors: &Errors,
    ) -> Markup {
        let fields = html! {
            @if !self.goes.is_empty() {
                dl.panel.facts {
                    @for (what, count) in &self.goes { div { dt { (what) } dd { (count) } } }
                }
            }
            @if !self.effects.is_empty() {
                ul.stack-s.small { @for effect in &self.effects { li { (effect) } } }
            }
            @if let Some(name) = self.name {
                p { "Type " b.id { (outside(name)) } " to confirm." }
                (form::field(&Field {
                    value: &filled.name,
                    error: errors.on("name"),
                    required: true,
                    ..Field::new("name", "Its name")
                }))
            }
            (reason_field(filled.reason.as_deref(), errors))
        };
        let page = FormPage {
            place: self.place,
            crumb: self.crumb.clone(),
            title: self.title,
            answer: self.answer.clone(),
            errors,
            action: self.action.clone(),
            fields,
            buttons: html! { button.btn.danger { (self.button) } },
            back: self.back.clone(),
            below: self.below.clone(),
        };
        page.view(viewer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confirmed_is_named_exactly() {
        let filled = |name: &str, reason: Option<&str>| Confirmed {
            name: name.to_owned(),
            reason: reason.map(str::to_owned),
        };
        let blank = filled(" octo ", Some(" ")).checked(Some("octo"));
        assert_eq!(blank, Ok(None));
        let wrong = filled("Octo", Some("a\nb")).checked(Some("octo")).unwrap_err();
        assert!(wrong.on("name").is_some() && wrong.on("reason").is_some());
        assert_eq!(filled("", Some("old")).checked(None), Ok(Some("old".to_owned())));
    }
}
