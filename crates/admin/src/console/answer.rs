//! What a browser gets: a page, the way to another one, or why not. All of it carries the same protection.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hookyard_store::StoreError;
use maud::{Markup, html};
use tracing::error;

use super::cookies;
use super::frame::{Theme, Viewer, door};
use super::remedy;
use crate::App;
use crate::api::ApiError;
use crate::operations::OperationError;

/// What a page may load and do: what is ours, and nothing that is written into it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What every answer to a browser carries.
const PROTECTION: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_FRAME_OPTIONS, "DENY"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (CACHE_CONTROL, "no-store"),
];

/// What a handler of the console gives.
pub type Answer = Result<Response, Failure>;

/// Protects an answer, whatever it is; what it says of its own stays.
#[must_use]
pub fn protected(mut answer: Response) -> Response {
    for (name, value) in PROTECTION {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}

/// A page.
pub fn shown(status: StatusCode, markup: Markup) -> Response {
    protected((status, markup).into_response())
}

/// A page of a workspace. What was done is said once.
pub fn page(app: &App, viewer: &Viewer, markup: Markup) -> Answer {
    page_as(StatusCode::OK, app, viewer, markup)
}

/// A page of a workspace with a status of its own, such as a form that was not taken.
pub fn page_as(status: StatusCode, app: &App, viewer: &Viewer, markup: Markup) -> Answer {
    let mut answer = shown(status, markup);
    if viewer.done.is_some() {
        let (name, value) = cookies::set(app, cookies::DONE, "", 0);
        answer.headers_mut().append(name, value);
    }
    Ok(answer)
}

/// The page of a form that was not taken. Nothing was done.
pub fn not_taken(app: &App, viewer: &Viewer, markup: Markup) -> Answer {
    page_as(StatusCode::UNPROCESSABLE_ENTITY, app, viewer, markup)
}

/// The way to another page of the console. `to` is a path.
pub fn see_other(to: &str) -> Response {
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    protected((StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response())
}

/// The way to the page that shows what was done; it says so in `words`.
pub fn done(app: &App, to: &str, words: &str) -> Answer {
    let mut answer = see_other(to);
    let (name, value) = cookies::set(app, cookies::DONE, words, cookies::DONE_S);
    answer.headers_mut().append(name, value);
    Ok(answer)
}

/// Why there is no page.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    title: &'static str,
    text: String,
    theme: Theme,
}

impl Failure {
    /// A failure that says what happened and what to do.
    pub fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self { status, title, text: text.into(), theme: Theme::System }
    }

    /// The same in the theme that was chosen.
    #[must_use]
    pub fn in_theme(self, theme: Theme) -> Self {
        Self { theme, ..self }
    }

    /// 404: there is no such page.
    pub fn no_page() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such page",
            "The address names nothing that exists here.",
        )
    }

    /// 403: a form that none of this session's pages made.
    pub fn foreign_form() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Nothing was changed",
            "This form is not of your session: you may have signed in anew since the page was loaded. Go back, reload \
             the page, and try again.",
        )
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = html! {
            div.stack-s {
                h1 { (self.title) }
                p.answer { bdi { (self.text) } }
                p.small.dim { (self.status.as_u16()) }
                a.btn href="/" { "To the overview" }
            }
        };
        shown(self.status, door(self.title, self.theme, &body))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::new(error.status(), "That cannot be shown", error.message())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_unrepresentable() {
            return ApiError::from(error).into();
        }
        error!(error = error.brief(), "a page could not be shown: {}", error.brief());
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The database does not answer",
            "Nothing was changed. What arrives meanwhile is not lost: providers send it again. Reload in a moment.",
        )
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        let text = error.to_string();
        match error {
            OperationError::NotFound { .. } => {
                let text = format!("{text} in this workspace; others are never searched.");
                Self::new(StatusCode::NOT_FOUND, "There is no such thing", text)
            }
            OperationError::Conflict(conflict) => {
                let text = remedy::words(&conflict);
                Self::new(StatusCode::CONFLICT, "Nothing was changed", text)
            }
            OperationError::Stale(_) => {
                Self::new(StatusCode::CONFLICT, "Nothing was changed", text)
            }
            OperationError::Invalid(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Nothing was changed", text)
            }
            OperationError::Forbidden(_) => {
                Self::new(StatusCode::FORBIDDEN, "Nothing was changed", text)
            }
            OperationError::GitHub { .. } => {
                Self::new(StatusCode::BAD_GATEWAY, "GitHub did not answer as it should", text)
            }
            OperationError::TestFailed(_) => {
                Self::new(StatusCode::BAD_GATEWAY, "The test failed", text)
            }
            OperationError::Store(error) => error.into(),
            OperationError::Seal(_) => {
                error!("a page could not be shown: {text}");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Hookyard failed", text)
            }
        }
    }
}
