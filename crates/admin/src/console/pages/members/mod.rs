//! Tokens and members: who can do what here, and which keys are alive?

use axum::extract::State;
use hookyard_domain::ids::{MemberId, TeamId, TokenId};
use hookyard_domain::role::MemberRole;
use hookyard_store::paging::PageRequest;
use hookyard_store::{members, teams, tokens};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde::Deserialize;

use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::form::{self, Field};
use crate::console::components::panel::{self, Head};
use crate::console::components::text::nothing;
use crate::console::frame::{self, Place, Viewer};
use crate::console::visit::InQuery;
use crate::routes::Routes;

mod list;
mod member;
mod team;
mod token;

/// The rows of each of the page's lists.
const ROWS: u16 = 30;

/// The pages of members, teams and tokens.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/members", Need::Admin, show)
        .and(member::routes())
        .and(team::routes())
        .and(token::routes())
}

/// Where the page's lists begin.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    members: Option<MemberId>,
    teams: Option<TeamId>,
    tokens: Option<TokenId>,
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let workspace = asked.workspace().id;
    let conn = app.store.conn().await?;
    let lists = list::Lists {
        members: members::list(&conn, Some(workspace), rows(ask.members)?).await?,
        teams: teams::list(&conn, workspace, rows(ask.teams)?).await?,
        tokens: tokens::list(&conn, Some(workspace), rows(ask.tokens)?).await?,
        rank: asked.rank(),
    };
    answer::page(&app, &viewer, list::view(&viewer, &ask, &lists))
}

fn rows<I>(after: Option<I>) -> Result<PageRequest<I>, Failure> {
    PageRequest::new(ROWS, after).map_err(|_| Failure::no_page())
}

/// Why something is done, in words for the audit log.
#[derive(Debug, Deserialize)]
struct Reason {
    reason: Option<String>,
}

/// The field for it.
fn reason_field(value: Option<&str>) -> Markup {
    form::field(&Field {
        hint: "For the audit log.",
        value: value.unwrap_or_default(),
        ..Field::new("reason", "Reason")
    })
}

/// The page that stands before what cannot be taken back.
struct Confirmation<'a> {
    title: &'a str,
    /// What it is done to, and what goes with it.
    effect: Markup,
    /// Where the form posts to.
    action: String,
    button: &'a str,
    back: String,
}

fn confirmation(viewer: &Viewer, ask: &Confirmation<'_>) -> Markup {
    let fields = html! {
        (reason_field(None))
        div.actions {
            button.btn.danger { (ask.button) }
            a.btn href=(ask.back) { "Cancel" }
        }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(crumb(viewer, ask.title)),
            title: html! { (ask.title) },
            answer: html! { (ask.effect) },
            ..Head::default()
        }))
        (form::post(&ask.action, &viewer.csrf, "form", &fields))
    };
    frame::page(viewer, Place::Members, ask.title, &[], &body)
}

/// The way from the list to a page below it.
fn crumb(viewer: &Viewer, title: &str) -> Markup {
    html! { a href=(viewer.place(Place::Members)) { "Tokens and members" } " / " (title) }
}

/// Only an owner acts on an owner.
fn may_touch(rank: MemberRole, concerned: MemberRole) -> bool {
    rank >= concerned
}

/// A day on which somebody or something was here.
fn day(viewer: &Viewer, day: Option<Date>) -> Markup {
    let today = viewer.now.to_zoned(TimeZone::UTC).date();
    html! {
        @match day {
            Some(day) if day >= today => "today",
            Some(day) => time datetime=(day) { (day) },
            None => (nothing()),
        }
    }
}
