//! What a file says of itself: title, description, and its frontmatter or manifest.

use hookyard_domain::reconcile::Wanted;
use hookyard_domain::sync_event::FileReason;
use hookyard_store::config_objects::Content;
use serde_json::Value;

/// Changes whenever the same bytes would be read differently: then every file is read again.
pub(crate) const PARSER_VERSION: u32 = 1;

/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// The longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 2_000;
/// How a Git LFS pointer file begins (<https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>).
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A file that cannot be brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) reason: FileReason,
    pub(super) error: String,
}

fn unparsable(error: impl Into<String>) -> Bad {
    Bad { reason: FileReason::Unparsable, error: error.into() }
}

/// Reads a file.
pub(super) fn parse(file: &Wanted, bytes: &[u8]) -> Result<Content, Bad> {
    if bytes.starts_with(LFS_POINTER) {
        let error = "it is a Git LFS pointer; its content is not in the repository".to_owned();
        return Err(Bad { reason: FileReason::LfsPointer, error });
    }
    let text = text(bytes)?;
    let (metadata, body) = match extension(&file.path) {
        "json" => (Some(manifest(text)?), ""),
        "md" | "markdown" | "mdx" => frontmatter(text)?,
        _ => (None, text),
    };
    let field = |names: [&str; 2]| {
        let metadata = metadata.as_ref()?;
        names
            .iter()
            .find_map(|name| metadata.get(name)?.as_str())
            .map(str::trim)
            .filter(|it| !it.is_empty())
    };
    let title = field(["title", "name"])
        .or_else(|| first_line(body))
        .unwrap_or_else(|| name_of(&file.path));
    Ok(Content {
        title: cut(title, TITLE_CHARS_MAX),
        description: field(["description", "summary"]).map(|it| cut(it, DESCRIPTION_CHARS_MAX)),
        path: file.path.clone(),
        blob_sha: file.sha.clone(),
        metadata,
    })
}

fn text(bytes: &[u8]) -> Result<&str, Bad> {
    let not_text = |error: String| Bad { reason: FileReason::NotUtf8, error };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        not_text(format!("it is not UTF-8 text from byte {} on", error.valid_up_to()))
    })?;
    match text.find('\0') {
        Some(at) => Err(not_text(format!("it is no text: byte {at} is NUL"))),
        None => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
    }
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn manifest(text: &str) -> Result<Value, Bad> {
    let value = serde_json::from_str(text)
        .map_err(|error| unparsable(format!("the JSON does not parse: {error}")))?;
    storable(value)
}

/// The YAML between two lines of `---` at the top, and the text behind it.
fn frontmatter(text: &str) -> Result<(Option<Value>, &str), Bad> {
    let Some(rest) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else {
        return Ok((None, text));
    };
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            let body = &rest[end + line.len()..];
            return Ok((mapping(&rest[..end])?, body));
        }
        end += line.len();
    }
    Err(unparsable("the frontmatter has no closing `---` line"))
}

fn mapping(yaml: &str) -> Result<Option<Value>, Bad> {
    if yaml.trim().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_saphyr::from_str(yaml)
        .map_err(|error| unparsable(format!("the frontmatter does not parse: {error}")))?;
    match value {
        Value::Null => Ok(None),
        Value::Object(_) => storable(value).map(Some),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(unparsable("the frontmatter is not a mapping of names to values"))
        }
    }
}

/// `PostgreSQL`'s `jsonb` takes every JSON value but strings with a NUL.
fn storable(value: Value) -> Result<Value, Bad> {
    fn has_nul(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(has_nul),
            Value::Object(fields) => {
                fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    if has_nul(&value) {
        Err(unparsable("a string in it contains a NUL character"))
    } else {
        Ok(value)
    }
}

/// The first line that says something, without Markdown's marks of headings and lists.
fn first_line(text: &str) -> Option<&str> {
    text.lines()
        .map(|line| line.trim_start_matches(['#', '-', '*', '>', ' ', '\t']).trim())
        .find(|line| !line.is_empty())
}

/// A name from the path: the folder of a `SKILL.md` or `AGENT.md`, else the file's name without its extension.
fn name_of(path: &str) -> &str {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folder.rsplit('/').next().unwrap_or_default();
    if matches!(file, "SKILL.md" | "AGENT.md") && !folder.is_empty() {
        return folder;
    }
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars_max).collect()
}

#[cfg(test)]
mod tests;
