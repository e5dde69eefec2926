//! What a browser is shown when it is not let through.

use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, html};
use tracing::error;

use crate::access::Refusal;

/// The page, or the way to signing in.
pub fn refuse(refusal: Refusal, _head: &Parts) -> Response {
    let (status, text) = match refusal {
        Refusal::Unauthenticated { .. } => {
            return (StatusCode::SEE_OTHER, [(LOCATION, "/sign-in")]).into_response();
        }
        Refusal::TooMany { wait_s } => {
            let mut answer = page(StatusCode::TOO_MANY_REQUESTS, "Too many attempts.");
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait_s));
            return answer;
        }
        Refusal::NotFound { what, name } => {
            (StatusCode::NOT_FOUND, format!("There is no {what} {name} here."))
        }
        Refusal::Malformed { why, .. } => (StatusCode::NOT_FOUND, why),
        Refusal::Forbidden(need) => (StatusCode::FORBIDDEN, format!("This needs {need}.")),
        Refusal::CrossSite => {
            (StatusCode::FORBIDDEN, "Another site sent this form. Nothing was changed.".to_owned())
        }
        Refusal::Store(error) => {
            error!(error = error.brief(), "a page could not be shown: {}", error.brief());
            (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.".to_owned())
        }
    };
    page(status, &text)
}

fn page(status: StatusCode, text: &str) -> Response {
    let page =
        html! { (DOCTYPE) html lang="en" { head { title { "Hookyard" } } body { p { (text) } } } };
    (status, page).into_response()
}
