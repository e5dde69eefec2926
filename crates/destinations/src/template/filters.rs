//! The filters and tests of templates. Each pays for what it goes through (`work.rs`) and answers no more than it
//! was given, or than an output may hold.

use minijinja::value::{Rest, Value};
use minijinja::{Environment, Error, ErrorKind, State, tests};

use super::OUTPUT_BYTES_MAX;
use super::output::{Markup, text, too_long};
use super::work::charge;

/// Their names; the templates' subset knows no others.
pub(super) const FILTERS: [&str; 11] = [
    "concat", "default", "first", "join", "last", "length", "link", "lower", "trim", "truncate",
    "upper",
];
pub(super) const TESTS: [&str; 8] =
    ["containing", "defined", "mapping", "none", "number", "sequence", "string", "undefined"];

/// Adds them to an environment that has none.
pub(super) fn add(environment: &mut Environment<'_>, markup: Markup) {
    environment.add_filter("concat", concat);
    environment.add_filter("default", default);
    environment.add_filter("first", first);
    environment.add_filter("join", join);
    environment.add_filter("last", last);
    environment.add_filter("length", length);
    environment.add_filter("lower", lower);
    environment.add_filter("trim", trim);
    environment.add_filter("truncate", truncate);
    environment.add_filter("upper", upper);
    // JSON has no markup for links.
    if markup != Markup::Json {
        environment.add_filter(
            "link",
            move |state: &mut State<'_, '_>, url: &Value, label: &Value| {
                let (url, label) = (text(state, url)?, text(state, label)?);
                // The one text that is printed as it is.
                Ok::<_, Error>(Value::from_safe_string(markup.link(&url, &label)))
            },
        );
    }

    environment.add_test("containing", containing);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("mapping", tests::is_mapping);
    environment.add_test("none", tests::is_none);
    environment.add_test("number", tests::is_number);
    environment.add_test("sequence", tests::is_sequence);
    environment.add_test("string", tests::is_string);
    environment.add_test("undefined", tests::is_undefined);
}

fn first(state: &mut State<'_, '_>, list: &Value) -> Result<Value, Error> {
    item(state, list, 0)
}

fn last(state: &mut State<'_, '_>, list: &Value) -> Result<Value, Error> {
    let len = length_of(state, list)?;
    len.map_or(Ok(Value::UNDEFINED), |len| item(state, list, len.saturating_sub(1)))
}

fn item(state: &mut State<'_, '_>, list: &Value, index: usize) -> Result<Value, Error> {
    // A list knows its items by their index; others are gone through.
    charge(state, index)?;
    Ok(list.get_item_by_index(index).unwrap_or(Value::UNDEFINED))
}

fn lower(state: &mut State<'_, '_>, value: &Value) -> Result<String, Error> {
    Ok(text(state, value)?.to_lowercase())
}

fn trim(state: &mut State<'_, '_>, value: &Value) -> Result<String, Error> {
    Ok(text(state, value)?.trim().to_owned())
}

fn truncate(state: &mut State<'_, '_>, value: &Value, chars: usize) -> Result<String, Error> {
    Ok(crate::text::cut(&text(state, value)?, chars))
}

fn upper(state: &mut State<'_, '_>, value: &Value) -> Result<String, Error> {
    Ok(text(state, value)?.to_uppercase())
}

/// Whether a list holds a value, an object a name or a text another one.
fn containing(state: &mut State<'_, '_>, all: &Value, one: &Value) -> Result<bool, Error> {
    if let Some(all) = all.as_str() {
        let one = text(state, one)?;
        charge(state, all.len())?;
        return Ok(all.contains(&one));
    }
    if all.is_undefined() || all.is_none() {
        return Ok(false);
    }
    if one.len().is_some() && one.as_str().is_none() {
        let what = "a list or an object is looked for in nothing";
        return Err(Error::new(ErrorKind::InvalidOperation, what));
    }
    for value in all.try_iter()? {
        charge(state, 1 + value.as_str().map_or(0, str::len))?;
        if value == *one {
            return Ok(true);
        }
    }
    Ok(false)
}

fn default(value: &Value, instead: &Value) -> Value {
    if value.is_undefined() || value.is_none() { instead.clone() } else { value.clone() }
}

fn length(state: &mut State<'_, '_>, value: &Value) -> Result<usize, Error> {
    let missing = value.is_undefined().then_some(0);
    missing.or(length_of(state, value)?).ok_or_else(|| {
        Error::new(ErrorKind::InvalidOperation, format!("{} has no length", value.kind()))
    })
}

/// The length of what has one. A text's characters are counted one by one.
fn length_of(state: &mut State<'_, '_>, value: &Value) -> Result<Option<usize>, Error> {
    charge(state, value.as_str().map_or(0, str::len))?;
    Ok(value.len())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "MiniJinja hands over the rest of the arguments so"
)]
fn concat(state: &mut State<'_, '_>, first: &Value, rest: Rest<Value>) -> Result<String, Error> {
    let mut whole = text(state, first)?;
    for value in rest.iter() {
        append(&mut whole, &text(state, value)?)?;
    }
    Ok(whole)
}

fn join(state: &mut State<'_, '_>, list: &Value, separator: &str) -> Result<String, Error> {
    let mut whole = String::new();
    for (index, value) in list.try_iter()?.enumerate() {
        if index > 0 {
            append(&mut whole, separator)?;
        }
        append(&mut whole, &text(state, &value)?)?;
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
