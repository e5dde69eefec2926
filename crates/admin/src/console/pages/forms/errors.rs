//! What is wrong with a form.

use maud::Markup;

use super::fields::checked_reason;
use crate::console::answer::Failure;
use crate::console::components::form;
use crate::operations::OperationError;

/// What is wrong with a form: fields and why they were not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::console::pages) struct Errors(Vec<(&'static str, String)>);

impl Errors {
    /// One field is wrong.
    pub(in crate::console::pages) fn of(field: &'static str, why: impl Into<String>) -> Self {
        Self(vec![(field, why.into())])
    }

    /// What the operation refused, beside this field. What is nobody's fault stays a failure.
    pub(in crate::console::pages) fn refused(
        field: &'static str,
        error: OperationError,
    ) -> Result<Self, Failure> {
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

    /// Another field is wrong, too.
    pub(in crate::console::pages) fn add(&mut self, field: &'static str, why: impl Into<String>) {
        self.0.push((field, why.into()));
    }

    /// The value, unless it is none: then why is noted.
    pub(in crate::console::pages) fn note<T, E: ToString>(
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

    /// The reason of the form; a bad one is added to the errors.
    pub(in crate::console::pages) fn reason(&mut self, reason: Option<&str>) -> Option<String> {
        checked_reason(reason).unwrap_or_else(|why| {
            self.add("reason", why);
            None
        })
    }

    /// Whether nothing is wrong.
    pub(in crate::console::pages) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why this field was not taken.
    pub(in crate::console::pages) fn on(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, why)| why.as_str())
    }

    /// All of it, above the form.
    pub(in crate::console::pages) fn summary(&self) -> Markup {
        let errors: Vec<(&str, &str)> =
            self.0.iter().map(|(field, why)| (*field, why.as_str())).collect();
        form::summary(&errors)
    }
}

/// An error's words as a sentence of their own. An id at its beginning stays as it is.
pub(in crate::console::pages) fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default().trim_end_matches([':', ',', '.']);
    let is_word = !word.is_empty() && word.chars().all(char::is_lowercase);
    let mut out = if is_word {
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().to_string())
            + chars.as_str()
    } else {
        text.to_owned()
    };
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence_and_an_id_stays_as_it_is() {
        for (error, said) in [
            ("the name is taken", "The name is taken."),
            ("a name is missing", "A name is missing."),
            ("Taken.", "Taken."),
            ("é ist gut", "É ist gut."),
            ("tgt_01h455 is disabled", "tgt_01h455 is disabled."),
            ("\"x\" is no name.", "\"x\" is no name."),
            ("", "."),
        ] {
            assert_eq!(sentence(error), said);
        }
    }
}
