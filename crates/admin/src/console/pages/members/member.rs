//! One member: role, teams, the way in, and the end of it.

use axum::extract::State;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TeamId};
use hookyard_domain::role::MemberRole;
use hookyard_store::members::Member;
use hookyard_store::teams;
use maud::{Markup, html};
use serde::Deserialize;

use super::{crumb, day, may_touch};
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
use crate::console::pages::forms::{Confirm, Errors, FormPage, Reason, because, reason_field};
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
    let page = add_page(&viewer, asked.rank(), &Wanted::default(), &Errors::default());
    answer::page(&app, &viewer, page)
}

fn add_page(viewer: &Viewer, rank: MemberRole, wanted: &Wanted, errors: &Errors) -> Markup {
    let roles = roles(rank);
    let fields = html! {
        (form::field(&Field { value: &wanted.name, error: errors.on("name"), required: true, ..Field::new("name", "Name") }))
        (form::field(&Field { input: Input::Choice(&roles), value: &wanted.role, error: errors.on("role"), required: true, ..Field::new("role", "Role") }))
        (reason_field(wanted.reason.as_deref(), errors))
    };
    let page = FormPage {
        place: Place::Members,
        crumb: crumb(viewer, "Add a member"),
        title: "Add a member",
        answer: html! { "Whoever is added gets in by a link or a token, which you make on the page that follows." },
        errors,
        action: viewer.path("members/add"),
        fields,
        buttons: html! { button.btn.primary { "Add" } },
        back: viewer.place(Place::Members),
        below: html! {},
    };
    page.view(viewer)
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(wanted.reason.as_deref());
    let name = errors.note("name", wanted.name.trim().parse::<Name>());
    let role = wanted.role.parse::<MemberRole>().map_err(|_| "There is no such role.");
    let role = errors.note("role", role);
    if let (Some(name), Some(role), true) = (name, role, errors.is_empty()) {
        let (actor, slug) = (asked.actor(reason), asked.slug());
        match operation::add(&app.store, &actor, asked.rank(), &slug, &name, role).await {
            Ok(made) => {
                let to = viewer.path(&format!("members/{}", made.id));
                let words = "Added. Make a link or a token, so that they get in.";
                return answer::done(&app, &to, words);
            }
            Err(error @ OperationError::Forbidden(_)) => errors = Errors::refused("role", error)?,
            Err(error) => errors = Errors::refused("name", error)?,
        }
    }
    let page = add_page(&viewer, asked.rank(), &wanted, &errors);
    answer::not_taken(&app, &viewer, page)
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
                (reason_field(None, &Errors::default()))
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
    let confirm = Confirm {
        place: Place::Members,
        crumb: crumb(&viewer, "Remove a member"),
        title: "Remove a member",
        answer: html! {
            (outside(&member.name)) ", " (member.role.as_str()) ", goes with every token, session, grant and place in "
            "a team. What they did stays in the audit log."
        },
        goes: Vec::new(),
        effects: Vec::new(),
        name: None,
        action: viewer.path(&format!("members/{id}/remove")),
        button: "Remove the member",
        back: viewer.path(&format!("members/{id}")),
        below: html! {},
    };
    answer::page(&app, &viewer, confirm.ask(&viewer))
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
