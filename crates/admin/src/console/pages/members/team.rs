//! One team: who is in it.

use axum::extract::State;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TeamId};
use hookyard_store::members::{self, Member};
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use hookyard_store::teams::Team;
use maud::{Markup, html};
use serde::Deserialize;

use super::crumb;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::facts;
use crate::console::components::form::{self, Field, Input};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::text::{counted, outside};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Confirm, Errors, FormPage, Reason, because, reason_field};
use crate::console::visit::{Posted, Subject};
use crate::operations::teams as operation;
use crate::routes::Routes;

const COLUMNS: [Column; 3] = [Column::text("Name"), Column::text("Role"), Column::text("")];

pub(super) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/teams/create", Need::Admin, ask)
        .action("/w/{slug}/teams/create", Need::Admin, create)
        .page("/w/{slug}/teams/{team}", Need::Admin, show)
        .action("/w/{slug}/teams/{team}/add", Need::Admin, add_member)
        .action("/w/{slug}/teams/{team}/members/{member}/remove", Need::Admin, remove_member)
        .page("/w/{slug}/teams/{team}/remove", Need::Admin, ask_remove)
        .action("/w/{slug}/teams/{team}/remove", Need::Admin, remove)
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    name: String,
    reason: Option<String>,
}

async fn ask(State(app): State<App>, viewer: Viewer) -> Answer {
    answer::page(&app, &viewer, create_page(&viewer, &Wanted::default(), &Errors::default()))
}

fn create_page(viewer: &Viewer, wanted: &Wanted, errors: &Errors) -> Markup {
    let fields = html! {
        (form::field(&Field { value: &wanted.name, error: errors.on("name"), required: true, ..Field::new("name", "Name") }))
        (reason_field(wanted.reason.as_deref(), errors))
    };
    let page = FormPage {
        place: Place::Members,
        crumb: crumb(viewer, "Make a team"),
        title: "Make a team",
        answer: html! { "Its members are granted access to connector instances together." },
        errors,
        action: viewer.path("teams/create"),
        fields,
        buttons: html! { button.btn.primary { "Make the team" } },
        back: viewer.place(Place::Members),
        below: html! {},
    };
    page.view(viewer)
}

async fn create(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let mut errors = Errors::default();
    let reason = errors.reason(wanted.reason.as_deref());
    let name = errors.note("name", wanted.name.trim().parse::<Name>());
    if let Some(name) = name.filter(|_| errors.is_empty()) {
        match operation::create(&app.store, &asked.actor(reason), &asked.slug(), &name).await {
            Ok(made) => {
                let to = viewer.path(&format!("teams/{}", made.id));
                return answer::done(&app, &to, "Made. Nobody is in it yet.");
            }
            Err(error) => errors = Errors::refused("name", error)?,
        }
    }
    answer::not_taken(&app, &viewer, create_page(&viewer, &wanted, &errors))
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TeamId>,
) -> Answer {
    let conn = app.store.conn().await?;
    let team = operation::require(&conn, id).await?;
    let inside = members::of_team(&conn, id).await?;
    let all = PageRequest::new(PAGE_ITEMS_MAX, None).map_err(|_| Failure::no_page())?;
    let others = members::list(&conn, Some(asked.workspace().id), all).await?.items;
    answer::page(&app, &viewer, view(&viewer, &team, &inside, &others))
}

fn view(viewer: &Viewer, team: &Team, inside: &[Member], all: &[Member]) -> Markup {
    let path = |rest: &str| viewer.path(&format!("teams/{}/{rest}", team.id));
    let rows = html! {
        @for member in inside {
            tr role="row" {
                td.wide.o1 role="cell" {
                    a.rowlink href=(viewer.path(&format!("members/{}", member.id))) { (outside(&member.name)) }
                }
                td.o2 role="cell" { (member.role.as_str()) }
                td.o3 role="cell" {
                    (form::button(&path(&format!("members/{}/remove", member.id)), &viewer.csrf, "quiet", &html! { "Take out" }))
                }
            }
        }
    };
    let members = html! {
        @if inside.is_empty() { div.pad { p { "Nobody is in it: what it was granted opens nothing to anybody." } } }
        @else { (panel::table("as-cards", None, &COLUMNS, &rows)) }
    };
    let count = counted(inside.len() as u64, "member", "members");
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { (crumb(viewer, "")) (outside(&team.name)) }),
            title: outside(&team.name),
            answer: html! { "A team of " b { (count) } "." },
            actions: Some(html! { a.btn.danger href=(path("remove")) { "Remove …" } }),
        }))
        (panel::titled("Members", &html! {}, &members, None))
        (panel::titled("Take somebody in", &html! {}, &joining(viewer, &path("add"), inside, all), None))
        (facts::identity(&[("Team", team.id.to_string())], Some(&format!("hookyard-admin team show {}", team.id))))
    };
    frame::page(viewer, Place::Members, &team.name, &[], &body)
}

fn joining(viewer: &Viewer, action: &str, inside: &[Member], all: &[Member]) -> Markup {
    let outside: Vec<(String, &str)> = all
        .iter()
        .filter(|member| inside.iter().all(|it| it.id != member.id))
        .map(|member| (member.id.to_string(), member.name.as_str()))
        .collect();
    let options: Vec<(&str, &str)> =
        outside.iter().map(|(id, name)| (id.as_str(), *name)).collect();
    let fields = html! {
        (form::field(&Field { input: Input::Choice(&options), required: true, ..Field::new("member", "Member") }))
        div.actions { button.btn { "Take in" } }
    };
    html! {
        div.pad {
            @if options.is_empty() { p.dim { "Every member of the workspace is in it." } }
            @else { (form::post(action, &viewer.csrf, "form", &fields)) }
        }
    }
}

#[derive(Debug, Deserialize)]
struct Joining {
    member: MemberId,
    reason: Option<String>,
}

async fn add_member(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TeamId>,
    Posted(form): Posted<Joining>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    operation::add_member(&app.store, &actor, id, form.member).await?;
    answer::done(
        &app,
        &viewer.path(&format!("teams/{id}")),
        "Taken in: what the team may, they may.",
    )
}

async fn remove_member(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TeamId>,
    Subject(member): Subject<MemberId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    operation::remove_member(&app.store, &actor, id, member).await?;
    answer::done(&app, &viewer.path(&format!("teams/{id}")), "Taken out of the team.")
}

async fn ask_remove(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<TeamId>,
) -> Answer {
    let team = operation::require(&app.store.conn().await?, id).await?;
    let count = counted(team.members.len() as u64, "member", "members");
    let confirm = Confirm {
        place: Place::Members,
        crumb: crumb(&viewer, "Remove a team"),
        title: "Remove a team",
        answer: html! {
            (outside(&team.name)) ", a team of " (count) ", goes with all that it was granted. Its members stay."
        },
        goes: Vec::new(),
        effects: Vec::new(),
        name: None,
        action: viewer.path(&format!("teams/{id}/remove")),
        button: "Remove the team",
        back: viewer.path(&format!("teams/{id}")),
        below: html! {},
    };
    answer::page(&app, &viewer, confirm.ask(&viewer))
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TeamId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::remove(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    answer::done(&app, &viewer.place(Place::Members), "Removed, with all that it was granted.")
}
