use serde::Deserialize;
use serde_json::error::Category;

use crate::Malformed;

/// Reads the known fields of a JSON object.
///
/// What is not known is skipped without recursion, so that no depth of nesting overflows the stack; it is checked to
/// be JSON nevertheless. The reasons quote nothing of the body.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Malformed> {
    if json.is_empty() {
        return Err(Malformed::new("the body is empty"));
    }
    let json = str::from_utf8(json).map_err(|_| Malformed::new("the body is not UTF-8"))?;
    let result = serde_json::from_str(json).map_err(|error| reason(&error));
    // Derived readers of structs take an array for the list of their fields.
    if json.trim_ascii_start().starts_with('[') {
        return Err(Malformed::new("the body is not a JSON object"));
    }
    result
}

/// What is wrong with a body that is no JSON, or not the JSON that it should be.
pub(crate) fn reason(error: &serde_json::Error) -> Malformed {
    let what = match error.classify() {
        Category::Syntax | Category::Io => "the body is not valid JSON",
        Category::Eof => "the body is not valid JSON: it ends too early",
        Category::Data => "the body is not a JSON object with the expected fields",
    };
    Malformed::new(format!("{what} (line {}, column {})", error.line(), error.column()))
}
