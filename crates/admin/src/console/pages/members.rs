//! Tokens and members: who can do what here, and which keys are alive?

use axum::extract::State;
use hookyard_domain::ids::TokenId;
use hookyard_store::members;
use hookyard_store::paging::PageRequest;
use hookyard_store::tokens::{self, Token};
use maud::{Markup, html};
use serde::Deserialize;

use super::because;
use super::plain::Ask;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::form::button;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{nothing, outside};
use crate::console::components::time::{ago, cell};
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::tokens as operation;
use crate::routes::Routes;

const MEMBER_COLUMNS: [Column; 3] =
    [Column::text("Name"), Column::text("Role"), Column::newest_first("Since, UTC")];
const TOKEN_COLUMNS: [Column; 5] = [
    Column::text("State"),
    Column::text("Token"),
    Column::text("May"),
    Column::number("Expires"),
    Column::newest_first("Made, UTC"),
];

/// The members and tokens of a workspace.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/members", Need::Admin, show).action(
        "/w/{slug}/tokens/{token}/revoke",
        Need::Admin,
        revoke,
    )
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let workspace = Some(asked.workspace().id);
    let people = members::list(&conn, workspace, PageRequest::first()).await?;
    let page = tokens::list(&conn, workspace, ask.page()?).await?;
    let path = viewer.place(Place::Members);
    let older = page.next_cursor.map(|id| format!("{path}?after={id}"));
    let member_rows = html! {
        @for member in &people.items {
            tr role="row" {
                td.wide.o1 role="cell" { span.strong { (outside(&member.name)) } span.sub.mono { (member.id) } }
                td.o3 role="cell" { (member.role.as_str()) }
                td.num.o2 role="cell" { (cell(viewer.now, member.created_at)) }
            }
        }
    };
    let token_rows = html! { @for token in &page.items { (token_row(&viewer, token)) } };
    let body = html! {
        (panel::head(&Head {
            title: html! { "Tokens and members" },
            answer: html! { "Who can do what here, and which keys are alive." },
            ..Head::default()
        }))
        (panel::titled("Members", &html! { "the newest 50" }, &panel::table("as-cards", None, &MEMBER_COLUMNS, &member_rows), None))
        section.panel aria-label="Tokens" {
            header { h2 { "Tokens" } p { "Of a token only its first characters are known here" } }
            (panel::table("as-cards", None, &TOKEN_COLUMNS, &token_rows))
            (panel::list_foot(&html! {}, None, older.as_deref()))
        }
    };
    answer::page(
        &app,
        &viewer,
        frame::page(&viewer, Place::Members, "Tokens and members", &[], &body),
    )
}

fn token_row(viewer: &Viewer, token: &Token) -> Markup {
    let expired = token.expires_at.is_some_and(|at| at <= viewer.now);
    let status = match (token.revoked_at, expired) {
        (Some(_), _) => Status::REVOKED,
        (None, true) => Status::EXPIRED,
        (None, false) => Status::ACTIVE,
    };
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(status)) }
            td.wide.o3 role="cell" {
                span.strong { (outside(&token.name)) } " " span.mono { (outside(&token.prefix)) "…" }
                @if let Some(member) = &token.member { span.sub { "of " (outside(member)) } }
            }
            td.o4 role="cell" {
                @if token.member.is_some() { "what the member may" }
                @for scope in &token.scopes { (scope.as_str()) " " }
                @if status == Status::ACTIVE {
                    (button(&viewer.path(&format!("tokens/{}/revoke", token.id)), &viewer.csrf, "quiet danger", &html! { "Revoke" }))
                }
            }
            td.num.o5 role="cell" { @match token.expires_at { Some(at) => (ago(viewer.now, at)), None => (nothing()) } }
            td.num.o2 role="cell" { (cell(viewer.now, token.created_at)) }
        }
    }
}

#[derive(Debug, Deserialize)]
struct Reason {
    reason: Option<String>,
}

async fn revoke(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TokenId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason)?);
    operation::revoke(&app.store, &actor, asked.rank(), id).await?;
    answer::done(&app, &viewer.place(Place::Members), "Revoked: it opens nothing any more.")
}
