//! Lists, a page at a time, newest first.
//!
//! Ids are UUIDv7, so their order is the order of time, and a page is what lies below its cursor: it costs the same
//! however deep it is. Every list statement ends in `limit 101`, a page's longest length and one more to learn
//! whether there is another. The number is written out because a planner that does not know the limit assumes a
//! tenth of the table, and would rather sort that than walk an index.

use uuid::Uuid;

use crate::walk::Walked;

/// The most items of one page.
pub const PAGE_ITEMS_MAX: u16 = 100;
/// The most ids that a statement finds for a page: one more than it has items.
pub(crate) const FOUND_MAX: usize = 101;
/// How many items a page has unless its reader asks otherwise.
pub const PAGE_ITEMS_DEFAULT: u16 = 50;

/// Which page of a list is wanted. `I` is the id that the list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<I> {
    items_max: u16,
    /// Where the page before ended.
    pub cursor: Option<I>,
}

/// A page with no items or too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page has 1 to {PAGE_ITEMS_MAX} items, not {0}")]
pub struct InvalidPageLength(pub u16);

impl<I> PageRequest<I> {
    /// The first page, or the one after the `cursor`, of at most `items_max` items.
    pub fn new(items_max: u16, cursor: Option<I>) -> Result<Self, InvalidPageLength> {
        if (1..=PAGE_ITEMS_MAX).contains(&items_max) {
            Ok(Self { items_max, cursor })
        } else {
            Err(InvalidPageLength(items_max))
        }
    }

    /// The first page, of the usual length.
    pub fn first() -> Self {
        Self { items_max: PAGE_ITEMS_DEFAULT, cursor: None }
    }

    /// The first page, or the one after the `cursor`, as long as a page may be.
    pub(crate) fn longest(cursor: Option<I>) -> Self {
        Self { items_max: PAGE_ITEMS_MAX, cursor }
    }

    /// Cuts what a statement found, up to 101 items, to the page that was asked for.
    pub(crate) fn cut<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> I) -> Page<T, I> {
        let wanted = usize::from(self.items_max);
        let more = items.len() > wanted;
        items.truncate(wanted);
        let next_cursor = if more { items.last().map(id) } else { None };
        Page { items, next_cursor }
    }
}

impl<I: Copy> PageRequest<I> {
    /// Cuts what a walk found to the page that was asked for. Where the walk stopped, the next page goes on.
    pub(crate) fn cut_walked(&self, walked: Walked, id: impl Fn(Uuid) -> I) -> Page<Uuid, I> {
        let page = self.cut(walked.ids, |it| id(*it));
        let next_cursor = page.next_cursor.or_else(|| walked.reached.map(id));
        Page { items: page.items, next_cursor }
    }

    /// The bound that the page's ids lie below: the first page's is above all that a clock can make.
    pub(crate) fn bound(&self, uuid: impl FnOnce(I) -> Uuid) -> Uuid {
        self.cursor.map_or(Uuid::max(), uuid)
    }
}

/// A page of a list. It may have fewer items than were asked for, even none, and a cursor all the same: then so much was
/// looked at in vain that the rest is left to the next page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T, I> {
    pub items: Vec<T>,
    /// The cursor of the next page; none on the last one.
    pub next_cursor: Option<I>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_cursor_only_when_there_is_more() {
        let page = PageRequest::<u32>::new(2, None).unwrap();
        assert_eq!(
            page.cut(vec![9, 8, 7], |item| *item),
            Page { items: vec![9, 8], next_cursor: Some(8) }
        );
        assert_eq!(
            page.cut(vec![9, 8], |item| *item),
            Page { items: vec![9, 8], next_cursor: None }
        );
        assert_eq!(page.cut(vec![], |item| *item), Page { items: vec![], next_cursor: None });
    }

    #[test]
    fn a_page_of_no_length_or_of_too_many_items_is_refused() {
        assert_eq!(PageRequest::<u32>::new(0, None), Err(InvalidPageLength(0)));
        assert_eq!(PageRequest::<u32>::new(101, None), Err(InvalidPageLength(101)));
        assert!(PageRequest::<u32>::new(100, None).is_ok());
    }
}
