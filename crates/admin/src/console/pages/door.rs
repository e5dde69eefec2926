//! What signing in and out do, and what a reader chooses for all pages.

use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use hookyard_store::workspaces;
use maud::html;
use serde::Deserialize;

use super::sign_in::{link_view, local_path, used_link_view, view};
use crate::App;
use crate::access::{Asked, Need, Peer, SignInRefusal, cookie_name, session_cookie, sign_in};
use crate::console::answer::{Answer, Failure, see_other, shown};
use crate::console::cookies::{self, YEAR_S};
use crate::console::frame::{Theme, door};
use crate::console::visit::{Chosen, InQuery, Posted};
use crate::operations::sign_in::{self as operation, OpenedSession, SignInError};
use crate::routes::Routes;

/// The most workspaces that an operator is shown at once.
const WORKSPACES_MAX: u16 = 100;

/// The pages before a workspace's, and the choices that hold for all pages.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/", Need::SignedIn, home)
        .page("/sign-in", Need::Anyone, ask)
        .action("/sign-in", Need::Anyone, by_token)
        .page("/sign-in/link/{secret}", Need::Anyone, show_link)
        .action("/sign-in/link/{secret}", Need::Anyone, by_link)
        .action("/sign-out", Need::SignedIn, out)
        .action("/theme", Need::SignedIn, choose_theme)
        .action("/live", Need::SignedIn, choose_live)
}

/// The first page of whoever is signed in: the workspace's overview; for an operator the workspaces.
async fn home(State(app): State<App>, asked: Asked, Chosen(theme): Chosen) -> Answer {
    let conn = app.store.conn().await?;
    if let Some(id) = asked.caller().workspace() {
        let own = workspaces::by_id(&conn, id).await?.ok_or_else(Failure::no_page)?;
        return Ok(see_other(&format!("/w/{}/overview", own.slug)));
    }
    let page = hookyard_store::paging::PageRequest::new(WORKSPACES_MAX, None).map_err(|error| {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "Hookyard failed", error.to_string())
    })?;
    let all = workspaces::list(&conn, page).await?;
    let body = html! {
        div.stack-s {
            h1 { "Workspaces" }
            @if all.items.is_empty() { p.answer.small { "There is none yet: hookyard-admin workspace create <slug>" } }
            ul.stack-s {
                @for workspace in &all.items {
                    li { a href={ "/w/" (workspace.slug) "/overview" } { bdi { (workspace.name) } } " " span.dim { (workspace.slug) } }
                }
            }
        }
    };
    Ok(shown(StatusCode::OK, door("Workspaces", theme, &body)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    next: Option<String>,
}

async fn ask(Chosen(theme): Chosen, InQuery(ask): InQuery<Ask>) -> Answer {
    let next = ask.next.as_deref().and_then(local_path);
    Ok(shown(StatusCode::OK, view(theme, next, None)))
}

#[derive(Deserialize)]
struct WithToken {
    token: String,
    next: Option<String>,
}

async fn by_token(
    State(app): State<App>,
    Chosen(theme): Chosen,
    Extension(peer): Extension<Peer>,
    Form(form): Form<WithToken>,
) -> Answer {
    let next = form.next.as_deref().and_then(local_path);
    let refused = |status, error: &str| Ok(shown(status, view(theme, next, Some(error))));
    match sign_in(&app, peer, form.token.trim()).await {
        Ok(session) => Ok(opened(&app, &session, next)),
        Err(SignInRefusal::TooMany { wait_s }) => {
            let error = format!("Too many attempts from your address. Try again in {wait_s} s.");
            let mut answer = shown(StatusCode::TOO_MANY_REQUESTS, view(theme, next, Some(&error)));
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait_s));
            Ok(answer)
        }
        Err(SignInRefusal::Token(SignInError::Refused)) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "This token does not open the console.")
        }
        Err(SignInRefusal::Token(SignInError::Expired)) => refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This token has expired. Ask an admin for a new one.",
        ),
        Err(SignInRefusal::Token(SignInError::Operation(error))) => Err(error.into()),
    }
}

async fn show_link(Chosen(theme): Chosen, parts: Parts) -> Answer {
    Ok(shown(StatusCode::OK, link_view(theme, parts.uri.path())))
}

async fn by_link(
    State(app): State<App>,
    Chosen(theme): Chosen,
    Path(secret): Path<String>,
) -> Answer {
    match operation::by_link(&app.store, &secret).await {
        Ok(session) => Ok(opened(&app, &session, None)),
        Err(SignInError::Refused | SignInError::Expired) => {
            Ok(shown(StatusCode::UNPROCESSABLE_ENTITY, used_link_view(theme)))
        }
        Err(SignInError::Operation(error)) => Err(error.into()),
    }
}

fn opened(app: &App, session: &OpenedSession, next: Option<&str>) -> Response {
    let mut answer = see_other(next.unwrap_or("/"));
    let cookie = session.cookie.expose();
    let (name, value) = cookies::set(app, cookie_name(app), cookie, session.seconds);
    answer.headers_mut().append(name, value);
    answer
}

#[derive(Debug, Deserialize)]
struct Nothing {}

async fn out(
    State(app): State<App>,
    headers: HeaderMap,
    Posted(Nothing {}): Posted<Nothing>,
) -> Answer {
    if let Some(cookie) = session_cookie(&app, &headers) {
        operation::out(&app.store, cookie).await?;
    }
    let mut answer = see_other("/sign-in");
    let (name, value) = cookies::set(&app, cookie_name(&app), "", 0);
    answer.headers_mut().append(name, value);
    Ok(answer)
}

#[derive(Debug, Deserialize)]
struct ThemeChoice {
    theme: String,
    next: Option<String>,
}

async fn choose_theme(State(app): State<App>, Posted(choice): Posted<ThemeChoice>) -> Answer {
    Ok(chosen(&app, cookies::THEME, Theme::of(&choice.theme).as_str(), choice.next.as_deref()))
}

#[derive(Debug, Deserialize)]
struct LiveChoice {
    live: String,
    next: Option<String>,
}

async fn choose_live(State(app): State<App>, Posted(choice): Posted<LiveChoice>) -> Answer {
    let value = if choice.live == "off" { "off" } else { "on" };
    Ok(chosen(&app, cookies::LIVE, value, choice.next.as_deref()))
}

fn chosen(app: &App, cookie: &str, value: &str, next: Option<&str>) -> Response {
    let mut answer = see_other(next.and_then(local_path).unwrap_or("/"));
    let (name, value) = cookies::set(app, cookie, value, YEAR_S);
    answer.headers_mut().append(name, value);
    answer
}
