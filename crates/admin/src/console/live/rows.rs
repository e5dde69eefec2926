//! What is new about a list on screen: its rows as they are now, and how many newer ones there are.

use std::collections::HashMap;

use maud::{Markup, html};
use serde::Serialize;

use super::feed::Piece;

/// The rows of a list that a browser has, as they were told to it.
#[derive(Debug)]
pub struct Rows<I> {
    newest: Option<I>,
    shown: HashMap<I, String>,
}

impl<I: Copy + Ord + std::hash::Hash> Rows<I> {
    /// A list whose newest row on screen is this one; none: it has no row yet.
    pub fn from(newest: Option<I>) -> Self {
        Self { newest, shown: HashMap::new() }
    }

    /// The fragments for what changed since the last time, and how many items are newer than all on screen.
    pub fn changed<T: Serialize>(
        &mut self,
        items: &[T],
        id: impl Fn(&T) -> I,
        row: impl Fn(&T) -> Markup,
    ) -> (Option<Piece>, usize) {
        let mut rows = Vec::new();
        let mut fresh = 0;
        for item in items {
            let id = id(item);
            if self.newest.is_none_or(|newest| id > newest) {
                fresh += 1;
                continue;
            }
            let state = serde_json::to_string(item).unwrap_or_default();
            if self.shown.get(&id) != Some(&state) {
                rows.push(row(item));
                self.shown.insert(id, state);
            }
        }
        let piece = (!rows.is_empty()).then(|| ("rows", html! { @for row in rows { (row) } }));
        (piece, fresh)
    }
}
