//! Columns, fields and times for people.

use std::fmt::Write as _;

use jiff::{Timestamp, Unit};

use super::{layout, terminal};

/// The widest cell, in characters; ids and commits stay whole.
const CELL_CHARS_MAX: usize = 64;
pub(super) const GAP: &str = "  ";

/// Rows under a heading, in columns as wide as their widest cell.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    /// Adds a row; an empty cell shows as `-`.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| shown(&cell)).into());
    }

    /// The table's lines, as wide as the terminal at most, or `nothing` when it has no rows.
    pub(crate) fn render(&self, nothing: &str) -> String {
        if self.rows.len() == 1 {
            return format!("{nothing}\n");
        }
        layout::fit(&self.rows, terminal::columns())
    }
}

/// One thing's fields, a line each.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    lines: Vec<(&'static str, String)>,
}

impl Fields {
    /// Adds a field.
    pub(crate) fn field(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.lines.push((name, printable(&value.to_string())));
        self
    }

    /// Adds a field that may have no value: then it has no line.
    pub(crate) fn maybe(self, name: &'static str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// The fields' lines.
    pub(crate) fn render(&self) -> String {
        let width = self.lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        self.lines.iter().fold(String::new(), |mut text, (name, value)| {
            writeln!(text, "{name:width$}{GAP}{value}").expect("a string takes every write");
            text
        })
    }
}

fn shown(cell: &str) -> String {
    let cell = printable(cell);
    if cell.is_empty() {
        return "-".to_owned();
    }
    layout::cut(&cell, CELL_CHARS_MAX)
}

/// The text without what a terminal would obey: paths and errors come from outside.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A time to the second, in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.round(Unit::Second).unwrap_or(at).to_string()
}

/// A time or nothing.
pub(crate) fn since(at: Option<Timestamp>) -> String {
    at.map(time).unwrap_or_default()
}

/// How long ago, in words, from milliseconds.
pub(crate) fn ago(ms: i64) -> String {
    format!("{} ago", duration_ms(ms))
}

/// A span of time in its two largest units.
pub(crate) fn duration_ms(ms: i64) -> String {
    let (s, m, h, d) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    match (d, h, m, s) {
        (0, 0, 0, 0) => format!("{ms} ms"),
        (0, 0, 0, _) => format!("{s}.{} s", ms % 1000 / 100),
        (0, 0, _, _) => format!("{m} min {} s", s % 60),
        (0, _, _, _) => format!("{h} h {} min", m % 60),
        (_, _, _, _) => format!("{d} d {} h", h % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_end_without_blanks() {
        let mut table = Table::new(&["ID", "NAME"]);
        table.row(["1".into(), "a".into()]);
        table.row(["1000".into(), String::new()]);
        assert_eq!(table.render("none"), "ID    NAME\n1     a\n1000  -\n");
        assert_eq!(Table::new(&["ID"]).render("no ids yet"), "no ids yet\n");
    }

    #[test]
    fn a_cell_cannot_steer_the_terminal_nor_push_the_others_away() {
        let mut table = Table::new(&["PATH"]);
        table.row(["a\u{1b}[2Jb\n".into()]);
        table.row(["x".repeat(500)]);
        let text = table.render("none");
        assert!(!text.contains('\u{1b}'));
        assert!(
            text.lines().count() == 3
                && text.lines().all(|line| line.chars().count() <= CELL_CHARS_MAX)
        );
    }

    #[test]
    fn a_span_shows_its_two_largest_units() {
        let spans =
            [(999, "999 ms"), (1_500, "1.5 s"), (61_000, "1 min 1 s"), (3_660_000, "1 h 1 min")];
        for (ms, text) in spans {
            assert_eq!(duration_ms(ms), text);
        }
        assert_eq!(duration_ms(90_000_000), "1 d 1 h");
    }
}
