//! The lists of members, teams and tokens.

use std::collections::HashMap;

use hookyard_domain::ids::{MemberId, TeamId, TokenId};
use hookyard_domain::role::MemberRole;
use hookyard_store::members::Member;
use hookyard_store::paging::Page;
use hookyard_store::teams::Team;
use hookyard_store::tokens::Token;
use maud::{Markup, html};

use super::{Ask, day};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{counted, nothing, outside};
use crate::console::components::time::{ago, cell};
use crate::console::frame::{self, Place, Viewer};

/// How many of a team's members its row names.
const NAMED_MAX: usize = 5;

const MEMBER_COLUMNS: [Column; 4] = [
    Column::text("Name"),
    Column::text("Role"),
    Column::number("Last seen"),
    Column::newest_first("Since, UTC"),
];
const TEAM_COLUMNS: [Column; 3] =
    [Column::text("Team"), Column::text("Members"), Column::newest_first("Made, UTC")];
const TOKEN_COLUMNS: [Column; 7] = [
    Column::text("State"),
    Column::text("Token"),
    Column::text("May"),
    Column::number("Last used"),
    Column::number("Expires"),
    Column::newest_first("Made, UTC"),
    Column::text(""),
];

/// What the page shows.
pub(super) struct Lists {
    pub(super) members: Page<Member, MemberId>,
    pub(super) teams: Page<Team, TeamId>,
    pub(super) tokens: Page<Token, TokenId>,
    /// What the viewer is here.
    pub(super) rank: MemberRole,
}

/// The page.
pub(super) fn view(viewer: &Viewer, ask: &Ask, lists: &Lists) -> Markup {
    let (members, teams, tokens) =
        (lists.members.items.len(), lists.teams.items.len(), lists.tokens.items.len());
    let body = html! {
        (panel::head(&Head {
            title: html! { "Tokens and members" },
            answer: html! {
                (many(members, lists.members.next_cursor.is_some(), "member", "members")) ", "
                (many(teams, lists.teams.next_cursor.is_some(), "team", "teams")) " and "
                (many(tokens, lists.tokens.next_cursor.is_some(), "token", "tokens")) " on this page."
            },
            actions: Some(html! {
                a.btn.primary href=(viewer.path("members/add")) { "Add a member …" }
                a.btn href=(viewer.path("teams/create")) { "Make a team …" }
                a.btn href=(viewer.path("tokens/create")) { "Make a token …" }
            }),
            ..Head::default()
        }))
        (member_panel(viewer, ask, lists))
        (team_panel(viewer, ask, lists))
        (token_panel(viewer, ask, lists))
    };
    frame::page(viewer, Place::Members, "Tokens and members", &[], &body)
}

fn many(count: usize, more: bool, one: &str, many: &str) -> Markup {
    html! { @if more { "more than " } (counted(count as u64, one, many)) }
}

fn member_panel(viewer: &Viewer, ask: &Ask, lists: &Lists) -> Markup {
    let rows = html! {
        @for member in &lists.members.items {
            tr role="row" id=(member.id) {
                td.wide.o1 role="cell" {
                    a.rowlink href=(viewer.path(&format!("members/{}", member.id))) { (outside(&member.name)) }
                }
                td.o3 role="cell" { (member.role.as_str()) }
                td.num.o4 role="cell" { (day(viewer, member.last_seen_on)) }
                td.num.o2 role="cell" { (cell(viewer.now, member.created_at)) }
            }
        }
    };
    let body = html! {
        @if lists.members.items.is_empty() {
            div.pad { p { "Nobody works here yet. Add an owner first: whoever comes after is added by them." } }
        } @else { (panel::table("as-cards", None, &MEMBER_COLUMNS, &rows)) }
    };
    let next = lists.members.next_cursor.map(|id| id.to_string());
    listed(viewer, "Members", &body, "members", ask.members.is_some(), next)
}

fn team_panel(viewer: &Viewer, ask: &Ask, lists: &Lists) -> Markup {
    let names: HashMap<MemberId, &str> =
        lists.members.items.iter().map(|member| (member.id, member.name.as_str())).collect();
    let rows = html! {
        @for team in &lists.teams.items {
            tr role="row" id=(team.id) {
                td.wide.o1 role="cell" {
                    a.rowlink href=(viewer.path(&format!("teams/{}", team.id))) { (outside(&team.name)) }
                }
                td.wide.o3 role="cell" {
                    (counted(team.members.len() as u64, "member", "members"))
                    span.sub {
                        @for name in team.members.iter().filter_map(|id| names.get(id)).take(NAMED_MAX) {
                            (outside(name)) " "
                        }
                    }
                }
                td.num.o2 role="cell" { (cell(viewer.now, team.created_at)) }
            }
        }
    };
    let body = html! {
        @if lists.teams.items.is_empty() {
            div.pad { p { "A team is granted access to a connector instance all at once. There is none yet." } }
        } @else { (panel::table("as-cards", None, &TEAM_COLUMNS, &rows)) }
    };
    let next = lists.teams.next_cursor.map(|id| id.to_string());
    listed(viewer, "Teams", &body, "teams", ask.teams.is_some(), next)
}

fn token_panel(viewer: &Viewer, ask: &Ask, lists: &Lists) -> Markup {
    let rows = html! { @for token in &lists.tokens.items { (token_row(viewer, lists, token)) } };
    let body = html! {
        @if lists.tokens.items.is_empty() {
            div.pad { p { "A member signs in with a token or a link, an application publishes events with a token. There is none yet." } }
        } @else { (panel::table("as-cards", None, &TOKEN_COLUMNS, &rows)) }
    };
    let next = lists.tokens.next_cursor.map(|id| id.to_string());
    listed(viewer, "Tokens", &body, "tokens", ask.tokens.is_some(), next)
}

/// A panel with its way on: each of the three lists is paged by a parameter of its own.
fn listed(
    viewer: &Viewer,
    title: &'static str,
    body: &Markup,
    parameter: &'static str,
    is_deep: bool,
    next: Option<String>,
) -> Markup {
    let path = viewer.place(Place::Members);
    let older = next.map(|id| Query::new().with(parameter, id).href(&path));
    let newest = is_deep.then_some(path.as_str());
    html! {
        section.panel aria-label=(title) {
            header { h2 { (title) } }
            (body)
            @if older.is_some() || is_deep { (panel::list_foot(&html! {}, newest, older.as_deref())) }
        }
    }
}

fn token_row(viewer: &Viewer, lists: &Lists, token: &Token) -> Markup {
    let status = status_of(viewer, token);
    let owner = token.member_id.and_then(|id| lists.members.items.iter().find(|it| it.id == id));
    // Whose owner is on another page: the confirmation says whether it may be done.
    let may_revoke = owner.is_none_or(|owner| super::may_touch(lists.rank, owner.role));
    html! {
        tr role="row" id=(token.id) {
            td.o1 role="cell" { (badge(status)) }
            td.wide.o3 role="cell" {
                span.strong { (outside(&token.name)) } " " span.mono { (outside(&token.prefix)) "…" }
                @match (&token.member, token.member_id) {
                    (Some(name), Some(id)) => span.sub { "of " a href=(viewer.path(&format!("members/{id}"))) { (outside(name)) } },
                    _ => span.sub { "of an application" },
                }
            }
            td.o4 role="cell" {
                @if token.member_id.is_some() { "what the member may" }
                @for scope in &token.scopes { span.mono { (scope.as_str()) } " " }
            }
            td.num.o5 role="cell" { (day(viewer, token.last_used_on)) }
            td.num.o5 role="cell" { @match token.expires_at { Some(at) => (ago(viewer.now, at)), None => (nothing()) } }
            td.num.o2 role="cell" { (cell(viewer.now, token.created_at)) }
            td.o6 role="cell" {
                @if status == Status::ACTIVE && may_revoke {
                    a href=(viewer.path(&format!("tokens/{}/revoke", token.id))) { "Revoke …" }
                }
            }
        }
    }
}

fn status_of(viewer: &Viewer, token: &Token) -> Status {
    let expired = token.expires_at.is_some_and(|at| at <= viewer.now);
    match (token.revoked_at, expired) {
        (Some(_), _) => Status::REVOKED,
        (None, true) => Status::EXPIRED,
        (None, false) => Status::ACTIVE,
    }
}
