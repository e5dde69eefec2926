//! The form of a mapping, with the preview of its selector below it.

use hookyard_domain::config_object::ObjectType;
use maud::{Markup, html};
use serde::Deserialize;

use super::preview::{self, Previewed};
use crate::console::components::form::{self, Field, Input};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Errors, FormPage, reason_field, sentence};
use hookyard_domain::selector::Selector;

const TYPES: [(&str, &str); 6] = [
    ("skill", "Skill"),
    ("agent", "Agent"),
    ("command", "Command"),
    ("hook", "Hook"),
    ("mcp", "MCP server"),
    ("file", "File: anything else"),
];

/// What the form says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filled {
    #[serde(default)]
    pub(super) selector: String,
    #[serde(default, rename = "type")]
    pub(super) object_type: String,
    /// When the page saw the mapping last; empty for a new one.
    #[serde(default)]
    pub(super) seen: String,
    /// Which button: `preview` or `save`.
    #[serde(default)]
    pub(super) step: String,
    pub(super) reason: Option<String>,
}

/// What the form says, understood.
#[derive(Debug)]
pub(super) struct Understood {
    pub(super) selector: Selector,
    pub(super) object_type: ObjectType,
    pub(super) reason: Option<String>,
}

impl Filled {
    /// Whether only the preview is wanted.
    pub(super) fn wants_preview(&self) -> bool {
        self.step != "save"
    }

    /// What it says, or what is wrong with which field.
    pub(super) fn understood(&self) -> Result<Understood, Errors> {
        let mut errors = Errors::default();
        let reason = errors.reason(self.reason.as_deref());
        let selector = self.selector.trim().parse::<Selector>();
        if let Err(error) = &selector {
            errors.add("selector", sentence(&error.to_string()));
        }
        let object_type = self.object_type.parse::<ObjectType>();
        if object_type.is_err() {
            errors.add("type", "Choose what the files become.");
        }
        match (selector, object_type) {
            (Ok(selector), Ok(object_type)) if errors.is_empty() => {
                Ok(Understood { selector, object_type, reason })
            }
            _ => Err(errors),
        }
    }
}

/// Where the form stands and what it does.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) crumb: Markup,
    pub(super) title: &'a str,
    pub(super) action: String,
    pub(super) back: String,
    /// What the button that saves says.
    pub(super) save: &'a str,
}

/// The page.
pub(super) fn view(
    viewer: &Viewer,
    frame: &Frame<'_>,
    filled: &Filled,
    errors: &Errors,
    previewed: &Previewed,
) -> Markup {
    let object_type = if filled.object_type.is_empty() { "skill" } else { &filled.object_type };
    let is_seen = previewed.matched.is_some();
    let fields = html! {
        @if !filled.seen.is_empty() { input type="hidden" name="seen" value=(filled.seen); }
        (form::field(&Field {
            value: &filled.selector,
            placeholder: "skills/**",
            hint: "A glob over paths from the repository's root: * and ? stay within a folder, ** crosses folders, {a,b} chooses.",
            error: errors.on("selector"),
            required: true,
            ..Field::new("selector", "Selector")
        }))
        (form::field(&Field {
            input: Input::Choice(&TYPES),
            value: object_type,
            error: errors.on("type"),
            required: true,
            ..Field::new("type", "Its files become")
        }))
        (reason_field(filled.reason.as_deref(), errors))
    };
    // Whoever has seen what it matches saves; whoever has not looks first.
    let buttons = html! {
        button.btn.primary[!is_seen] name="step" value="preview" { @if is_seen { "Preview again" } @else { "Preview" } }
        button.btn.primary[is_seen] name="step" value="save" { (frame.save) }
    };
    FormPage {
            place: Place::Connectors,
            crumb: frame.crumb.clone(),
            title: frame.title,
            answer: html! { "Which files become config objects. Saving queues a sync; the preview reads the branch at its head and changes nothing." },
            errors,
            action: frame.action.clone(),
            fields,
            buttons,
            back: frame.back.clone(),
            below: preview::view(previewed),
    }
    .view(viewer)
}
