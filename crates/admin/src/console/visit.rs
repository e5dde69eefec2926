//! What a request of a browser says: who looks, the query, and the forms that are posted.

use axum::body::Bytes;
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::answer::Failure;
use super::cookies;
use super::csrf::CsrfToken;
use super::frame::{Theme, Viewer, WorkspaceName};
use crate::access::{Asked, CallerKind, session_cookie};
use crate::{App, api};

impl FromRequestParts<App> for Viewer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let asked =
            Asked::from_request_parts(parts, app).await.unwrap_or_else(|never| match never {});
        let (name, role) = match &asked.caller().kind {
            CallerKind::Operator { name } => (name.clone(), "operator".to_owned()),
            CallerKind::Member { name, role, .. } => (name.clone(), role.to_string()),
            CallerKind::Application { name, .. } => (name.clone(), "application".to_owned()),
        };
        let workspace = asked.workspace();
        let live = cookies::get(&parts.headers, cookies::LIVE);
        Ok(Self {
            name,
            role,
            is_admin: asked.rank().administers(),
            workspace: WorkspaceName {
                slug: workspace.slug.clone(),
                name: workspace.name.clone(),
                plan: workspace.plan.to_string(),
            },
            csrf: csrf_of(app, parts)?,
            theme: theme_of(parts),
            live: live.as_deref() != Some("off"),
            done: cookies::get(&parts.headers, cookies::DONE).filter(|words| !words.is_empty()),
            at: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            now: app.now(),
        })
    }
}

/// The theme that a browser chose.
pub fn theme_of(parts: &Parts) -> Theme {
    cookies::get(&parts.headers, cookies::THEME).map_or(Theme::System, |name| Theme::of(&name))
}

fn csrf_of(app: &App, parts: &Parts) -> Result<CsrfToken, Failure> {
    let cookie = session_cookie(app, &parts.headers).ok_or_else(Failure::foreign_form)?;
    Ok(CsrfToken::of_session(cookie.as_bytes()))
}

/// The theme alone, on pages before signing in.
#[derive(Debug, Clone, Copy)]
pub struct Chosen(pub Theme);

impl FromRequestParts<App> for Chosen {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(theme_of(parts)))
    }
}

/// The query as a `T` that denies unknown fields: an address that means nothing is an error that names the parameter.
#[derive(Debug, Clone)]
pub struct InQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for InQuery<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        match api::Query::<T>::from_request_parts(parts, app).await {
            Ok(api::Query(query)) => Ok(Self(query)),
            Err(error) => Err(Failure::from(error).in_theme(theme_of(parts))),
        }
    }
}

/// A form that one of the session's own pages made.
#[derive(Debug, Clone)]
pub struct Posted<T>(pub T);

#[derive(Deserialize)]
struct Guard {
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<App> for Posted<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let token = csrf_of(app, &parts)?;
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(whole, app).await.map_err(|error| {
            Failure::new(error.status(), "Nothing was changed", "The form did not arrive whole.")
        })?;
        let again = |bytes| Request::from_parts(parts.clone(), axum::body::Body::from(bytes));
        let guard = Form::<Guard>::from_request(again(bytes.clone()), app).await;
        if !guard.is_ok_and(|Form(guard)| token.is(&guard.csrf)) {
            return Err(Failure::foreign_form());
        }
        match Form::<T>::from_request(again(bytes), app).await {
            Ok(Form(form)) => Ok(Self(form)),
            Err(error) => {
                let text = error.body_text();
                Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "Nothing was changed", text))
            }
        }
    }
}

/// The path's id. The guard has seen to it that it lies in the path's workspace.
#[derive(Debug, Clone, Copy)]
pub struct Subject<T>(pub T);

impl<T: std::str::FromStr> FromRequestParts<App> for Subject<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let asked =
            Asked::from_request_parts(parts, app).await.unwrap_or_else(|never| match never {});
        asked.parameter().map(Self).ok_or_else(Failure::no_page)
    }
}
