//! A subscription's own messages: a small part of [MiniJinja](https://docs.rs/minijinja).
//!
//! A template makes the text of a chat's message, in that chat's markup, or the JSON body of a signed call. It sees
//! `type`, `timestamp`, `workspace` (`id`, `slug`, `name`) and `data`. Whatever it prints is escaped for where it goes:
//! in a chat it is text, in JSON it is a JSON value with its quotes. There is no way around the escaping: the filter
//! `link` alone writes markup, and where a chat reads mentions and links no value is printed.
//!
//! It has a fuel of instructions, a bound of what they read and of output, and no means to build a value larger than those it was given
//! (`subset.rs`): it ends, soon, whatever its author writes and whatever the event holds.

mod brackets;
mod filters;
mod output;
mod subset;
mod work;

use hookyard_domain::connection::ConnectionKind;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::text::iso;
use crate::{Event, Workspace};
use output::{Bounded, Markup};
use work::WORK_MAX;

/// The longest template, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 8 * 1024;
/// Instructions of one rendering.
const FUEL: u64 = 20_000;
/// The longest output, in bytes.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// What is kept of MiniJinja's explanation, in characters.
const EXPLANATION_CHARS_MAX: usize = 200;

const NAME: &str = "template";

/// A template that was parsed and found to be of the kind described above.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    markup: Markup,
}

/// Why a template is refused when it is saved, or fails on an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Longer than a template may be.
    #[error("a template is at most {TEMPLATE_BYTES_MAX} bytes long")]
    TooLong,
    /// It does not parse.
    #[error("the template does not parse: {0}")]
    Syntax(String),
    /// A part of the language that templates do not have.
    #[error("line {line}: a template has no {what}")]
    NotAllowed {
        /// The part.
        what: String,
        /// Where it stands.
        line: usize,
    },
    /// It does not end soon.
    #[error(
        "the template takes more than {FUEL} steps, or reads more than {WORK_MAX} items and bytes"
    )]
    OutOfFuel,
    /// It prints too much.
    #[error("the template prints more than {OUTPUT_BYTES_MAX} bytes")]
    TooMuchOutput,
    /// What it prints is not JSON, which a signed endpoint gets.
    #[error(
        "what the template prints is not JSON: {0}. Values come with their quotes: {{\"text\": {{{{ data.title }}}}}}"
    )]
    NotJson(String),
    /// Anything else, such as a value of the wrong type.
    #[error("the template fails: {0}")]
    Failed(String),
}

/// What a template sees.
#[derive(Serialize)]
struct View<'a> {
    r#type: &'a str,
    timestamp: String,
    workspace: WorkspaceView<'a>,
    data: &'a serde_json::Value,
}

#[derive(Serialize)]
struct WorkspaceView<'a> {
    id: String,
    slug: &'a str,
    name: &'a str,
}

impl Template {
    /// Reads a template that is to be saved, and tries it without any data.
    pub fn parse(kind: ConnectionKind, text: &str) -> Result<Self, TemplateError> {
        let markup = match kind {
            ConnectionKind::Slack => Markup::Slack,
            ConnectionKind::Discord => Markup::Discord,
            ConnectionKind::Webhook => Markup::Json,
        };
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::TooLong);
        }
        subset::check(markup, text)?;
        // What is missing prints as some text here, so that misplaced quotes of JSON show at once.
        Self::new(markup, text, true)?.render_view(Value::from(Serde(())))?;
        Self::new(markup, text, false)
    }

    fn new(markup: Markup, text: &str, is_trial: bool) -> Result<Self, TemplateError> {
        let mut environment = Environment::empty();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_formatter(move |out, state, value| {
            output::print(markup, is_trial, (out, state), value)
        });
        filters::add(&mut environment, markup);
        environment
            .add_template_owned(NAME, text.to_owned())
            .map_err(|error| TemplateError::Syntax(explanation(&error)))?;
        Ok(Self { environment, markup })
    }

    /// The text of a message, or the JSON of a body.
    pub(crate) fn render(&self, event: &Event) -> Result<String, TemplateError> {
        let view = event.for_templates.get_or_init(|| {
            let head = event.head();
            let Workspace { id, slug, name } = &head.workspace;
            Value::from(Serde(View {
                r#type: &head.event_type,
                timestamp: iso(head.occurred_at),
                workspace: WorkspaceView { id: id.to_string(), slug, name },
                data: event.data(),
            }))
        });
        self.render_view(view.clone())
    }

    fn render_view(&self, view: Value) -> Result<String, TemplateError> {
        let template = self.environment.get_template(NAME).expect("it was added above");
        let mut output = Bounded::new(OUTPUT_BYTES_MAX);
        if let Err(error) = template.render_captured_to(view, &mut output).map(drop) {
            return Err(if output.is_full() {
                TemplateError::TooMuchOutput
            } else if error.kind() == ErrorKind::OutOfFuel {
                TemplateError::OutOfFuel
            } else {
                TemplateError::Failed(explanation(&error))
            });
        }
        let text = output.into_text();
        match self.markup {
            Markup::Slack | Markup::Discord => Ok(text),
            Markup::Json => match serde_json::from_str::<IgnoredAny>(&text) {
                Ok(IgnoredAny) => Ok(text),
                Err(error) => Err(TemplateError::NotJson(error.to_string())),
            },
        }
    }
}

fn explanation(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let detail: String = detail.chars().take(EXPLANATION_CHARS_MAX).collect();
    format!("{detail}{line}")
}

#[cfg(test)]
mod tests;
