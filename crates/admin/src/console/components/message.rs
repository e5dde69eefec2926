//! Messages: what was done, what to do, and what an empty page says.

use maud::{Markup, html};

use super::icons::{Icon, icon};
use super::status::Tone;

/// A sentence that stands out: what to do, what was done, what went wrong.
pub fn note(tone: Tone, body: &Markup) -> Markup {
    html! { div class={ "note " (tone.class()) } { (body) } }
}

/// What the action did that led here, said once.
pub fn done(words: &str) -> Markup {
    html! { div.note.ok #done role="status" { bdi { (words) } } }
}

/// A list without a row: what would make one appear.
pub fn empty(shape: Icon, title: &str, body: &Markup) -> Markup {
    html! {
        section.panel { div.empty { (icon(shape)) h2 { (title) } (body) } }
    }
}
