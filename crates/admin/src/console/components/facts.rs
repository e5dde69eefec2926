//! Facts about one thing: a strip of the key ones, and lists of names and values.

use maud::{Markup, html};

use super::panel;
use super::text::id;

/// A name and what it is.
pub type Fact<'a> = (&'a str, Markup);

/// The strip of key facts below a page's answer.
pub fn strip(facts: &[Fact<'_>]) -> Markup {
    html! {
        dl.panel.facts {
            @for (name, value) in facts { div { dt { (name) } dd { (value) } } }
        }
    }
}

/// Names and values, one below the other.
pub fn list(facts: &[Fact<'_>]) -> Markup {
    html! {
        dl.kv { @for (name, value) in facts { dt { (name) } dd { (value) } } }
    }
}

/// The panel that shows a thing's ids whole, once, and the command that shows it in a terminal.
pub fn identity(ids: &[(&str, String)], command: Option<&str>) -> Markup {
    let body = html! {
        div.pad {
            dl.kv { @for (name, value) in ids { dt { (name) } dd { (id(value)) } } }
            @if let Some(command) = command {
                p.small.dim.lab { "In a terminal" }
                pre.id tabindex="0" aria-label="Command" { code { (command) } }
            }
        }
    };
    panel::titled("Identity", &html! { "click selects all" }, &body, None)
}
