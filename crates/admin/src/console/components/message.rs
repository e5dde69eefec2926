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

/// A page of a list without a row although there is more to look at.
pub fn none_so_far(newest: Option<&str>, older: &str) -> Markup {
    empty(
        Icon::Ring,
        "Nothing like this so far",
        &html! {
            p { "What matches is rare here: a page looks at some thousand rows at most, and none of them was like this." }
            div.actions {
                a.btn.primary href=(older) rel="next" { "Look further back" }
                @if let Some(href) = newest { a.btn href=(href) rel="first" { "Newest" } }
            }
        },
    )
}
