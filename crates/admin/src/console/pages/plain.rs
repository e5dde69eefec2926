//! A plain list: a head, a table, the way on. What most pages are.

use hookyard_store::paging::{Page, PageRequest};
use maud::{Markup, html};
use serde::Deserialize;

use super::exports;
use crate::console::answer::Failure;
use crate::console::components::icons::Icon;
use crate::console::components::message::{empty, none_so_far};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::text::counted;
use crate::console::frame::{self, Place, Viewer};
use crate::console::live;

/// The rows of one page.
const ROWS: u16 = 50;

/// The parameters of a plain list: where the page begins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    after: Option<String>,
}

impl Ask {
    /// Whether it is a page after the first.
    pub(super) fn is_later(&self) -> bool {
        self.after.is_some()
    }

    /// The page that is asked for.
    pub(super) fn page<I: std::str::FromStr>(&self) -> Result<PageRequest<I>, Failure> {
        let after = self.after.as_deref().map(str::parse).transpose();
        let after = after.map_err(|_| {
            let text = "after: this is no id of the list";
            Failure::new(axum::http::StatusCode::BAD_REQUEST, "That address means nothing", text)
        })?;
        PageRequest::new(ROWS, after).map_err(|_| Failure::no_page())
    }
}

/// What a plain list says of itself.
#[derive(Debug)]
pub(super) struct List<'a> {
    pub(super) place: Place,
    pub(super) answer: &'a str,
    pub(super) columns: &'a [Column],
    /// One row, and many.
    pub(super) nouns: (&'a str, &'a str),
    /// What would make a row appear.
    pub(super) when_empty: &'a str,
    /// Where the updates of its first page come from; none: it does not update itself.
    pub(super) stream: Option<&'a str>,
}

/// The page.
pub(super) fn view<T, I: ToString>(
    viewer: &Viewer,
    list: &List<'_>,
    ask: &Ask,
    page: &Page<T, I>,
    row: impl Fn(&T) -> Markup,
) -> Markup {
    let path = viewer.place(list.place);
    let older = page.next_cursor.as_ref();
    let older = older.map(|id| Query::new().with("after", id.to_string()).href(&path));
    let newest = ask.after.is_some().then_some(path.as_str());
    let (one, many) = list.nouns;
    let rows = html! { @for item in &page.items { (row(item)) } };
    let foot = html! { (counted(page.items.len() as u64, one, many)) " on this page"
        @if matches!(list.place, Place::Events | Place::DeadLetters) {
            (exports::links(viewer, list.place.path(), &Query::new()))
        }
    };
    let stream = list.stream.filter(|_| viewer.live && !ask.is_later());
    let body = html! {
        (panel::head(&Head {
            title: html! { (list.place.name()) },
            answer: html! { (list.answer) },
            actions: list.stream.map(|_| live::switch(viewer)),
            ..Head::default()
        }))
        @if let (true, Some(older)) = (page.items.is_empty(), &older) {
            (none_so_far(newest, older))
        } @else if page.items.is_empty() {
            (empty(Icon::In, "Nothing is here", &html! { p { (list.when_empty) } }))
        } @else {
            section.panel aria-label=(list.place.name()) {
                @if let Some(href) = stream { (live::connect(href)) }
                (panel::table("as-cards", None, list.columns, &rows))
                (panel::list_foot(&foot, newest, older.as_deref()))
            }
        }
    };
    frame::page(viewer, list.place, list.place.name(), &[], &body)
}
