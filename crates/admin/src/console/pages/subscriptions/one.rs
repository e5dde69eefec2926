//! One subscription: what it sends to whom, tried on a past event, paused and removed.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::ids::SubscriptionId;
use hookyard_store::subscriptions::Subscription;
use maud::{Markup, html};

use super::form::Wanted;
use super::list::{status, types};
use super::trial::{self, Choice};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::facts::{self, Fact};
use crate::console::components::form::{self, button};
use crate::console::components::panel::{self, Head};
use crate::console::components::status::badge_big;
use crate::console::components::text::{id as id_text, outside};
use crate::console::components::time::fact;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Confirm, Errors, Reason, because};
use crate::console::visit::{Posted, Subject};
use crate::operations::subscriptions::{self as operation, TrialEvent, Tried};
use crate::routes::Routes;

/// The most types that its page shows.
const TYPES_SHOWN: usize = 100;

pub(super) fn routes() -> Routes {
    const REMOVE: &str = "/w/{slug}/subscriptions/{subscription}/remove";
    Routes::console()
        .page("/w/{slug}/subscriptions/{subscription}", Need::Member, show)
        .action("/w/{slug}/subscriptions/{subscription}/try", Need::Admin, try_it)
        .action("/w/{slug}/subscriptions/{subscription}/pause", Need::Admin, pause)
        .action("/w/{slug}/subscriptions/{subscription}/resume", Need::Admin, resume)
        .page(REMOVE, Need::Admin, ask_remove)
        .action(REMOVE, Need::Admin, remove)
}

/// What its page tells beside the subscription.
#[derive(Debug, Default)]
struct Beside {
    events: Vec<Choice>,
    wanted: Wanted,
    errors: Errors,
    tried: Option<Tried>,
}

async fn events(app: &App, asked: &Asked, viewer: &Viewer) -> Result<Vec<Choice>, Failure> {
    if !viewer.is_admin {
        return Ok(Vec::new());
    }
    trial::choices(&app.store.conn().await?, asked.workspace().id, viewer.now).await
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SubscriptionId>,
) -> Answer {
    let saved = operation::require(&app.store.conn().await?, id).await?;
    let beside = Beside { events: events(&app, &asked, &viewer).await?, ..Beside::default() };
    answer::page(&app, &viewer, view(&viewer, &saved, &beside))
}

async fn try_it(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SubscriptionId>,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let conn = app.store.conn().await?;
    let saved = operation::require(&conn, id).await?;
    let mut beside = Beside::default();
    match wanted.event() {
        Ok(event) => {
            let trial = operation::of_saved(&conn, id, TrialEvent::Recorded(event)).await?;
            drop(conn);
            match trial::run(&app, trial).await? {
                Ok(tried) => beside.tried = Some(tried),
                Err(errors) => beside.errors = errors,
            }
        }
        Err(errors) => {
            drop(conn);
            beside.errors = errors;
        }
    }
    beside.events = events(&app, &asked, &viewer).await?;
    beside.wanted = wanted;
    let status =
        if beside.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    answer::page_as(status, &app, &viewer, view(&viewer, &saved, &beside))
}

fn view(viewer: &Viewer, it: &Subscription, beside: &Beside) -> Markup {
    let id = it.id.to_string();
    let command = format!("hookyard-admin subscription show {id}");
    let ids = [("Subscription", id.clone()), ("Connection", it.connection_id.to_string())];
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Subscriptions)) { "Subscriptions" } " / " (id_text(&id)) }),
            title: html! { "What " (outside(&it.connection)) " is told" },
            answer: html! {
                (badge_big(status(it))) " "
                @if it.active { "It is told of " } @else { "Nothing further is matched until it is resumed. It was told of " }
                (types(&it.event_types, 3))
                @if it.filter.is_some() { ", of which the filter passes" } "."
            },
            actions: viewer.is_admin.then(|| actions(viewer, it)),
        }))
        (beside.errors.summary(viewer))
        @if let Some(tried) = &beside.tried { (trial::result(tried)) }
        @if !viewer.is_admin { p.small.dim { "You can read this; owners and admins change it." } }
        (facts::strip(&key_facts(viewer, it)))
        div.cols {
            div.stack {
                (text_panel("Filter", it.filter.as_deref(), "There is none: every event of these types is sent."))
                (text_panel("Template", it.template.as_deref(), "There is none: Hookyard makes the message."))
                @if viewer.is_admin { (trial_of(viewer, it, beside)) }
            }
            aside.stack aria-label="Related" { (facts::identity(&ids, Some(&command))) }
        }
    };
    let title = format!("What {} is told", it.connection);
    frame::page(viewer, Place::Subscriptions, &title, &[], &body)
}

fn actions(viewer: &Viewer, it: &Subscription) -> Markup {
    let path = |verb: &str| viewer.path(&format!("subscriptions/{}/{verb}", it.id));
    html! {
        a.btn href=(path("edit")) { "Edit" }
        @if it.active { (button(&path("pause"), &viewer.csrf, "", &html! { "Pause" })) }
        @else { (button(&path("resume"), &viewer.csrf, "primary", &html! { "Resume" })) }
        a.btn.danger href=(path("remove")) { "Remove …" }
    }
}

fn key_facts(viewer: &Viewer, it: &Subscription) -> Vec<Fact<'static>> {
    let connection = viewer.path(&format!("integrations/{}", it.connection_id));
    let deliveries = viewer.path(&format!("deliveries?connection={}", it.connection_id));
    let retry = match &it.retry_policy {
        None => "default".to_owned(),
        Some(policy) => serde_json::to_string(policy).unwrap_or_default(),
    };
    let kinds = types(&it.event_types, TYPES_SHOWN);
    vec![
        (
            "Receiver",
            html! { a href=(connection) { (outside(&it.connection)) } small { a href=(deliveries) { "its deliveries" } } },
        ),
        ("Events", kinds),
        (
            "Retry",
            if it.retry_policy.is_some() {
                html! { code { (retry) } }
            } else {
                html! { (retry) }
            },
        ),
        ("Changed", fact(viewer.now, it.updated_at)),
        ("Since", fact(viewer.now, it.created_at)),
    ]
}

fn text_panel(title: &str, text: Option<&str>, none: &str) -> Markup {
    let body = html! {
        div.pad {
            @match text {
                Some(text) => pre tabindex="0" aria-label=(title) { code { (outside(text)) } },
                None => p.small.dim { (none) },
            }
        }
    };
    panel::titled(title, &html! {}, &body, None)
}

fn trial_of(viewer: &Viewer, it: &Subscription, beside: &Beside) -> Markup {
    let action = viewer.path(&format!("subscriptions/{}/try", it.id));
    let fields = html! {
        (trial::fields(&beside.events, &beside.wanted, &beside.errors))
        div.actions { button.btn { "Try it on this event" } }
    };
    let body = html! { div.pad { (form::post(&action, &viewer.csrf, "form", &fields)) } };
    panel::titled("Try it on a past event", &html! { "saves nothing, sends nothing" }, &body, None)
}

async fn set_active(
    app: &App,
    asked: &Asked,
    viewer: &Viewer,
    id: SubscriptionId,
    (active, reason): (bool, Option<String>),
) -> Answer {
    operation::set_active(&app.store, &asked.actor(because(reason.as_deref())?), id, active)
        .await?;
    let words = if active {
        "Resumed: events that come from now on are matched again."
    } else {
        "Paused: no further event is matched. What is owed already is sent."
    };
    answer::done(app, &viewer.path(&format!("subscriptions/{id}")), words)
}

async fn pause(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SubscriptionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    set_active(&app, &asked, &viewer, id, (false, form.reason)).await
}

async fn resume(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SubscriptionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    set_active(&app, &asked, &viewer, id, (true, form.reason)).await
}

fn confirm(viewer: &Viewer, it: &Subscription) -> Confirm<'static> {
    let page = viewer.path(&format!("subscriptions/{}", it.id));
    Confirm {
        place: Place::Subscriptions,
        crumb: html! {
            a href=(viewer.place(Place::Subscriptions)) { "Subscriptions" } " / "
            a href=(page) { (outside(&it.connection)) } " / Remove"
        },
        title: "Remove the subscription",
        answer: html! { (outside(&it.connection)) " is told by it of " (types(&it.event_types, 3)) "." },
        goes: Vec::new(),
        effects: vec![
            html! { "No further event is matched with it." },
            html! { b { "What is still owed for it is not sent any more" } "; each such delivery ends, called off, when it is due." },
            html! { "Its filter and its template are gone. The connection and its other subscriptions stay." },
        ],
        name: None,
        action: format!("{page}/remove"),
        back: page,
        button: "Remove it",
        below: html! {},
    }
}

async fn ask_remove(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<SubscriptionId>,
) -> Answer {
    let saved = operation::require(&app.store.conn().await?, id).await?;
    answer::page(&app, &viewer, confirm(&viewer, &saved).ask(&viewer))
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SubscriptionId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::remove(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    answer::done(
        &app,
        &viewer.place(Place::Subscriptions),
        "Removed: nothing further is sent by it.",
    )
}
