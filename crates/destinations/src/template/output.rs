//! What a template prints: escaped for where it goes, and bounded.

use std::io;

use minijinja::{Error, ErrorKind, Output, State, Value};

use super::OUTPUT_BYTES_MAX;
use super::work::charge;
use crate::text::plain;
use crate::{discord, slack};

/// Where a template's output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    Slack,
    Discord,
    Json,
}

impl Markup {
    /// A value as text that means nothing but itself.
    fn escape(self, value: &str) -> String {
        match self {
            Self::Slack => slack::escape_value(&plain(value)),
            Self::Discord => discord::escape(&plain(value), usize::MAX),
            Self::Json => value.to_owned(),
        }
    }

    /// A link under a label; where the URL leads to no web, the label alone.
    pub(super) fn link(self, url: &str, label: &str) -> String {
        let label = if label.trim().is_empty() { url } else { label };
        match self {
            Self::Slack => slack::link(url, label),
            Self::Discord => discord::link(url, label),
            Self::Json => None,
        }
        .unwrap_or_else(|| self.escape(label))
    }
}

/// Prints one value. What is missing is nothing in a message and `null` in JSON; lists and objects are JSON.
pub(super) fn print(
    markup: Markup,
    is_trial: bool,
    (out, state): (&mut Output<'_>, &mut State<'_, '_>),
    value: &Value,
) -> Result<(), Error> {
    let value = if is_trial && value.is_undefined() { &Value::from("text") } else { value };
    let text = match markup {
        Markup::Json => json(value)?,
        Markup::Slack | Markup::Discord if value.is_safe() => text(state, value)?,
        Markup::Slack | Markup::Discord => markup.escape(&text(state, value)?),
    };
    out.write_str(&text).map_err(|_| too_long())
}

/// A value as text, at most as long as an output; paid for.
pub(super) fn text(state: &mut State<'_, '_>, value: &Value) -> Result<String, Error> {
    let text = match value.as_str() {
        _ if value.is_undefined() || value.is_none() => String::new(),
        Some(text) if text.len() > OUTPUT_BYTES_MAX => return Err(too_long()),
        Some(text) => text.to_owned(),
        None => json(value)?,
    };
    charge(state, 1 + text.len())?;
    Ok(text)
}

fn json(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Ok("null".to_owned());
    }
    let mut output = Bounded::new(OUTPUT_BYTES_MAX);
    serde_json::to_writer(&mut output, value).map_err(|error| {
        if output.is_full() {
            too_long()
        } else {
            Error::new(ErrorKind::BadSerialization, error.to_string())
        }
    })?;
    Ok(output.into_text())
}

pub(super) fn too_long() -> Error {
    let what = format!("a value is longer than {OUTPUT_BYTES_MAX} bytes");
    Error::new(ErrorKind::WriteFailure, what)
}

/// A buffer that refuses more than its bound.
#[derive(Debug)]
pub(super) struct Bounded {
    bytes: Vec<u8>,
    max: usize,
    is_full: bool,
}

impl Bounded {
    pub(super) fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), max, is_full: false }
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn into_text(self) -> String {
        String::from_utf8(self.bytes).expect("only text is written, in whole characters")
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.max {
            self.is_full = true;
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
