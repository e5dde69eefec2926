//! Errors: `{error: <code for programs>, message: <for people>, details?}`.

use std::borrow::Cow;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hookyard_store::StoreError;
use serde_json::{Value, json};
use tracing::error;

use super::answer::respond;
use crate::access::Refusal;
use crate::operations::OperationError;

/// How long whoever asks should wait when the database is away, in seconds.
const UNAVAILABLE_RETRY_S: i64 = 2;

/// Why a request got no other answer. Holds no secret.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: Cow<'static, str>,
    message: String,
    details: Option<Value>,
    /// Boxed: rare, and every handler's result would be as large as it.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl ApiError {
    /// An error with a code of its own.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { status, code, message, details: None, header: None }
    }

    /// 400: this field of the query, the path or the body cannot be understood.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_request", message);
        error.with_details(json!({ "field": field }))
    }

    /// 404: there is no such thing.
    pub fn not_found(what: &str, name: &str) -> Self {
        // The record of a sync goes by its old name in the codes that programs know.
        let noun = if what == "sync event" { "connector sync event" } else { what };
        let code = format!("{}_not_found", noun.to_lowercase().replace(' ', "_"));
        Self::new(StatusCode::NOT_FOUND, code, format!("there is no {what} {name}"))
    }

    /// 403: somebody else may.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 500, and a line in the log.
    pub fn internal(what: &str) -> Self {
        error!("a request failed: {what}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Hookyard failed; its log says why",
        )
    }

    /// 503: this process lacks a setting.
    pub fn not_configured(variable: &str) -> Self {
        let message = format!("the admin process runs without {variable}, and this needs it");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_configured", message)
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What it says to people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same with details for programs.
    #[must_use]
    pub fn with_details(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    fn with_header(self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        Self { header: Some(Box::new((name, value.into()))), ..self }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            error!("the database is unavailable: {}", error.brief());
            return Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the database does not answer; try again",
            )
            .with_header(RETRY_AFTER, UNAVAILABLE_RETRY_S);
        }
        if error.is_unrepresentable() {
            let message = "a text holds a NUL character, or a time lies too far back: neither can be stored or looked for";
            return Self::new(StatusCode::BAD_REQUEST, "invalid_request", message);
        }
        Self::internal(&error.brief())
    }
}

impl From<OperationError> for ApiError {
    fn from(error: OperationError) -> Self {
        let message = error.to_string();
        match error {
            OperationError::NotFound { what, name } => Self::not_found(what, &name),
            OperationError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", message),
            OperationError::Stale(_) => {
                Self::new(StatusCode::PRECONDITION_FAILED, "changed_meanwhile", message)
            }
            OperationError::GitHub { code, .. } => Self::new(StatusCode::CONFLICT, code, message),
            OperationError::Invalid(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", message)
            }
            OperationError::Forbidden(_) => Self::forbidden(message),
            OperationError::TestFailed(_) => {
                Self::new(StatusCode::BAD_GATEWAY, "test_failed", message)
            }
            OperationError::Store(error) => error.into(),
            OperationError::Seal(_) => Self::internal(&message),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthenticated { expired: true } => {
                Self::new(StatusCode::UNAUTHORIZED, "token_expired", "this token has expired")
                    .with_header(WWW_AUTHENTICATE, INVALID_TOKEN)
            }
            Refusal::Unauthenticated { expired: false } => Self::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "show a token that is valid here: `Authorization: Bearer hky_...`",
            )
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Refusal::TooMany { wait_s } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                format!("too many attempts with tokens that open nothing; wait {wait_s} s"),
            )
            .with_header(RETRY_AFTER, wait_s),
            Refusal::NotFound { what, name } => Self::not_found(what, &name),
            Refusal::Malformed { parameter, why } => Self::field(&parameter, why),
            Refusal::Forbidden(need) => Self::forbidden(format!("this needs {need}")),
            Refusal::CrossSite => Self::forbidden("another site sent this"),
            Refusal::Store(error) => error.into(),
        }
    }
}

/// RFC 6750, section 3.1.
const INVALID_TOKEN: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.code, "message": self.message });
        if let Some(details) = self.details {
            body["details"] = details;
        }
        let mut response = respond(self.status, &body);
        if let Some(header) = self.header {
            let (name, value) = *header;
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// The answer to a request that the guard does not let through.
pub fn refuse(refusal: Refusal) -> Response {
    ApiError::from(refusal).into_response()
}

/// The answer to a path that no route has.
pub(crate) async fn unknown_path(uri: Uri) -> Response {
    let message = format!("there is nothing at {}", uri.path());
    ApiError::new(StatusCode::NOT_FOUND, "not_found", message).into_response()
}

/// The answer to a method that a path does not take; `Allow` names those that it does.
pub(crate) async fn unknown_method(uri: Uri) -> Response {
    let message = format!("{} does not take this method", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into_response()
}
