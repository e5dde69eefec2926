//! What a command prints: one JSON document, or text that fits a terminal.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use hookyard_admin::operations::OperationError;
use hookyard_process::EXIT_USAGE;
use serde::Serialize;

mod layout;
mod terminal;
mod text;
pub(crate) mod watch;

pub(crate) use text::{Fields, Table, ago, duration_ms, since, time};

/// What was asked for does not exist.
const EXIT_NOT_FOUND: u8 = 2;
/// The workspace's plan does not include it: `EX_NOPERM` of sysexits.h.
const EXIT_FORBIDDEN: u8 = 77;

/// A command's result, in both forms.
#[derive(Debug)]
pub(crate) struct Answer {
    json: String,
    text: String,
    code: ExitCode,
}

impl Answer {
    /// `value` for programs, `text` for people.
    pub(crate) fn new(value: &impl Serialize, text: impl Into<String>) -> anyhow::Result<Self> {
        let json = serde_json::to_string_pretty(value).context("the answer does not fit JSON")?;
        Ok(Self { json, text: text.into(), code: ExitCode::SUCCESS })
    }

    /// The same, but the process reports failure.
    pub(crate) fn failed(self) -> Self {
        Self { code: ExitCode::FAILURE, ..self }
    }

    /// Writes the answer to standard output.
    pub(crate) fn print(self, json: bool) -> anyhow::Result<ExitCode> {
        let (text, code) = self.into_parts(json);
        // Whoever reads may have read enough, as `head` has.
        write(&text).map(|_| code)
    }

    /// What is printed, ended by a line break, and the exit code.
    fn into_parts(self, json: bool) -> (String, ExitCode) {
        let mut text = if json { self.json } else { self.text };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        (text, self.code)
    }
}

/// Writes to standard output; false when nobody reads it any more.
fn write(text: &str) -> anyhow::Result<bool> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).context("standard output cannot be written"),
    }
}

/// A line for people about where a list goes on.
pub(crate) fn next_page(text: &mut String, cursor: Option<impl std::fmt::Display>) {
    if let Some(cursor) = cursor {
        // A table has a line of names above its rows. What is rare may not be on a page that looked at enough.
        let none = text.lines().nth(1).is_none();
        let word = if none { "so far; look further back" } else { "more" };
        writeln!(text, "{word}: --cursor {cursor}").expect("a string takes every write");
    }
}

/// Tells why a command failed, and gives its exit code.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    let told = hookyard_process::fail(error);
    match error.downcast_ref::<OperationError>() {
        Some(OperationError::NotFound { .. }) => ExitCode::from(EXIT_NOT_FOUND),
        Some(OperationError::Invalid(_)) => ExitCode::from(EXIT_USAGE),
        Some(OperationError::Forbidden(_)) => ExitCode::from(EXIT_FORBIDDEN),
        Some(
            OperationError::Conflict(_)
            | OperationError::Stale(_)
            | OperationError::GitHub { .. }
            | OperationError::TestFailed(_)
            | OperationError::Store(_)
            | OperationError::Seal(_),
        )
        | None => told,
    }
}
