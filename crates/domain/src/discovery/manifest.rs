//! Manifests as they were read, and texts of them.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// The longest name that is kept, in characters.
pub(super) const NAME_CHARS_MAX: usize = 100;
/// The longest description that is kept, in characters.
pub(super) const DESCRIPTION_CHARS_MAX: usize = 1_000;
/// How much of a manifest's text a warning quotes, in characters.
const QUOTED_CHARS_MAX: usize = 80;

/// A manifest's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    Read(Vec<u8>),
    /// It was not read, and why.
    LeftOut(String),
}

/// What was read of each path.
pub type Manifests = HashMap<String, Manifest>;

/// The manifest at `path` as a JSON object; none, and a warning, if it is no such thing.
pub(super) fn object(
    manifests: &Manifests,
    path: &str,
    warnings: &mut Vec<String>,
) -> Option<Map<String, Value>> {
    let found = match manifests.get(path) {
        Some(manifest) => parse(manifest),
        None => Err("was not read".to_owned()),
    };
    found.map_err(|why| warnings.push(format!("{} {why}", quoted(path)))).ok()
}

/// A manifest as a JSON object; an error says what it is instead.
pub(super) fn parse(manifest: &Manifest) -> Result<Map<String, Value>, String> {
    let bytes = match manifest {
        Manifest::Read(bytes) => bytes,
        Manifest::LeftOut(why) => return Err(format!("was not read: {why}")),
    };
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    // The parser ends at 128 levels, so what is nested without end is no JSON either.
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("is JSON, but no object".to_owned()),
        Err(error) => Err(format!("is not JSON: line {} column {}", error.line(), error.column())),
    }
}

/// A text on one line, of at most so many characters; none if it is no text or has nothing to show.
pub(super) fn text(value: Option<&Value>, chars_max: usize) -> Option<String> {
    let text = value?.as_str()?.trim();
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let kept: String = text.chars().take(chars_max).map(clean).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// A manifest's text for a warning.
pub(super) fn quoted(text: &str) -> String {
    let mut kept: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    format!("{kept:?}")
}
