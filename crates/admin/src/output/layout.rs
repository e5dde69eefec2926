//! A table's lines for a terminal of some width.
//!
//! Columns whose cells say as much when they are cut (names, texts) give way, the widest first. Ids and times do not:
//! half of one is of no use. Where even that is too wide, each row becomes a block with a line for each cell.

use std::fmt::Write as _;

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::text::GAP;

/// What is left of a column that gives way, at least.
const CUT_COLUMNS_MIN: usize = 12;
/// A typed id is a prefix and so many characters; a UUID is longer.
const ID_CHARS_MIN: usize = 26;

/// The lines of `rows`, of which the first is the heading, in at most `columns` columns.
pub(super) fn fit(rows: &[Vec<String>], columns: Option<usize>) -> String {
    let mut widths: Vec<usize> = (0..rows[0].len()).map(|column| widest(rows, column)).collect();
    let Some(columns) = columns else { return lines(rows, &widths) };
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    let room = columns.saturating_sub(gaps);
    let gives_way: Vec<bool> =
        (0..widths.len()).map(|column| !rows[1..].iter().any(|row| whole(&row[column]))).collect();
    while widths.iter().sum::<usize>() > room {
        let widest = (0..widths.len())
            .filter(|&column| gives_way[column] && widths[column] > CUT_COLUMNS_MIN)
            .max_by_key(|&column| widths[column]);
        let Some(widest) = widest else { return blocks(rows, columns) };
        widths[widest] -= 1;
    }
    lines(rows, &widths)
}

/// The text in at most `columns` columns; what is cut ends with `…`.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

fn widest(rows: &[Vec<String>], column: usize) -> usize {
    rows.iter().map(|row| row[column].width()).max().unwrap_or(0)
}

/// Whether a cell is of no use when it is cut.
fn whole(cell: &str) -> bool {
    let id = cell.len() >= ID_CHARS_MIN
        && cell.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
        && cell.bytes().any(|b| b.is_ascii_digit())
        && cell.bytes().filter(|b| *b == b'_').count() <= 1;
    id || cell.parse::<Timestamp>().is_ok()
}

fn lines(rows: &[Vec<String>], widths: &[usize]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(widths) {
            let cell = cut(cell, width);
            let blanks = width - cell.width();
            write!(line, "{cell}{:blanks$}{GAP}", "").expect("a string takes every write");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn blocks(rows: &[Vec<String>], columns: usize) -> String {
    let (heading, rows) = rows.split_first().expect("a table has a heading");
    let width = heading.iter().map(|name| name.width()).max().unwrap_or(0);
    // A narrower terminal wraps: an id must not be cut.
    let room = columns.saturating_sub(width + GAP.len()).max(ID_CHARS_MIN + CUT_COLUMNS_MIN);
    let block = |row: &Vec<String>| {
        let filled = heading.iter().zip(row).filter(|(_, cell)| cell.as_str() != "-");
        filled.fold(String::new(), |mut text, (name, cell)| {
            let blanks = width - name.width();
            writeln!(text, "{name}{:blanks$}{GAP}{}", "", cut(cell, room))
                .expect("a string takes every write");
            text
        })
    };
    rows.iter().map(block).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "syn_01h455vb4pex5vsknk084sn02q";

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect()
    }

    #[test]
    fn texts_give_way_the_widest_first_and_ids_and_times_stay_whole() {
        let long = "a cause that somebody wrote many words about";
        let at = "2026-01-31T12:00:00Z";
        let table = rows(&[&["ID", "AT", "NAME", "CAUSE"], &[ID, at, "a short name", long]]);
        assert!(fit(&table, None).contains(long));
        let text = fit(&table, Some(90));
        let line = text.lines().nth(1).expect("a row");
        assert!(line.contains(ID) && line.contains(at) && line.contains("a short name"), "{text}");
        assert_eq!(line.width(), 90, "{text}");
        assert!(line.ends_with('…'), "{text}");
    }

    #[test]
    fn where_columns_have_no_room_each_row_is_a_block_without_its_empty_cells() {
        let table = rows(&[&["ID", "ERROR", "NOTE"], &[ID, "too late", "-"], &[ID, "-", "new"]]);
        let text = fit(&table, Some(40));
        assert_eq!(text, format!("ID     {ID}\nERROR  too late\n\nID     {ID}\nNOTE   new\n"));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(cut("日本語のスキル", 7), "日本語…");
        assert_eq!(cut("日本語のスキル", 14), "日本語のスキル");
        let table = rows(&[&["NAME", "N"], &["日本", "1"], &["a", "2"]]);
        assert_eq!(fit(&table, None), "NAME  N\n日本  1\na     2\n");
    }
}
