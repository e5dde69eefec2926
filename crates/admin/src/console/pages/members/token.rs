//! Tokens: made, shown once, revoked.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TokenId};
use hookyard_domain::role::MemberRole;
use hookyard_domain::token::TokenScope;
use hookyard_store::Conn;
use hookyard_store::members::{self, Member};
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use super::{crumb, may_touch};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::form::{self, Field, Input};
use crate::console::components::message::note;
use crate::console::components::panel::{self, Head};
use crate::console::components::status::Tone;
use crate::console::components::text::outside;
use crate::console::components::time::ago;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{
    Confirm, Errors, FormPage, Reason, because, reason_field, sentence,
};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::OperationError;
use crate::operations::tokens::{self as operation, CreateToken, CreatedToken, TokenOwner};
use crate::routes::Routes;

/// Whose a token is that belongs to no member.
const APPLICATION: &str = "application";
/// How long tokens live, in days; none: until they are revoked.
const LIVES: [(&str, &str, Option<i64>); 5] = [
    ("90", "90 days", Some(90)),
    ("7", "7 days", Some(7)),
    ("30", "30 days", Some(30)),
    ("365", "a year", Some(365)),
    ("never", "until it is revoked", None),
];

pub(super) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/tokens/create", Need::Admin, ask)
        .action("/w/{slug}/tokens/create", Need::Admin, create)
        .page("/w/{slug}/tokens/{token}/revoke", Need::Admin, ask_revoke)
        .action("/w/{slug}/tokens/{token}/revoke", Need::Admin, revoke)
}

/// For whom the form is opened.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct For {
    member: Option<MemberId>,
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    owner: String,
    name: String,
    scope: String,
    expires: String,
    reason: Option<String>,
}

async fn ask(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<For>,
) -> Answer {
    let owner = ask.member.map_or_else(|| APPLICATION.to_owned(), |id| id.to_string());
    let wanted = Wanted { owner, ..Wanted::default() };
    let people = people(&app.store.conn().await?, &asked, &wanted).await?;
    answer::page(&app, &viewer, create_page(&viewer, &people, &wanted, &Errors::default()))
}

/// The members for whom whoever asks may make a token: the newest hundred, and the one that is wanted.
async fn people(conn: &Conn, asked: &Asked, wanted: &Wanted) -> Result<Vec<Member>, Failure> {
    let all = PageRequest::new(PAGE_ITEMS_MAX, None).map_err(|_| Failure::no_page())?;
    let mut people = members::list(conn, Some(asked.workspace().id), all).await?.items;
    if let Ok(id) = wanted.owner.parse::<MemberId>()
        && people.iter().all(|member| member.id != id)
    {
        people.extend(member_here(conn, asked, id).await?);
    }
    people.retain(|member| may_touch(asked.rank(), member.role));
    Ok(people)
}

/// The member of this id, if it is one of this workspace.
async fn member_here(conn: &Conn, asked: &Asked, id: MemberId) -> Result<Option<Member>, Failure> {
    let found = members::by_id(conn, id).await?;
    let workspace = asked.workspace().id;
    Ok(found.filter(|member| member.workspace_id == workspace && member.removed_at.is_none()))
}

fn create_page(viewer: &Viewer, people: &[Member], wanted: &Wanted, errors: &Errors) -> Markup {
    let named: Vec<(String, String)> = people
        .iter()
        .map(|member| (member.id.to_string(), format!("{}, {}", member.name, member.role)))
        .collect();
    let owners: Vec<(&str, &str)> = [(APPLICATION, "An application")]
        .into_iter()
        .chain(named.iter().map(|(id, name)| (id.as_str(), name.as_str())))
        .collect();
    let lives = LIVES.map(|(value, words, _)| (value, words));
    let scopes = [(TokenScope::EventsWrite.as_str(), "publish events (events:write)")];
    let fields = html! {
        (form::field(&Field { input: Input::Choice(&owners), value: &wanted.owner, error: errors.on("owner"), required: true, hint: "A member's token opens what the member may, also the console.", ..Field::new("owner", "Whose it is") }))
        (form::field(&Field { value: &wanted.name, error: errors.on("name"), required: true, hint: "To tell it apart: where it is kept, or what uses it.", ..Field::new("name", "Name") }))
        (form::field(&Field { input: Input::Choice(&scopes), value: &wanted.scope, error: errors.on("scope"), hint: "Of an application's only.", ..Field::new("scope", "May") }))
        (form::field(&Field { input: Input::Choice(&lives), value: &wanted.expires, error: errors.on("expires"), required: true, ..Field::new("expires", "Lives for") }))
        (reason_field(wanted.reason.as_deref(), errors))
    };
    let page = FormPage {
        place: Place::Members,
        crumb: crumb(viewer, "Make a token"),
        title: "Make a token",
        answer: html! { "It is shown once, on the page that follows. Only its hash is stored." },
        errors,
        action: viewer.path("tokens/create"),
        fields,
        buttons: html! { button.btn.primary { "Make the token" } },
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
    let conn = app.store.conn().await?;
    let people = people(&conn, &asked, &wanted).await?;
    drop(conn);
    let mut errors = Errors::default();
    let reason = errors.reason(wanted.reason.as_deref());
    let new = read(&wanted, &asked, &people, viewer.now, &mut errors);
    if let Some(new) = new.filter(|_| errors.is_empty()) {
        match operation::create(&app.store, &asked.actor(reason), asked.rank(), new).await {
            Ok(made) => return answer::page(&app, &viewer, made_page(&viewer, &made)),
            Err(OperationError::Invalid(why)) => errors.add("scope", sentence(&why)),
            Err(error) => return Err(error.into()),
        }
    }
    answer::not_taken(&app, &viewer, create_page(&viewer, &people, &wanted, &errors))
}

/// The token that a form asks for.
fn read(
    wanted: &Wanted,
    asked: &Asked,
    people: &[Member],
    now: Timestamp,
    errors: &mut Errors,
) -> Option<CreateToken> {
    let name = errors.note("name", wanted.name.trim().parse::<Name>());
    let life = LIVES.iter().find(|(value, ..)| *value == wanted.expires);
    let life = errors.note("expires", life.ok_or("Choose how long it lives."));
    let ends = |days: i64| now.checked_add(SignedDuration::from_hours(days * 24)).ok();
    let owner = if wanted.owner == APPLICATION {
        let scope = wanted.scope.parse::<TokenScope>().map_err(|_| "There is no such scope.");
        let scope = errors.note("scope", scope)?;
        TokenOwner::Application { workspace: asked.slug(), scopes: vec![scope] }
    } else {
        let found = people.iter().find(|member| member.id.to_string() == wanted.owner);
        let found = found.ok_or("There is no such member for whom you may make one.");
        TokenOwner::Member(errors.note("owner", found)?.id)
    };
    let (_, _, days) = life?;
    Some(CreateToken { owner, name: name?, expires_at: days.and_then(ends) })
}

/// The token is on this page and on no other, so this is no page that a reload shows again.
fn made_page(viewer: &Viewer, made: &CreatedToken) -> Markup {
    let token = &made.view;
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { (crumb(viewer, "")) (outside(&token.name)) }),
            title: html! { "The token is made" },
            answer: html! {
                (outside(&token.name)) @if let Some(member) = &token.member { ", of " (outside(member)) }
                @match token.expires_at { Some(at) => { ". It expires " (ago(viewer.now, at)) "." }, None => ". It does not expire." }
            },
            ..Head::default()
        }))
        (note(Tone::Warn, &html! {
            p { b { "It is shown once. " } "Keep it where secrets are kept; whoever has it may what it may." }
            pre.id tabindex="0" aria-label="Token" { code { (made.token.expose()) } }
        }))
        div.actions { a.btn.primary href=(viewer.place(Place::Members)) { "To tokens and members" } }
    };
    frame::page(viewer, Place::Members, "The token is made", &[], &body)
}

async fn ask_revoke(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TokenId>,
) -> Answer {
    let conn = app.store.conn().await?;
    let token = operation::require(&conn, id).await?;
    let owner = match token.member_id {
        Some(member) => member_here(&conn, &asked, member).await?.map(|member| member.role),
        None => None,
    };
    if !may_touch(asked.rank(), owner.unwrap_or(MemberRole::Member)) {
        let text = "Only an owner of the workspace revokes the token of an owner.";
        return Err(Failure::new(StatusCode::FORBIDDEN, "You may not open this", text));
    }
    let confirm = Confirm {
        place: Place::Members,
        crumb: crumb(&viewer, "Revoke a token"),
        title: "Revoke a token",
        answer: html! {
            (outside(&token.name)) ", " span.mono { (outside(&token.prefix)) "…" }
            @if let Some(member) = &token.member { ", of " (outside(member)) }
            ", opens nothing any more, within seconds. Sessions that it opened end. A new one can be made at any time."
        },
        goes: Vec::new(),
        effects: Vec::new(),
        name: None,
        action: viewer.path(&format!("tokens/{id}/revoke")),
        button: "Revoke the token",
        back: viewer.place(Place::Members),
        below: html! {},
    };
    answer::page(&app, &viewer, confirm.ask(&viewer))
}

async fn revoke(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<TokenId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    operation::revoke(&app.store, &actor, asked.rank(), id).await?;
    answer::done(&app, &viewer.place(Place::Members), "Revoked: it opens nothing any more.")
}
