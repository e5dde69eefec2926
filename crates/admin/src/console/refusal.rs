//! What a browser is shown when it is not let through.

use axum::http::header::{ACCEPT, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::answer::{Failure, see_other};
use super::components::query::Query;
use super::visit::theme_of;
use crate::access::Refusal;

/// The page, or the way to signing in and from there back to what was asked for.
pub fn refuse(refusal: Refusal, head: &Parts) -> Response {
    let failure = match refusal {
        Refusal::Unauthenticated { .. } if is_page(head) => {
            let next = if head.method == Method::GET { head.uri.path_and_query() } else { None };
            let next = next.map(ToString::to_string).filter(|next| next != "/");
            return see_other(
                &Query::new().with("next", next.unwrap_or_default()).href("/sign-in"),
            );
        }
        Refusal::Unauthenticated { .. } => Failure::new(
            StatusCode::UNAUTHORIZED,
            "You are signed out",
            "Sign in, and load the page anew.",
        ),
        Refusal::TooMany { wait_s } => {
            let text = format!("Too many attempts from your address. Try again in {wait_s} s.");
            let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "Too many attempts", text);
            let mut answer = failure.in_theme(theme_of(head)).into_response();
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait_s));
            return answer;
        }
        Refusal::NotFound { what, name } => {
            let text =
                format!("There is no {what} {name} in this workspace; others are never searched.");
            Failure::new(StatusCode::NOT_FOUND, "There is no such thing", text)
        }
        Refusal::Malformed { why, .. } => {
            Failure::new(StatusCode::NOT_FOUND, "There is no such thing", why)
        }
        Refusal::Forbidden(need) => {
            let text = format!("This takes {need}. Ask an owner or an admin of the workspace.");
            Failure::new(StatusCode::FORBIDDEN, "You may not open this", text)
        }
        Refusal::CrossSite => Failure::new(
            StatusCode::FORBIDDEN,
            "Nothing was changed",
            "Another site sent this form.",
        ),
        Refusal::Store(error) => error.into(),
    };
    failure.in_theme(theme_of(head)).into_response()
}

/// Whether somebody waits for a page: a stream of updates cannot sign in.
fn is_page(head: &Parts) -> bool {
    let accepts = head.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    !accepts.is_some_and(|accepts| accepts.contains("text/event-stream"))
}
