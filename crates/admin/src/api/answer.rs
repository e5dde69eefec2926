//! The shapes of answers: what is read, what was made, changed, queued, removed.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, ETAG};
use axum::response::{IntoResponse, Response};
use hookyard_store::paging::Page;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::ApiError;

/// What a handler of the API gives.
pub type Answer = Result<Response, ApiError>;

/// 200 `{items, nextCursor}`.
pub fn list<T: Serialize, I: Serialize>(page: &Page<T, I>) -> Answer {
    plain(page)
}

/// 200 `{item}`.
pub fn item(item: &impl Serialize) -> Answer {
    plain(&json!({ "item": value(item)? }))
}

/// 200 `{item}` with its `ETag`, which an update names in `If-Match`.
pub fn item_tagged(shown: &impl Serialize, updated_at: Timestamp) -> Answer {
    let mut answer = item(shown)?;
    let tag = format!("\"{updated_at}\"")
        .parse()
        .map_err(|_| ApiError::internal("a time is no header"))?;
    answer.headers_mut().insert(ETAG, tag);
    Ok(answer)
}

/// 201 `{ok, item}`.
pub fn created(item: &impl Serialize) -> Answer {
    Ok(respond(StatusCode::CREATED, &json!({ "ok": true, "item": value(item)? })))
}

/// 200 `{ok, item}`.
pub fn changed(item: &impl Serialize) -> Answer {
    Ok(respond(StatusCode::OK, &json!({ "ok": true, "item": value(item)? })))
}

/// 202 with what was queued: it says `ok`, `queued` and `job` itself.
pub fn queued(queued: &impl Serialize) -> Answer {
    Ok(respond(StatusCode::ACCEPTED, &value(queued)?))
}

/// 204.
pub fn gone() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// 200 with just this.
pub fn plain(value: &impl Serialize) -> Answer {
    Ok(respond(StatusCode::OK, &self::value(value)?))
}

fn value(value: &impl Serialize) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(value).map_err(|_| ApiError::internal("an answer does not fit JSON"))
}

/// Nothing that the API says is kept by anybody on the way.
pub(super) fn respond(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
