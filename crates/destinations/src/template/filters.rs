//! The filters and tests of templates. Each costs no more than its input and answers no more than it was given, or
//! than an output may hold.

use minijinja::value::{Rest, Value};
use minijinja::{Environment, Error, ErrorKind, tests};

use super::OUTPUT_BYTES_MAX;
use super::output::{text, too_long};

/// Their names; the templates' subset knows no others.
pub(super) const FILTERS: [&str; 10] =
    ["concat", "default", "first", "join", "last", "length", "lower", "trim", "truncate", "upper"];
pub(super) const TESTS: [&str; 7] =
    ["defined", "mapping", "none", "number", "sequence", "string", "undefined"];

/// Adds them to an environment that has none.
pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter("concat", concat);
    environment.add_filter("default", default);
    environment.add_filter("first", |list: &Value| item(list, 0));
    environment.add_filter("join", join);
    environment.add_filter("last", |list: &Value| {
        list.len().map_or(Value::UNDEFINED, |len| item(list, len.saturating_sub(1)))
    });
    environment.add_filter("length", length);
    environment.add_filter("lower", |value: &Value| Ok::<_, Error>(text(value)?.to_lowercase()));
    environment.add_filter("trim", |value: &Value| Ok::<_, Error>(text(value)?.trim().to_owned()));
    environment.add_filter("truncate", |value: &Value, chars: usize| {
        Ok::<_, Error>(crate::text::cut(&text(value)?, chars))
    });
    environment.add_filter("upper", |value: &Value| Ok::<_, Error>(text(value)?.to_uppercase()));

    environment.add_test("defined", tests::is_defined);
    environment.add_test("mapping", tests::is_mapping);
    environment.add_test("none", tests::is_none);
    environment.add_test("number", tests::is_number);
    environment.add_test("sequence", tests::is_sequence);
    environment.add_test("string", tests::is_string);
    environment.add_test("undefined", tests::is_undefined);
}

fn item(list: &Value, index: usize) -> Value {
    list.get_item_by_index(index).unwrap_or(Value::UNDEFINED)
}

fn default(value: &Value, instead: &Value) -> Value {
    if value.is_undefined() || value.is_none() { instead.clone() } else { value.clone() }
}

fn length(value: &Value) -> Result<usize, Error> {
    let missing = value.is_undefined().then_some(0);
    missing.or_else(|| value.len()).ok_or_else(|| {
        Error::new(ErrorKind::InvalidOperation, format!("{} has no length", value.kind()))
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "MiniJinja hands over the rest of the arguments so"
)]
fn concat(first: &Value, rest: Rest<Value>) -> Result<String, Error> {
    let mut whole = text(first)?;
    for value in rest.iter() {
        append(&mut whole, &text(value)?)?;
    }
    Ok(whole)
}

fn join(list: &Value, separator: &str) -> Result<String, Error> {
    let mut whole = String::new();
    for (index, value) in list.try_iter()?.enumerate() {
        if index > 0 {
            append(&mut whole, separator)?;
        }
        append(&mut whole, &text(&value)?)?;
    }
    Ok(whole)
}

fn append(whole: &mut String, part: &str) -> Result<(), Error> {
    if whole.len() + part.len() > OUTPUT_BYTES_MAX {
        return Err(too_long());
    }
    whole.push_str(part);
    Ok(())
}
