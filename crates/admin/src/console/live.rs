//! Lists that update themselves: one stream of server-sent events a page.
//!
//! Rows on screen change in place; new ones never push, they gather in one line that loads the first page.

pub mod feed;
pub mod list;
pub mod one;
pub mod rows;

use maud::{Markup, html};

use super::components::query::Query;
use super::components::text::counted;
use super::frame::Viewer;

/// The button that switches live updates; the choice is a cookie, so it outlives the page.
pub fn switch(viewer: &Viewer) -> Markup {
    html! {
        form.one method="post" action="/live" {
            (viewer.csrf.field())
            input type="hidden" name="next" value=(viewer.at);
            input type="hidden" name="live" value=(if viewer.live { "off" } else { "on" });
            button.btn.live #live aria-pressed=(if viewer.live { "true" } else { "false" }) { "Live" }
        }
        span #live-state role="status" {}
    }
}

/// The stream of a list: its view, its filters, and the newest row on screen.
pub fn stream(viewer: &Viewer, view: &'static str, query: &Query, newest: Option<&str>) -> Markup {
    let query = Query::new().with("view", view).and(query).with("newest", newest.unwrap_or(""));
    connect(&query.href(&viewer.path("stream")))
}

/// The stream at an address: what is new, and fragments that find their place by their id.
pub fn connect(href: &str) -> Markup {
    html! {
        div hx-ext="sse" sse-connect=(href) sse-close=(feed::OVER) {
            div #fresh role="status" sse-swap="fresh" hx-swap="innerHTML" {}
            div hidden sse-swap="rows" hx-swap="innerHTML" {}
        }
    }
}

/// A fragment that takes the place of the element with this id.
pub fn in_place(id: &str, body: &Markup) -> Markup {
    html! { span id=(id) hx-swap-oob="true" { (body) } }
}

/// The line that says that the page's story has gone on; nothing that is open or selected on it is taken away.
pub fn went_on(href: &str) -> Markup {
    html! { div.newrow { a href=(href) { "It has gone on: show what happened since" } } }
}

/// The line that says how much is new.
pub fn fresh(count: usize, more: bool, href: &str, one: &str, many: &str) -> Markup {
    html! {
        @if count > 0 {
            div.newrow {
                a href=(href) {
                    "Show " @if more { "more than " } (counted(count as u64, &format!("new {one}"), &format!("new {many}")))
                }
            }
        }
    }
}
