//! What is wrong with a form.

use maud::Markup;

use super::fields::checked_reason;
use crate::console::answer::Failure;
use crate::console::components::form;
use crate::console::frame::Viewer;
use crate::console::remedy::{self, sentence};
use crate::operations::{Conflict, OperationError, Remedy};

/// What is wrong with a form: fields and why they were not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::console::pages) struct Errors(Vec<Wrong>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    field: &'static str,
    why: String,
    /// Which page to go to first.
    remedy: Option<Remedy>,
}

impl Errors {
    /// One field is wrong.
    pub(in crate::console::pages) fn of(field: &'static str, why: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, why);
        errors
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
            OperationError::Conflict(conflict) => {
                let mut errors = Self::default();
                errors.stands_against(field, &conflict);
                Ok(errors)
            }
            error @ (OperationError::Stale(_)
            | OperationError::GitHub { .. }
            | OperationError::Invalid(_)
            | OperationError::Forbidden(_)
            | OperationError::TestFailed(_)) => Ok(Self::of(field, sentence(&error.to_string()))),
        }
    }

    /// Another field is wrong, too.
    pub(in crate::console::pages) fn add(&mut self, field: &'static str, why: impl Into<String>) {
        self.0.push(Wrong { field, why: why.into(), remedy: None });
    }

    /// What exists already stands against this field.
    pub(in crate::console::pages) fn stands_against(
        &mut self,
        field: &'static str,
        conflict: &Conflict,
    ) {
        self.0.push(Wrong { field, why: remedy::words(conflict), remedy: conflict.remedy });
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
        self.0.iter().find(|wrong| wrong.field == field).map(|wrong| wrong.why.as_str())
    }

    /// All of it, above the form, with the ways to the pages where something is to be done first.
    pub(in crate::console::pages) fn summary(&self, viewer: &Viewer) -> Markup {
        let errors: Vec<form::Wrong<'_>> = self
            .0
            .iter()
            .map(|wrong| form::Wrong {
                field: wrong.field,
                why: &wrong.why,
                way: wrong.remedy.and_then(|remedy| remedy::way(viewer, remedy)),
            })
            .collect();
        form::summary(&errors)
    }
}
