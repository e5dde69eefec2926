//! What a request says: path, query and body, typed. What cannot be understood is a 400 that names the field.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use hookyard_store::paging::{PAGE_ITEMS_DEFAULT, PageRequest};
use jiff::{SignedDuration, Timestamp};
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiError;
use crate::App;
use crate::access::Asked;

/// How long the body of a request may take to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// The longest query, in bytes.
const QUERY_BYTES_MAX: usize = 8 * 1024;
/// The longest reason for the audit log, in characters.
const REASON_CHARS_MAX: usize = 500;

/// The path's parameter that reads as a `T`. The guard has seen to it that it lies in the path's workspace.
#[derive(Debug, Clone, Copy)]
pub struct InPath<T>(pub T);

impl<T: FromStr> FromRequestParts<App> for InPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let asked = parts.extensions.get::<Asked>();
        let asked = asked.ok_or_else(|| ApiError::internal("a route without a guard"))?;
        let unknown = || {
            let message = format!("there is nothing at {}", parts.uri.path());
            ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
        };
        asked.parameter().map(Self).ok_or_else(unknown)
    }
}

/// The query as a `T` that denies unknown fields. Empty parameters count as left out.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parse_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    if query.len() > QUERY_BYTES_MAX {
        let message = format!("a query has {QUERY_BYTES_MAX} bytes at most");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    let given: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()).collect();
    if let Some((name, _)) = given.iter().find(|(_, value)| value.contains('\0')) {
        return Err(ApiError::field(name, format!("{name}: no text has a NUL character")));
    }
    let kept = form_urlencoded::Serializer::new(String::new()).extend_pairs(&given).finish();
    let read = serde_urlencoded::Deserializer::new(form_urlencoded::parse(kept.as_bytes()));
    serde_path_to_error::deserialize(read).map_err(|error| {
        let path = error.path().to_string();
        misread(&path, &error.into_inner().to_string())
    })
}

/// The body, a JSON object, as a `T` that denies unknown fields.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(&request);
        let bytes = read(request, state).await?;
        if !is_json {
            return Err(not_json());
        }
        parse_body(&bytes).map(Self)
    }
}

/// Why a change is made: the body `{"reason": "..."}`, which may be left out.
#[derive(Debug, Clone, Default)]
pub struct Because(pub Option<String>);

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// Why; kept in the audit log.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl<S: Send + Sync> FromRequest<S> for Because {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(&request);
        let bytes = read(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        if !is_json {
            return Err(not_json());
        }
        let Reason { reason } = parse_body(&bytes)?;
        checked_reason(reason).map(Self)
    }
}

/// The query `?reason=...` of what takes no body.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonQuery {
    /// Why; kept in the audit log.
    #[param(max_length = 500)]
    pub(super) reason: Option<String>,
}

/// A text of the body as what it should be.
pub(super) fn parsed<T: FromStr>(field: &str, text: &str) -> Result<T, ApiError>
where
    T::Err: Display,
{
    text.parse().map_err(|error| ApiError::field(field, format!("{field}: {error}")))
}

/// A reason for the audit log that is one short text.
pub(super) fn checked_reason(reason: Option<String>) -> Result<Option<String>, ApiError> {
    let fits = |text: &String| {
        text.chars().count() <= REASON_CHARS_MAX && !text.chars().any(char::is_control)
    };
    if reason.as_ref().is_none_or(fits) {
        return Ok(reason.filter(|text| !text.is_empty()));
    }
    let message =
        format!("a reason has {REASON_CHARS_MAX} characters at most and no control characters");
    Err(ApiError::field("reason", message))
}

fn is_json(request: &Request) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn not_json() -> ApiError {
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "send JSON, as Content-Type: application/json",
    )
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(BODY_TIME_MAX, Bytes::from_request(request, state)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            "the body is too large",
        )),
        Ok(Err(_)) => {
            Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", "the body broke off"))
        }
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "the body did not arrive in time",
        )),
    }
}

fn parse_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // A struct could be read from an array, too, field by field.
    if bytes.trim_ascii_start().first().is_some_and(|first| *first == b'[') {
        let message = "the body is an array, not a JSON object";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    let mut read = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut read).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            misread(&path, &error.to_string())
        } else {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_json",
                format!("the body is not JSON: line {} column {}", error.line(), error.column()),
            )
        }
    })?;
    let rest = read.end();
    rest.map_err(|_| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_json",
            "the body is more than one JSON value",
        )
    })?;
    Ok(value)
}

/// A 400 that names the field. For a field that is missing or unknown the path ends above it; the text names it.
fn misread(path: &str, why: &str) -> ApiError {
    // serde_json says where in the text, which helps nobody who did not write it by hand.
    let why = why.split(" at line ").next().unwrap_or(why);
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| why.strip_prefix(start)?.split('`').next());
    let field = match (path, named) {
        ("." | "", Some(name)) => name.to_owned(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    ApiError::field(&field, format!("{field}: {why}"))
}

/// A list of values, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commas<T>(pub Vec<T>);

impl<'de, T> Deserialize<'de> for Commas<T>
where
    T: FromStr,
    T::Err: Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parse = |item: &str| item.parse().map_err(D::Error::custom);
        text.split(',').map(parse).collect::<Result<_, _>>().map(Self)
    }
}

/// The page that the query's `limit` and `cursor` ask for.
pub fn page_of<I>(limit: Option<u16>, cursor: Option<I>) -> Result<PageRequest<I>, ApiError> {
    PageRequest::new(limit.unwrap_or(PAGE_ITEMS_DEFAULT), cursor)
        .map_err(|error| ApiError::field("limit", error.to_string()))
}

/// A time as RFC 3339 has it, or a span before now such as `24h`.
pub fn time_of(
    field: &str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let span = || text.parse::<SignedDuration>().ok().filter(|span| !span.is_negative());
    let at = text.parse().ok().or_else(|| now.checked_sub(span()?).ok());
    let wrong = || {
        let message = "write a time such as 2026-01-31T12:00:00Z, or a span such as 2h or 30m";
        ApiError::field(field, format!("{field}: {message}"))
    };
    at.map(Some).ok_or_else(wrong)
}
