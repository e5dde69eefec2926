//! Everything that a list shows, as one CSV or JSON document, written page by page as it is read.

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::{self, StreamExt as _};
use hookyard_store::paging::{PAGE_ITEMS_MAX, Page, PageRequest};
use serde::Serialize;
use serde_json::{Value, json};

use super::OperationError;

pub mod lists;

/// The most rows of one export: whoever wants more narrows the filter.
pub const ROWS_MAX: usize = 100_000;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header; objects inside a row are JSON.
    Csv,
    /// One array of the list's items. Where the list goes on, the last member is no item:
    /// `{"truncated": true, "rowsMax": 100000}`. A CSV has no place for that.
    Json,
}

impl Format {
    /// The media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    /// The ending of a file's name, with its dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => ".csv",
            Self::Json => ".json",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err(UnknownFormat),
        }
    }
}

/// A list is exported in no such format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a list is exported as csv or json")]
pub struct UnknownFormat;

/// The name of an export's file: the noun and its filter, in characters that every system takes.
///
/// `sync-events`, `status=failed&q=a/b` becomes `sync-events_status-failed_q-a-b.csv`.
pub fn file_name(noun: &str, filter: &str, format: Format) -> String {
    const CHARS_MAX: usize = 120;
    let safe = |c: char| match c {
        '&' => '_',
        c if c.is_ascii_alphanumeric() || c == '_' || c == '.' => c,
        _ => '-',
    };
    let filter: String = filter.chars().map(safe).take(CHARS_MAX).collect();
    let separator = if filter.is_empty() { "" } else { "_" };
    format!("{noun}{separator}{filter}{}", format.ending())
}

struct Reading<I> {
    cursor: Option<I>,
    rows: usize,
    columns: Vec<String>,
    state: State,
}

enum State {
    Fresh,
    Going,
    Over,
}

/// Reads a list to its end, or to [`ROWS_MAX`] rows, and writes a piece for each page. A page that fails ends the
/// stream with its error: what was written is then no whole document.
pub fn export<T, I, F>(
    format: Format,
    list: impl Fn(PageRequest<I>) -> F + Send + 'static,
) -> impl Stream<Item = Result<Bytes, OperationError>> + Send
where
    T: Serialize,
    I: Copy + Send + 'static,
    F: Future<Output = Result<Page<T, I>, OperationError>> + Send,
{
    let start = Reading { cursor: None, rows: 0, columns: Vec::new(), state: State::Fresh };
    stream::unfold((start, list), move |(mut reading, list)| async move {
        if matches!(reading.state, State::Over) {
            return None;
        }
        let request = PageRequest::new(PAGE_ITEMS_MAX, reading.cursor);
        let piece = match list(request.expect("the longest page is one")).await {
            Ok(page) => Ok(reading.write(format, &page)),
            Err(error) => {
                reading.state = State::Over;
                Err(error)
            }
        };
        Some((piece, (reading, list)))
    })
    .fuse()
}

impl<I: Copy> Reading<I> {
    fn write<T: Serialize>(&mut self, format: Format, page: &Page<T, I>) -> Bytes {
        let rows: Vec<Value> =
            page.items.iter().map(|it| serde_json::to_value(it).unwrap_or_default()).collect();
        let first = matches!(self.state, State::Fresh);
        self.rows += rows.len();
        self.cursor = page.next_cursor;
        let last = self.cursor.is_none() || self.rows >= ROWS_MAX;
        self.state = if last { State::Over } else { State::Going };
        match format {
            Format::Json => json(&rows, first, last.then_some(self.cursor.is_some())),
            Format::Csv => {
                if first && let Some(Value::Object(row)) = rows.first() {
                    self.columns = row.keys().cloned().collect();
                }
                csv(&rows, &self.columns, first)
            }
        }
    }
}

/// `last` says of the last piece whether the list went on.
fn json(rows: &[Value], first: bool, last: Option<bool>) -> Bytes {
    let mut text = String::new();
    for (n, row) in rows.iter().enumerate() {
        text.push_str(if first && n == 0 { "[\n" } else { ",\n" });
        text.push_str(&row.to_string());
    }
    if first && rows.is_empty() {
        text.push('[');
    }
    if last == Some(true) {
        text.push_str(",\n");
        text.push_str(&json!({ "truncated": true, "rowsMax": ROWS_MAX }).to_string());
    }
    if last.is_some() {
        text.push_str("\n]\n");
    }
    text.into()
}

fn csv(rows: &[Value], columns: &[String], first: bool) -> Bytes {
    let mut text = String::new();
    let mut line = |cells: Vec<String>| {
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    };
    if first && !columns.is_empty() {
        line(columns.iter().map(|it| cell(it)).collect());
    }
    for row in rows {
        let text_of = |column: &String| match row.get(column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => cell(text),
            // A number is one, also a negative one.
            Some(Value::Number(number)) => number.to_string(),
            Some(other) => cell(&other.to_string()),
        };
        line(columns.iter().map(text_of).collect());
    }
    text.into()
}

/// A cell. Texts come from outside: one that a spreadsheet would run as a formula is marked as a text.
fn cell(text: &str) -> String {
    // Some programs read the wide forms of these signs as the signs themselves.
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn written(format: Format) -> String {
        let list = |page: PageRequest<u32>| async move {
            let (items, next_cursor) = match page.cursor {
                None => (vec![json!({ "id": 3, "error": "a, \"b\"" })], Some(3)),
                Some(3) => (vec![json!({ "id": 2, "error": "=cmd()" })], Some(2)),
                Some(_) => (vec![json!({ "id": 1, "error": null })], None),
            };
            Ok(Page { items, next_cursor })
        };
        let pieces: Vec<_> = export(format, list).collect().await;
        let text: Vec<u8> = pieces.into_iter().flat_map(Result::unwrap).collect();
        String::from_utf8(text).unwrap()
    }

    #[tokio::test]
    async fn every_page_is_in_the_document() {
        let rows: Value = serde_json::from_str(&written(Format::Json).await).unwrap();
        let ids: Vec<_> = rows.as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
        assert_eq!(ids, [3, 2, 1]);
    }

    #[tokio::test]
    async fn cells_are_quoted_and_no_formula_stays_one() {
        let text = written(Format::Csv).await;
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, ["error,id", r#""a, ""b""",3"#, "'=cmd(),2", ",1"]);
    }

    #[test]
    fn a_number_stays_a_number_and_no_sign_begins_a_text() {
        let rows = [
            json!({ "n": -5, "s": "-5" }),
            json!({ "n": 1, "s": "@x" }),
            json!({ "n": 2, "s": "＝1\r\nb" }),
            json!({ "n": 3, "s": "\t=1" }),
        ];
        let columns = ["n".to_owned(), "s".to_owned()];
        assert_eq!(
            String::from_utf8(csv(&rows, &columns, true).to_vec()).unwrap(),
            "n,s\r\n-5,'-5\r\n1,'@x\r\n2,\"'＝1\r\nb\"\r\n3,'\t=1\r\n"
        );
    }

    /// The rows of a list of so many.
    async fn exported(rows: usize) -> Vec<Value> {
        let list = move |page: PageRequest<usize>| async move {
            let from = page.cursor.unwrap_or_default();
            let to = rows.min(from + usize::from(PAGE_ITEMS_MAX));
            Ok(Page { items: (from..to).collect(), next_cursor: Some(to).filter(|to| *to < rows) })
        };
        let pieces: Vec<_> = export(Format::Json, list).collect().await;
        let text: Vec<u8> = pieces.into_iter().flat_map(Result::unwrap).collect();
        serde_json::from_slice(&text).unwrap()
    }

    #[tokio::test]
    async fn a_list_that_goes_on_says_so_in_its_last_member_and_a_whole_one_does_not() {
        let whole = exported(ROWS_MAX).await;
        assert_eq!((whole.len(), whole.last()), (ROWS_MAX, Some(&json!(ROWS_MAX - 1))));
        let cut = exported(ROWS_MAX + 1).await;
        assert_eq!(cut.len(), ROWS_MAX + 1);
        assert_eq!(cut.last(), Some(&json!({ "truncated": true, "rowsMax": ROWS_MAX })));
    }

    #[tokio::test]
    async fn an_empty_list_is_an_empty_array() {
        let empty = |_: PageRequest<u32>| async {
            Ok(Page { items: Vec::<Value>::new(), next_cursor: None })
        };
        let pieces: Vec<_> = export(Format::Json, empty).collect().await;
        let text: Vec<u8> = pieces.into_iter().flat_map(Result::unwrap).collect();
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), json!([]));
    }

    #[test]
    fn a_file_is_named_after_its_filter() {
        assert_eq!(
            file_name("sync-events", "status=failed&q=a/b", Format::Csv),
            "sync-events_status-failed_q-a-b.csv"
        );
        assert_eq!(file_name("events", "", Format::Json), "events.json");
    }
}
