//! Fields that many forms have: the reason for the audit log, secrets, and how texts are read.

use axum::http::StatusCode;
use maud::Markup;
use secrecy::SecretString;
use serde::Deserialize;

use super::Errors;
use crate::console::answer::Failure;
use crate::console::components::form::{self, Field};

/// The longest reason for the audit log, in characters.
const REASON_CHARS_MAX: usize = 500;

/// The form of a button: nothing but perhaps a reason.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Reason {
    pub(in crate::console::pages) reason: Option<String>,
}

/// The reason that a form gives for the audit log, an empty one being none; or why it is none.
pub(super) fn checked_reason(reason: Option<&str>) -> Result<Option<String>, String> {
    let reason = reason.and_then(given);
    let fits = |text: &str| {
        text.chars().count() <= REASON_CHARS_MAX && !text.chars().any(char::is_control)
    };
    if reason.is_none_or(fits) {
        return Ok(reason.map(str::to_owned));
    }
    Err(format!("A reason is one line of at most {REASON_CHARS_MAX} characters."))
}

/// The reason that a button's form gives, which has no field to say what is wrong beside.
pub(in crate::console::pages) fn because(reason: Option<&str>) -> Result<Option<String>, Failure> {
    checked_reason(reason)
        .map_err(|text| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "Nothing was changed", text))
}

/// The field for the audit log's reason, which every form that changes something has.
pub(in crate::console::pages) fn reason_field(value: Option<&str>, errors: &Errors) -> Markup {
    form::field(&Field {
        value: value.unwrap_or_default(),
        hint: "For the audit log: everyone who may read that can read it.",
        error: errors.on("reason"),
        ..Field::new("reason", "Reason")
    })
}

/// A field that is never written back: its `Debug` shows nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "String")]
pub(in crate::console::pages) struct SecretText(pub(in crate::console::pages) SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.trim().into())
    }
}

/// What a field says, without blanks around it; none where it is empty.
pub(in crate::console::pages) fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// A text of several lines as it was typed: browsers send each line's end as two characters.
pub(in crate::console::pages) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_no_debug_output() {
        let text = SecretText::from(" very-secret ".to_owned());
        assert!(!format!("{text:?}").contains("very-secret"));
    }

    #[test]
    fn a_reason_is_one_line_and_an_empty_one_is_none() {
        assert_eq!(checked_reason(Some("  ")), Ok(None));
        assert_eq!(checked_reason(Some(" hired ")), Ok(Some("hired".to_owned())));
        assert!(checked_reason(Some("a\nb")).is_err());
        assert!(checked_reason(Some(&"x".repeat(REASON_CHARS_MAX + 1))).is_err());
    }
}
