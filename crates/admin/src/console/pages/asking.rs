//! Pages that ask: forms that keep what was filled in, and the confirmation of what cannot be undone.

use maud::{Markup, html};
use serde::Deserialize;

use crate::console::answer::Failure;
use crate::console::components::form::{self, Field};
use crate::console::components::panel::{self, Head};
use crate::console::components::text::outside;
use crate::console::frame::{self, Place, Viewer};
use crate::operations::OperationError;

/// The longest reason for the audit log, in characters.
const REASON_CHARS_MAX: usize = 500;

/// The reason that a form gives for the audit log, an empty one being none; or why it is none.
pub(super) fn checked_reason(reason: Option<&str>) -> Result<Option<String>, String> {
    let reason = reason.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let fits = |text: &String| {
        text.chars().count() <= REASON_CHARS_MAX && !text.chars().any(char::is_control)
    };
    if reason.as_ref().is_none_or(fits) {
        return Ok(reason);
    }
    Err(format!("A reason is one line of at most {REASON_CHARS_MAX} characters."))
}

/// What is wrong with a form: fields and why they were not taken.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<(&'static str, String)>);

impl Errors {
    /// One field is wrong.
    pub(super) fn of(field: &'static str, why: impl Into<String>) -> Self {
        Self(vec![(field, why.into())])
    }

    /// Another field is wrong, too.
    pub(super) fn add(&mut self, field: &'static str, why: impl Into<String>) {
        self.0.push((field, why.into()));
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why this field was not taken.
    pub(super) fn on(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, why)| why.as_str())
    }

    /// What the operation refused, beside this field. What is nobody's fault stays a failure.
    pub(super) fn refused(field: &'static str, error: OperationError) -> Result<Self, Failure> {
        match error {
            OperationError::Store(_)
            | OperationError::Seal(_)
            | OperationError::NotFound { .. } => Err(error.into()),
            error @ (OperationError::Conflict(_)
            | OperationError::Stale(_)
            | OperationError::GitHub { .. }
            | OperationError::Invalid(_)
            | OperationError::Forbidden(_)
            | OperationError::TestFailed(_)) => Ok(Self::of(field, sentence(&error.to_string()))),
        }
    }

    /// The reason of the form; a bad one is added to the errors.
    pub(super) fn reason(&mut self, reason: Option<&str>) -> Option<String> {
        checked_reason(reason).unwrap_or_else(|why| {
            self.add("reason", why);
            None
        })
    }

    fn summary(&self) -> Markup {
        let errors: Vec<(&str, &str)> =
            self.0.iter().map(|(field, why)| (*field, why.as_str())).collect();
        form::summary(&errors)
    }
}

/// An error's words as a sentence of their own. An id at its beginning stays as it is.
pub(super) fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    let mut out = if is_word {
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string())
            + chars.as_str()
    } else {
        text.to_owned()
    };
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

/// The field for the audit log's reason, which every form that changes something has.
pub(super) fn reason_field(value: Option<&str>, errors: &Errors) -> Markup {
    form::field(&Field {
        value: value.unwrap_or_default(),
        hint: "For the audit log.",
        error: errors.on("reason"),
        ..Field::new("reason", "Reason")
    })
}

/// A page that is a form.
#[derive(Debug)]
pub(super) struct FormPage<'a> {
    pub(super) place: Place,
    /// The pages above it.
    pub(super) crumb: Markup,
    pub(super) title: &'a str,
    pub(super) answer: Markup,
    pub(super) errors: &'a Errors,
    /// Where it posts to.
    pub(super) action: String,
    pub(super) fields: Markup,
    /// Its buttons, but for the way back.
    pub(super) buttons: Markup,
    pub(super) back: String,
    /// What stands below the form.
    pub(super) below: Markup,
}

/// The page.
pub(super) fn form_page(viewer: &Viewer, page: &FormPage<'_>) -> Markup {
    let fields = html! {
        (page.fields)
        div.actions { (page.buttons) a.btn href=(page.back) { "Back" } }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(page.crumb.clone()),
            title: outside(page.title),
            answer: page.answer.clone(),
            ..Head::default()
        }))
        (page.errors.summary())
        (form::post(&page.action, &viewer.csrf, "form", &fields))
        (page.below)
    };
    frame::page(viewer, page.place, page.title, &[], &body)
}

/// The form of a confirmation page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    pub(super) name: String,
    pub(super) reason: Option<String>,
}

impl Confirmed {
    /// The reason, if the name that was typed is the thing's own and the reason is one.
    pub(super) fn checked(&self, name: &str) -> Result<Option<String>, Errors> {
        let mut errors = Errors::default();
        if self.name.trim() != name.trim() {
            errors.add("name", "This is not its name. Type it exactly as it stands above.");
        }
        let reason = errors.reason(self.reason.as_deref());
        if errors.is_empty() { Ok(reason) } else { Err(errors) }
    }
}

/// What cannot be undone, before it is done.
#[derive(Debug)]
pub(super) struct Confirm<'a> {
    pub(super) place: Place,
    pub(super) crumb: Markup,
    pub(super) title: &'a str,
    /// What it does, in one sentence.
    pub(super) answer: Markup,
    /// What goes, with its number.
    pub(super) goes: Vec<(&'static str, u64)>,
    /// What stays, and how to come back.
    pub(super) stays: Markup,
    /// The name that must be typed; none: the button is enough.
    pub(super) name: Option<&'a str>,
    pub(super) action: String,
    /// What the button says.
    pub(super) button: String,
    pub(super) back: String,
    pub(super) below: Markup,
}

/// The page that says what will go and asks once more.
pub(super) fn confirm_page(
    viewer: &Viewer,
    confirm: &Confirm<'_>,
    filled: &Confirmed,
    errors: &Errors,
) -> Markup {
    let fields = html! {
        @if !confirm.goes.is_empty() {
            dl.panel.facts {
                @for (what, count) in &confirm.goes { div { dt { (what) } dd { (count) } } }
            }
        }
        p.small { (confirm.stays) }
        @if let Some(name) = confirm.name {
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
    form_page(
        viewer,
        &FormPage {
            place: confirm.place,
            crumb: confirm.crumb.clone(),
            title: confirm.title,
            answer: confirm.answer.clone(),
            errors,
            action: confirm.action.clone(),
            fields,
            buttons: html! { button.btn.danger { (confirm.button) } },
            back: confirm.back.clone(),
            below: confirm.below.clone(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence_and_an_id_stays_as_it_is() {
        assert_eq!(sentence("the name is taken"), "The name is taken.");
        assert_eq!(sentence("tgt_01h455 is disabled"), "tgt_01h455 is disabled.");
        assert_eq!(sentence("\"x\" is no name."), "\"x\" is no name.");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn what_is_confirmed_is_named_exactly() {
        let filled = |name: &str, reason: Option<&str>| Confirmed {
            name: name.to_owned(),
            reason: reason.map(str::to_owned),
        };
        assert!(filled(" octo ", Some(" ")).checked("octo").is_ok_and(|reason| reason.is_none()));
        let wrong = filled("Octo", Some("a\nb")).checked("octo").unwrap_err();
        assert!(wrong.on("name").is_some() && wrong.on("reason").is_some());
    }
}
