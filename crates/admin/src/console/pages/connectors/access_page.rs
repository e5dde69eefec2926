//! The grants of an instance, and the form for another one.

use hookyard_domain::ids::{GrantId, MemberId, TeamId};
use hookyard_store::grants::Grant;
use hookyard_store::members::Member;
use hookyard_store::paging::Page;
use hookyard_store::teams::Team;
use maud::{Markup, html};

use super::access::NewGrant;
use super::lineage::{Lineage, instance_path};
use crate::console::components::form::{self, Field, Input, button};
use crate::console::components::panel::Column;
use crate::console::components::query::Query;
use crate::console::components::text::{counted, cut, outside};
use crate::console::components::time::cell;
use crate::console::components::{panel, text};
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::{Errors, FormPage, reason_field};

const COLUMNS: [Column; 4] = [
    Column::text("Who"),
    Column::text("Role"),
    Column::text(""),
    Column::newest_first("Since, UTC"),
];
const ROLES: [(&str, &str); 3] = [
    ("viewer", "Viewer: reads"),
    ("editor", "Editor: also retries, resyncs, changes what is tracked"),
    ("manager", "Manager: also grants access"),
];
/// The longest name in the choice of grantees, in characters.
const NAME_CHARS_MAX: usize = 60;

/// What the page shows.
pub(super) struct Shown<'a> {
    pub(super) lineage: &'a Lineage,
    pub(super) grants: &'a Page<Grant, GrantId>,
    pub(super) members: &'a Page<Member, MemberId>,
    pub(super) teams: &'a Page<Team, TeamId>,
    pub(super) is_later: bool,
    pub(super) form: &'a NewGrant,
    pub(super) errors: &'a Errors,
}

/// The page.
pub(super) fn view(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let instance = &shown.lineage.instance;
    let grantees = grantees(shown);
    let grantees: Vec<(&str, &str)> =
        grantees.iter().map(|(value, words)| (value.as_str(), words.as_str())).collect();
    let is_cut = shown.members.next_cursor.is_some() || shown.teams.next_cursor.is_some();
    let role = if shown.form.role.is_empty() { "viewer" } else { &shown.form.role };
    let fields = html! {
        (form::field(&Field {
            input: Input::Choice(&grantees),
            value: &shown.form.to,
            error: shown.errors.on("to"),
            required: true,
            ..Field::new("to", "To")
        }))
        @if is_cut || shown.errors.on("id").is_some() {
            (form::field(&Field {
                value: &shown.form.id,
                placeholder: "mem_… or team_…",
                hint: "The choice above offers the newest 100 of each. An id here goes before it.",
                error: shown.errors.on("id"),
                ..Field::new("id", "Or the id of a member or a team")
            }))
        }
        (form::field(&Field {
            input: Input::Choice(&ROLES),
            value: role,
            hint: "Who has a role here already gets this one in its place.",
            error: shown.errors.on("role"),
            required: true,
            ..Field::new("role", "Role")
        }))
        (reason_field(shown.form.reason.as_deref(), shown.errors))
    };
    FormPage {
            place: Place::Connectors,
            crumb: html! { (shown.lineage.crumb_below(viewer)) " / Access" },
            title: "Who may do what",
            answer: html! {
                "The strongest of what a member was granted alone, by a team, and together with everybody counts. Owners and \
                 admins are managers of every instance."
            },
            errors: shown.errors,
            action: instance_path(viewer, instance.id, "/access"),
            fields,
            buttons: html! { button.btn.primary { "Grant" } },
            back: instance_path(viewer, instance.id, ""),
            below: list(viewer, shown),
    }
    .view(viewer)
}

fn grantees(shown: &Shown<'_>) -> Vec<(String, String)> {
    let mut out = vec![("everybody".to_owned(), "Everybody in the workspace".to_owned())];
    out.extend(
        shown
            .teams
            .items
            .iter()
            .map(|team| (team.id.to_string(), format!("Team {}", cut(&team.name, NAME_CHARS_MAX)))),
    );
    out.extend(shown.members.items.iter().map(|member| {
        let name = cut(&member.name, NAME_CHARS_MAX);
        (member.id.to_string(), format!("{name} ({})", member.role))
    }));
    out
}

fn list(viewer: &Viewer, shown: &Shown<'_>) -> Markup {
    let path = instance_path(viewer, shown.lineage.instance.id, "/access");
    let older = shown.grants.next_cursor.map(|id| Query::new().with("after", id.to_string()));
    let older = older.map(|query| query.href(&path));
    html! {
        section.panel aria-label="Grants" {
            header { h2 { "Granted" } p { "revoked ones are left out" } }
            @if shown.grants.items.is_empty() {
                div.pad { p { "Nothing is granted here: only owners and admins see this instance." } }
            } @else {
                (panel::table("as-cards", None, &COLUMNS, &html! { @for it in &shown.grants.items { (row(viewer, it)) } }))
                (panel::list_foot(&html! { (counted(shown.grants.items.len() as u64, "grant", "grants")) " on this page" },
                    shown.is_later.then_some(path.as_str()), older.as_deref()))
            }
        }
    }
}

fn row(viewer: &Viewer, grant: &Grant) -> Markup {
    let revoke =
        instance_path(viewer, grant.connector_instance_id, &format!("/access/{}/revoke", grant.id));
    let kind = match (grant.org_wide, grant.team_id) {
        (true, _) => "every member of the workspace",
        (false, Some(_)) => "a team",
        (false, None) => "a member",
    };
    html! {
        tr role="row" id=(grant.id) {
            td.wide.o1 role="cell" {
                span.strong {
                    @match &grant.name { Some(name) => (outside(name)), None => "Everybody" }
                }
                span.sub { (kind) " · " (text::id(&grant.id.to_string())) }
            }
            td.o3 role="cell" { (grant.role.as_str()) }
            td.o4 role="cell" { (button(&revoke, &viewer.csrf, "quiet danger", &html! { "Revoke" })) }
            td.num.o2 role="cell" { (cell(viewer.now, grant.updated_at)) }
        }
    }
}
