//! One member: role, teams, the way in, and the end of it.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TeamId};
use hookyard_domain::role::MemberRole;
use hookyard_store::members::Member;
use hookyard_store::teams;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Confirmation, Reason, confirmation, crumb, day, may_touch, reason_field};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::facts;
use crate::console::components::form::{self, Field, Input};
use crate::console::components::message::note;
use crate::console::components::panel::{self, Head};
use crate::console::components::status::Tone;
use crate::console::components::text::outside;
use crate::console::components::time::{clock, fact};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::because;
use crate::console::visit::{Posted, Subject};
use crate::operations::sign_in::{self, SignInLink};
use crate::operations::{OperationError, members as operation};
use crate::routes::Routes;

/// The roles, the weakest first.
const ROLES: [(&str, &str); 3] = [
    ("member", "member: sees what concerns everybody, and what was granted"),
    ("admin", "admin: does everything but deciding who owns the workspace"),
    ("owner", "owner: does everything"),
];

pub(super) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/members/add", Need::Admin, ask)
        .action("/w/{slug}/members/add", Need::Admin, add)
        .page("/w/{slug}/members/{member}", Need::Admin, show)
        .action("/w/{slug}/members/{member}/role", Need::Owner, set_role)
        .action("/w/{slug}/members/{member}/sign-in-link", Need::Admin, sign_in_link)
        .page("/w/{slug}/members/{member}/remove", Need::Admin, ask_remove)
        .action("/w/{slug}/members/{member}/remove", Need::Admin, remove)
}

/// The roles that whoever is `rank` may give.
fn roles(rank: MemberRole) -> Vec<(&'static str, &'static str)> {
    let may = |name: &str| name.parse().is_ok_and(|role| may_touch(rank, role));
    ROLES.into_iter().filter(|(name, _)| may(name)).collect()
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    name: String,
    role: String,
    reason: Option<String>,
}

async fn ask(State(app): State<App>, asked: Asked, viewer: Viewer) -> Answer {
    let page = add_page(&viewer, asked.rank(), &Wanted::default(), None);
    answer::page(&app, &viewer, page)
}

fn add_page(
    viewer: &Viewer,
    rank: MemberRole,
    wanted: &Wanted,
    error: Option<(&str, &str)>,
) -> Markup {
    let wrong = |name: &str| error.filter(|(field, _)| *field == name).map(|(_, why)| why);
    let roles = roles(rank);
    let fields = html! {
        (form::field(&Field { value: &wanted.name, error: wrong("name"), required: true, ..Field::new("name", "Name") }))
        (form::field(&Field { input: Input::Choice(&roles), value: &wanted.role, error: wrong("role"), required: true, ..Field::new("role", "Role") }))
        (reason_field(wanted.reason.as_deref()))
        div.actions {
            button.btn.primary { "Add" }
            a.btn href=(viewer.place(Place::Members)) { "Cancel" }
        }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(crumb(viewer, "Add a member")),
            title: html! { "Add a member" },
            answer: html! { "Whoever is added gets in by a link or a token, which you make on the page that follows." },
            ..Head::default()
        }))
        @if let Some(error) = error { (form::summary(&[error])) }
        (form::post(&viewer.path("members/add"), &viewer.csrf, "form", &fields))
    };
    frame::page(viewer, Place::Members, "Add a member", &[], &body)
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let actor = asked.actor(because(wanted.reason.as_deref())?);
    let refused = |field: &str, why: &str| {
        let page = add_page(&viewer, asked.rank(), &wanted, Some((field, why)));
        answer::page_as(StatusCode::UNPROCESSABLE_ENTITY, &app, &viewer, page)
    };
    let name: Name = match wanted.name.trim().parse() {
        Ok(name) => name,
        Err(error) => return refused("name", &format!("{error}.")),
    };
    let Ok(role) = wanted.role.parse::<MemberRole>() else {
        return refused("role", "There is no such role.");
    };
    let slug = asked.slug();
    match operation::add(&app.store, &actor, asked.rank(), &slug, &name, role).await {
        Ok(made) => {
            let to = viewer.path(&format!("members/{}", made.id));
            answer::done(&app, &to, "Added. Make a link or a token, so that they get in.")
        }
        Err(OperationError::Conflict(why)) => refused("name", &format!("{why}.")),
        Err(OperationError::Forbidden(why)) => refused("role", &format!("{why}.")),
        Err(error) => Err(error.into()),
    }
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<MemberId>,
) -> Answer {
    let conn = app.store.conn().await?;
    let member = operation::require(&conn, id).await?;
    let teams = teams::of_member(&conn, id).await?;
    answer::page(&app, &viewer, view(&viewer, asked.rank(), &member, &teams))
}

fn view(viewer: &Viewer, rank: MemberRole, member: &Member, teams: &[(TeamId, String)]) -> Markup {
    let path = |verb: &str| viewer.path(&format!("members/{}/{verb}", member.id));
    let token = viewer.path(&format!("tokens/create?member={}", member.id));
    let may = may_touch(rank, member.role);
    let role = html! {
        div.pad {
            @let fields = html! {
                (form::field(&Field { input: Input::Choice(&ROLES), value: member.role.as_str(), required: true, ..Field::new("role", "Role") }))
                (reason_field(None))
                div.actions { button.btn { "Change the role" } }
            };
            (form::post(&path("role"), &viewer.csrf, "form", &fields))
        }
    };
    let teams = html! {
        div.pad {
            @if teams.is_empty() { p.dim { "In no team." } }
            ul.stack-s { @for (id, name) in teams { li { a href=(viewer.path(&format!("teams/{id}"))) { (outside(name)) } } } }
        }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { (crumb(viewer, "")) (outside(&member.name)) }),
            title: outside(&member.name),
            answer: html! { "Works here as " b { (member.role.as_str()) } "." },
            actions: may.then(|| html! {
                (form::button(&path("sign-in-link"), &viewer.csrf, "primary", &html! { "Make a sign-in link" }))
                a.btn href=(token) { "Make a token …" }
                a.btn.danger href=(path("remove")) { "Remove …" }
            }),
        }))
        @if !may { p.small.dim { "Only an owner of the workspace changes what an owner may do." } }
        (facts::strip(&[
            ("Role", html! { (member.role.as_str()) }),
            ("Last seen", day(viewer, member.last_seen_on)),
            ("Since", fact(viewer.now, member.created_at)),
        ]))
        div.two {
            @if rank == MemberRole::Owner { (panel::titled("Role", &html! {}, &role, None)) }
            (panel::titled("Teams", &html! {}, &teams, None))
        }
        (facts::identity(&[("Member", member.id.to_string())], Some(&format!("hookyard-admin member show {}", member.id))))
    };
    frame::page(viewer, Place::Members, &member.name, &[], &body)
}

#[derive(Debug, Deserialize)]
struct NewRole {
    role: MemberRole,
    reason: Option<String>,
}

async fn set_role(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<MemberId>,
    Posted(form): Posted<NewRole>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    let made = operation::set_role(&app.store, &actor, asked.rank(), id, form.role).await?;
    let words = format!("From now on they are {}, wherever they are signed in.", made.role);
    answer::done(&app, &viewer.path(&format!("members/{id}")), &words)
}

async fn sign_in_link(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<MemberId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    let made = sign_in::make_link(&app.store, &actor, asked.rank(), id).await?;
    answer::page(&app, &viewer, link_page(&app, &viewer, &made))
}

/// The link is on this page and on no other, so this is no page that a reload shows again.
fn link_page(app: &App, viewer: &Viewer, made: &SignInLink) -> Markup {
    let whole = app.url.as_ref().and_then(|url| url.join(made.path.expose()).ok());
    let body = html! {
        (panel::head(&Head {
            crumb: Some(crumb(viewer, "Sign-in link")),
            title: html! { "Sign-in link" },
            answer: html! { "It works once, until " (clock(made.expires_at)) " UTC. Whoever has it is signed in as this member." },
            ..Head::default()
        }))
        (note(Tone::Warn, &html! {
            p { b { "It is shown once. " } "Send it to nobody but the member." }
            @if whole.is_none() { p { "Put the console's address before it:" } }
            pre.id tabindex="0" aria-label="Sign-in link" {
                code { @match &whole { Some(url) => (url), None => (made.path.expose()) } }
            }
        }))
        div.actions { a.btn.primary href=(viewer.path(&format!("members/{}", made.member_id))) { "To the member" } }
    };
    frame::page(viewer, Place::Members, "Sign-in link", &[], &body)
}

async fn ask_remove(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<MemberId>,
) -> Answer {
    let member = operation::require(&app.store.conn().await?, id).await?;
    let page = confirmation(
        &viewer,
        &Confirmation {
            title: "Remove a member",
            effect: html! {
                (outside(&member.name)) ", " (member.role.as_str()) ", goes with every token, session, grant and place in "
                "a team. What they did stays in the audit log."
            },
            action: viewer.path(&format!("members/{id}/remove")),
            button: "Remove the member",
            back: viewer.path(&format!("members/{id}")),
        },
    );
    answer::page(&app, &viewer, page)
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<MemberId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    operation::remove(&app.store, &actor, asked.rank(), id).await?;
    answer::done(&app, &viewer.place(Place::Members), "Removed, with all tokens and sessions.")
}
