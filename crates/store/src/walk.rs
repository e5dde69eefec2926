//! Walks that find the ids of a page in bounded work, however rare what is looked for is among millions.
//!
//! A walk follows the index of one filter, which is already in the list's order, newest first, holds the other filters
//! to every row that it meets, and stops after 800 rows at the latest. Then the page is short, perhaps empty, and has
//! a cursor all the same: the next page goes on where the walk stopped. Where several filters have an index, one walk
//! after the other is tried, and the one that came furthest makes the page. So a value that is rare, or absent, in any
//! one of the indexes is found, or known to be absent, at once.
//!
//! A statement of a walk yields up to 101 rows `(id, matches, last)`: those that match, and, as `last`, the one at which
//! it stopped before its end. It may be made of several arms, each with a `last` of its own: what lies below the first
//! of them may be incomplete. Both numbers are written out, as [`crate::paging`] says.

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::paging::FOUND_MAX;
use crate::{Db, StoreError};

/// A statement of a walk: its name, which rows match, the rows that it looks at, and the index's columns: their order.
///
/// The filter that leads is part of a comparison of rows, `(type, id) < ($6, $1)`, and its column of the order. With
/// `type = $6` in its place the planner could walk the primary key, which is in the order of the ids as well, and look
/// for a rare type among all rows. `exists` among the conditions needs an `offset 0`: else the planner may read all of
/// the other table beforehand.
macro_rules! walk {
    ($name:literal, $matching:expr, $looked:expr, $order:expr) => {
        concat!(
            "-- ",
            $name,
            "
    select id, matches, last
      from (select *, (",
            $matching,
            ") as matches, n = 800 as last
              from (select *, row_number() over (order by ",
            $order,
            ") as n
                      from (",
            $looked,
            "
                             order by ",
            $order,
            " limit 800) found) looked) walked
     where matches or last
     order by ",
            $order,
            " limit 101"
        )
    };
}
pub(crate) use walk;

/// A walk for each value of a list, `wanted.value`, that looks at so many rows.
macro_rules! arms {
    ($name:literal, $values:literal, $matching:expr, $looked:expr, $order:literal, $looked_max:literal) => {
        concat!(
            "-- ",
            $name,
            "
    select walked.id, matches, last
      from ",
            $values,
            "
      cross join lateral (
            select id, matches, last
              from (select *, (",
            $matching,
            ") as matches, n = ",
            $looked_max,
            " as last
                      from (select *, row_number() over (order by ",
            $order,
            ") as n
                              from (",
            $looked,
            "
                                     order by ",
            $order,
            " limit ",
            $looked_max,
            ") found) looked) numbered
             where matches or last
             order by ",
            $order,
            " limit 101) walked
     order by walked.id desc limit 101"
        )
    };
}
pub(crate) use arms;

/// How many targets are looked into one by one, a page of each; with more, most of a workspace's rows are theirs.
pub(crate) const TARGETS_APART_MAX: usize = 50;

/// A parameter of a statement.
pub(crate) type Param<'a> = &'a (dyn ToSql + Sync);

/// What a walk came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Walked {
    /// What matches, newest first.
    pub(crate) ids: Vec<Uuid>,
    /// Where the walk stopped although there is more to look at; none where it came to the end or found a page.
    pub(crate) reached: Option<Uuid>,
}

impl Walked {
    fn of(rows: impl Iterator<Item = (Uuid, bool, bool)>) -> Self {
        let mut walked = Self { ids: Vec::new(), reached: None };
        for (id, matches, last) in rows {
            // Two arms can meet the same row.
            if matches && walked.ids.last() != Some(&id) {
                walked.ids.push(id);
            }
            if walked.is_full() {
                break;
            }
            if last {
                walked.reached = Some(id);
                break;
            }
        }
        walked
    }

    /// Below which id the next walk goes on; none where this one came to the end.
    pub(crate) fn next(&self) -> Option<Uuid> {
        if self.is_full() { self.ids.last().copied() } else { self.reached }
    }

    fn is_full(&self) -> bool {
        self.ids.len() >= FOUND_MAX
    }

    fn is_complete(&self) -> bool {
        self.is_full() || self.reached.is_none()
    }
}

/// Tries the statements, all with the same parameters, until one has all of a page; if none has, the one that came
/// furthest counts.
pub(crate) async fn furthest(
    db: &impl Db,
    statements: &[&'static str],
    params: &[Param<'_>],
) -> Result<Walked, StoreError> {
    let mut best: Option<Walked> = None;
    for sql in statements {
        let rows = db.rows(sql, params).await?;
        let read = |row: &tokio_postgres::Row| {
            let matches: Option<bool> = row.get("matches");
            (row.get("id"), matches.unwrap_or(false), row.get("last"))
        };
        let walked = Walked::of(rows.iter().map(read));
        if walked.is_complete() {
            return Ok(walked);
        }
        if best.as_ref().is_none_or(|best| walked.reached < best.reached) {
            best = Some(walked);
        }
    }
    Ok(best.unwrap_or(Walked { ids: Vec::new(), reached: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> Uuid {
        Uuid::from_u128(n as u128)
    }

    #[test]
    fn a_walk_ends_where_its_first_arm_stopped() {
        let rows = [
            (9, true, false),
            (8, true, false),
            (8, true, false),
            (7, false, true),
            (6, true, false),
        ];
        let walked = Walked::of(rows.into_iter().map(|(n, matches, last)| (id(n), matches, last)));
        assert_eq!(walked, Walked { ids: vec![id(9), id(8)], reached: Some(id(7)) });
    }

    #[test]
    fn a_walk_that_found_a_page_stopped_nowhere() {
        let rows = (1..=FOUND_MAX).rev().map(|n| (id(n), true, n == 1));
        let walked = Walked::of(rows);
        assert_eq!((walked.ids.len(), walked.reached), (FOUND_MAX, None));
    }
}
