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
use crate::console::components::text::nothing;
use crate::console::frame::{Place, Viewer};
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
