//! Tables for the terminal and for `docs/performance.md`, where each benchmark has a section between markers.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// A section of results.
#[derive(Debug)]
pub(super) struct Report {
    /// The benchmark's name, which marks its section.
    pub(super) name: &'static str,
    /// The machine and what was run, one paragraph.
    pub(super) setting: String,
    pub(super) tables: Vec<Table>,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn markdown(&self) -> String {
        let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
        let mut text = line(self.head.clone());
        text.push_str(&line(self.head.iter().map(|_| "---").collect()));
        for row in &self.rows {
            text.push_str(&line(row.iter().map(String::as_str).collect()));
        }
        text
    }
}

impl Report {
    pub(super) fn markdown(&self) -> String {
        let tables: Vec<String> = self.tables.iter().map(Table::markdown).collect();
        format!("{}\n\n{}", self.setting, tables.join("\n"))
    }

    /// Puts the results in the place of the last ones; everything outside of the markers stays.
    pub(super) fn write_to(&self, page: &Path) -> Result<()> {
        let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
        let text = replace_section(&text, self.name, &self.markdown());
        fs::write(page, text).with_context(|| page.display().to_string())
    }
}

/// The page with its section `name` replaced, or added at the end.
fn replace_section(page: &str, name: &str, content: &str) -> String {
    let (begin, end) = (format!("<!-- bench {name} -->"), format!("<!-- end of bench {name} -->"));
    let section = format!("{begin}\n{}\n{end}", content.trim_end());
    let found = page.split_once(&begin).and_then(|(before, rest)| {
        rest.split_once(&end).map(|(_, after)| format!("{before}{section}{after}"))
    });
    found.unwrap_or_else(|| format!("{}\n\n## {name}\n\n{section}\n", page.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::{Table, replace_section};

    #[test]
    fn a_section_is_replaced_and_the_rest_of_the_page_stays() {
        let page = replace_section("# Speed\n\nWords.\n", "ingest", "old");
        let page = format!("{page}\nMore words.\n");
        let page = replace_section(&page, "ingest", "new");
        assert!(page.starts_with("# Speed\n\nWords.\n"));
        assert!(page.ends_with("\nMore words.\n"));
        assert!(page.contains("new") && !page.contains("old"));
    }

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let mut table = Table::new(&["what", "result"]);
        table.row(["a".to_owned(), "1".to_owned()]);
        assert_eq!(table.markdown(), "| what | result |\n| --- | --- |\n| a | 1 |\n");
    }
}
