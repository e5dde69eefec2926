//! What the forms of several pages have in common: what is wrong with their fields, and fields that are secrets.

use maud::Markup;
use secrecy::SecretString;
use serde::Deserialize;

use crate::console::components::form;

/// A field that is never written back: its `Debug` shows nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "String")]
pub(super) struct SecretText(pub(super) SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.trim().into())
    }
}

/// What is wrong with a form: names of fields, and why they were not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Faults(Vec<(&'static str, String)>);

impl Faults {
    /// Nothing is wrong.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    /// One field is wrong.
    pub(super) fn one(field: &'static str, why: impl Into<String>) -> Self {
        Self(vec![(field, why.into())])
    }

    /// Another field is wrong, too.
    pub(super) fn add(&mut self, field: &'static str, why: impl Into<String>) {
        self.0.push((field, why.into()));
    }

    /// The value, unless it is none: then why is noted.
    pub(super) fn note<T, E: ToString>(
        &mut self,
        field: &'static str,
        read: Result<T, E>,
    ) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, sentence(&error.to_string()));
                None
            }
        }
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with this field.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, why)| why.as_str())
    }

    /// All of it, above the form.
    pub(super) fn summary(&self) -> Markup {
        let all: Vec<(&str, &str)> =
            self.0.iter().map(|(name, why)| (*name, why.as_str())).collect();
        form::summary(&all)
    }
}

/// An error as a sentence: it begins with a capital letter and ends.
pub(super) fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let rest = letters.as_str();
    let end = if error.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{rest}{end}")
}

/// What a field says, without blanks around it; none where it is empty.
pub(super) fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// A text of several lines as it was typed: browsers send each line's end as two characters.
pub(super) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_sentences() {
        for (error, said) in [
            ("a name is missing", "A name is missing."),
            ("Taken.", "Taken."),
            ("é ist gut", "É ist gut."),
            ("", "."),
        ] {
            assert_eq!(sentence(error), said);
        }
    }

    #[test]
    fn a_secret_is_in_no_debug_output() {
        let text = SecretText::from(" very-secret ".to_owned());
        assert!(!format!("{text:?}").contains("very-secret"));
    }
}
