//! Events that applications publish: `{"type", "data", "occurredAt"?}`, one or an array of them.
//!
//! Stricter than the payloads of providers, whose fields nobody here can correct: everything is looked at, and what is
//! not understood is refused, so that a misspelt field is found when it is written and not when it is missed.

mod data;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use hookyard_domain::event_type::EventType;
use http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::text::{ID_BYTES_MAX, is_visible_ascii};
use crate::{Call, Malformed};

pub use data::DATA_DEPTH_MAX;

/// One event of an application, checked.
#[derive(Debug, Clone)]
pub struct Published<'a> {
    pub event_type: EventType,
    /// A JSON object that every reader of JSON takes.
    pub data: &'a str,
    /// When it happened, as the application says.
    pub occurred_at: Option<Timestamp>,
}

/// Whether a text may be an `Idempotency-Key`: 1 to [`ID_BYTES_MAX`] bytes of visible ASCII.
pub fn is_idempotency_key(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len()) && is_visible_ascii(text)
}

/// The header `Idempotency-Key`: 1 to 255 bytes of visible ASCII, or none at all.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Malformed> {
    const NAME: &str = "Idempotency-Key";
    let key = Call { headers, body: &[] }.id_header(NAME)?;
    if key.is_none() && headers.contains_key(NAME) {
        // Whoever sends one relies on it.
        return Err(Malformed::new(format!("{NAME} header is empty")));
    }
    Ok(key)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields<'a> {
    #[serde(rename = "type", borrow)]
    event_type: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    occurred_at: Option<&'a RawValue>,
}

/// Reads the body of a call: an event, or an array of 1 to `events_max`.
///
/// What is wrong is told with the number of the event, from 0, and the field: `[3].type: ...`.
pub fn publications(body: &[u8], events_max: usize) -> Result<Vec<Published<'_>>, Malformed> {
    if body.is_empty() {
        return Err(Malformed::new("the body is empty"));
    }
    let body = str::from_utf8(body).map_err(|_| Malformed::new("the body is not UTF-8"))?;
    if !body.trim_ascii_start().starts_with('[') {
        let event = serde_json::from_str(body).map_err(|error| crate::json::reason(&error))?;
        return Ok(vec![published(event, &Place(None))?]);
    }
    let events: Vec<&RawValue> =
        serde_json::from_str(body).map_err(|error| crate::json::reason(&error))?;
    if !(1..=events_max).contains(&events.len()) {
        return Err(Malformed::new(format!("the body is an array of 1 to {events_max} events")));
    }
    events.iter().enumerate().map(|(n, event)| published(event, &Place(Some(n)))).collect()
}

fn published<'a>(event: &'a RawValue, place: &Place) -> Result<Published<'a>, Malformed> {
    if !event.get().starts_with('{') {
        return Err(place.wrong(None, "an event must be a JSON object"));
    }
    let fields: Fields<'_> = serde_json::from_str(event.get()).map_err(|_| {
        place
            .wrong(None, "there is a field twice, or one that is none of type, data and occurredAt")
    })?;
    let text = |field: &'static str, value: &'a RawValue| {
        serde_json::from_str::<Text<'_>>(value.get())
            .map_err(|_| place.wrong(Some(field), "must be a text"))
    };
    let missing = |field| place.wrong(Some(field), "is missing");
    let event_type = text("type", fields.event_type.ok_or_else(|| missing("type"))?)?;
    let event_type: EventType =
        event_type.0.parse().map_err(|error| place.wrong(Some("type"), error))?;
    if event_type.is_reserved() {
        let why = format!("{event_type} is for Hookyard's own events; begin with another word");
        return Err(place.wrong(Some("type"), why));
    }
    let data = fields.data.ok_or_else(|| missing("data"))?.get();
    data::check(data).map_err(|error| place.wrong(Some("data"), error))?;
    let occurred_at = match fields.occurred_at {
        None => None,
        Some(value) => {
            let time = time(&text("occurredAt", value)?.0).ok_or_else(|| {
                place.wrong(Some("occurredAt"), "must be a time such as 2026-01-31T12:00:00Z")
            })?;
            Some(time)
        }
    };
    Ok(Published { event_type, data, occurred_at })
}

/// A time as in RFC 3339: four digits of year, and an offset.
fn time(text: &str) -> Option<Timestamp> {
    /// `2026-01-31T12:00:00.123456789+01:00`
    const TIME_BYTES_MAX: usize = 35;
    let begins_with_a_year = text.bytes().take(4).all(|byte| byte.is_ascii_digit());
    // ISO 8601 knows more than RFC 3339: signs before years, names of zones after times.
    let plain = begins_with_a_year && text.len() <= TIME_BYTES_MAX && !text.contains('[');
    if plain { text.parse().ok() } else { None }
}

/// A text that need not be copied unless it holds escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Where in the body something is.
struct Place(Option<usize>);

impl Place {
    fn wrong(&self, field: Option<&str>, why: impl fmt::Display) -> Malformed {
        Malformed::new(match (self.0, field) {
            (None, None) => why.to_string(),
            (None, Some(field)) => format!("{field}: {why}"),
            (Some(n), None) => format!("[{n}]: {why}"),
            (Some(n), Some(field)) => format!("[{n}].{field}: {why}"),
        })
    }
}
