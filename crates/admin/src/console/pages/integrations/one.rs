//! One connection: does it work, what is it told, and what happens next?

use axum::extract::State;
use hookyard_domain::connection::{ConnectionKind, ConnectionStatus};
use hookyard_domain::ids::ConnectionId;
use hookyard_store::connections::Connection;
use hookyard_store::deliveries;
use hookyard_store::delivery_list::{self, Delivery, DeliveryFilter};
use hookyard_store::paging::PageRequest;
use hookyard_store::subscriptions::{self, Subscription};
use maud::{Markup, html};

use super::failed::{self, FailedTest};
use super::{kinds, list};
use crate::App;
use crate::access::Need;
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::facts::{self, Fact};
use crate::console::components::form::button;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::status::{answer_code, badge, badge_big};
use crate::console::components::text::{code, id as id_text, nothing, outside, outside_cut};
use crate::console::components::time::{cell, fact};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::subscriptions::list as subscription_list;
use crate::console::visit::Subject;
use crate::operations::connections as operation;
use crate::routes::Routes;

/// The newest deliveries that its page shows.
const DELIVERIES_SHOWN: u16 = 8;
/// The subscriptions that its page shows.
const SUBSCRIPTIONS_SHOWN: u16 = 20;
/// The longest error, in characters.
const ERROR_CHARS_MAX: usize = 600;

pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/integrations/{connection}", Need::Member, show)
}

/// What its page tells.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) connection: Connection,
    pub(super) subscriptions: Vec<Subscription>,
    /// Whether it has more of them than these.
    pub(super) more_subscriptions: bool,
    pub(super) waiting: u32,
    deliveries: Vec<Delivery>,
}

/// Looks a connection up with all that its page tells.
pub(super) async fn look(app: &App, id: ConnectionId) -> Result<Look, Failure> {
    let conn = app.store.conn().await?;
    let connection = operation::require(&conn, id).await?;
    let first = PageRequest::new(SUBSCRIPTIONS_SHOWN, None).map_err(|_| Failure::no_page())?;
    let subscriptions = subscriptions::list_of_connection(&conn, id, first).await?;
    let filter = DeliveryFilter {
        workspace: Some(connection.workspace_id),
        receiver: Some(id.0),
        ..DeliveryFilter::default()
    };
    let first = PageRequest::new(DELIVERIES_SHOWN, None).map_err(|_| Failure::no_page())?;
    Ok(Look {
        waiting: deliveries::waiting(&conn, connection.lane()).await?,
        more_subscriptions: subscriptions.next_cursor.is_some(),
        subscriptions: subscriptions.items,
        deliveries: delivery_list::list(&conn, &filter, first).await?.items,
        connection,
    })
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<ConnectionId>,
) -> Answer {
    let look = look(&app, id).await?;
    answer::page(&app, &viewer, view(&viewer, &look, None))
}

/// The page; with the test that just failed, if one did.
pub(super) fn view(viewer: &Viewer, look: &Look, failed: Option<&FailedTest<'_>>) -> Markup {
    let connection = &look.connection;
    let id = connection.id.to_string();
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Integrations)) { "Integrations" } " / " (id_text(&id)) }),
            title: html! { (outside(&connection.name)) " (" (kinds::of(connection.kind).title) ")" },
            answer: answer_of(look),
            actions: viewer.is_admin.then(|| actions(viewer, connection)),
        }))
        @if let Some(failed) = failed { (failed::note(failed)) }
        @if !viewer.is_admin { p.small.dim { "You can read this; owners and admins change it." } }
        (facts::strip(&key_facts(viewer, look)))
        div.cols {
            div.stack {
                (subscriptions_of(viewer, look))
                (deliveries_of(viewer, look))
            }
            aside.stack aria-label="Related" {
                (facts::identity(&[("Connection", id.clone())], Some(&format!("hookyard-admin connection show {id}"))))
                @if viewer.is_admin { (more(viewer, connection)) }
            }
        }
    };
    frame::page(viewer, Place::Integrations, &connection.name, &[], &body)
}

fn answer_of(look: &Look) -> Markup {
    let connection = &look.connection;
    html! {
        (badge_big(connection.status)) " " (list::next(connection.status, look.waiting))
        @if let Some(error) = &connection.last_error { " " span.break { (outside_cut(error, ERROR_CHARS_MAX)) } }
    }
}

fn actions(viewer: &Viewer, connection: &Connection) -> Markup {
    let page = viewer.path(&format!("integrations/{}", connection.id));
    let path = |verb: &str| format!("{page}/{verb}");
    html! {
        @match connection.status {
            ConnectionStatus::Disconnected => {
                a.btn.primary href=(path("reconnect")) { "Connect anew" }
            },
            ConnectionStatus::ActionNeeded => {
                a.btn.primary href=(path("reconnect")) { "Connect anew" }
                (button(&path("test"), &viewer.csrf, "", &html! { "Send a test" }))
            },
            ConnectionStatus::Disabled => {
                (button(&path("enable"), &viewer.csrf, "primary", &html! { "Enable" }))
                (button(&path("test"), &viewer.csrf, "", &html! { "Send a test" }))
            },
            ConnectionStatus::Connected | ConnectionStatus::Error => {
                (button(&path("test"), &viewer.csrf, "", &html! { "Send a test" }))
                (button(&path("disable"), &viewer.csrf, "", &html! { "Disable" }))
            },
        }
    }
}

/// What is done more rarely, each with what it does.
fn more(viewer: &Viewer, connection: &Connection) -> Markup {
    let page = viewer.path(&format!("integrations/{}", connection.id));
    let connected = connection.status != ConnectionStatus::Disconnected;
    let body = html! {
        div.pad.stack-s.small {
            @if connected {
                p { a href={ (page) "/settings" } { "Settings" } br; span.dim { "Its name, and how hard it may be called." } }
            }
            p { a href={ (page) "/what-to-send" } { "What to send" } br; span.dim { "Types, filter and template, tried on a past event." } }
            p { a href={ (page) "/reconnect" } { "Connect anew" } br; span.dim { "Other credentials, tested first." } }
            @if connected && connection.kind == ConnectionKind::Webhook {
                p { a href={ (page) "/signing-secret" } { "Rotate signing secret …" } br; span.dim { "Without a call that it cannot verify." } }
            }
            @if connected {
                p { a href={ (page) "/disconnect" } { "Disconnect …" } br; span.dim { "Forgets its credentials, and calls off what waits." } }
            }
        }
    };
    panel::titled("Change it", &html! {}, &body, None)
}

fn key_facts(viewer: &Viewer, look: &Look) -> Vec<Fact<'static>> {
    let it = &look.connection;
    let at = |time: Option<jiff::Timestamp>| {
        time.map_or_else(|| html! { "never" }, |at| fact(viewer.now, at))
    };
    let limits = html! {
        (it.concurrency_max) " at once"
        small { @match it.rate_per_s { Some(rate) => { (rate) " a second at most" }, None => "as many a second as there are places" } }
    };
    let mut facts = vec![
        ("Goes to", list::host(it).map_or_else(nothing, outside)),
        ("Last tested", at(it.last_tested_at)),
        ("Last used", at(it.last_triggered_at)),
        ("Waiting", html! { (list::waits(look.waiting)) }),
        ("Limits", limits),
        ("Connected by", it.user_id.as_deref().map_or_else(nothing, outside)),
    ];
    if let Some(since) = it.failing_since {
        facts.insert(3, ("Failing since", fact(viewer.now, since)));
    }
    facts
}

fn subscriptions_of(viewer: &Viewer, look: &Look) -> Markup {
    let id = look.connection.id;
    let add = viewer.path(&format!("subscriptions/add?connection={id}"));
    let body = html! {
        @if look.subscriptions.is_empty() {
            div.empty { p { "Nothing is sent to it: it has no subscription." } }
        } @else {
            (panel::table("as-cards", None, &subscription_list::COLUMNS, &html! {
                @for it in &look.subscriptions { (subscription_list::row(viewer, it)) }
            }))
        }
    };
    let foot = html! {
        span { @if look.more_subscriptions { a href=(viewer.path(&format!("subscriptions?connection={id}"))) { "All of them" } } }
        span { @if viewer.is_admin { a href=(add) { "Add a subscription" } } }
    };
    panel::titled("Subscriptions", &html! { "what it is told" }, &body, Some(&foot))
}

fn deliveries_of(viewer: &Viewer, look: &Look) -> Markup {
    const COLUMNS: [Column; 4] = [
        Column::text("Status"),
        Column::text("Event"),
        Column::text("Answer"),
        Column::newest_first("Owed since, UTC"),
    ];
    let row = |it: &Delivery| {
        html! {
            tr role="row" {
                td.o1 role="cell" { (badge(it.state)) }
                td.wide.o3 role="cell" {
                    a.rowlink href=(viewer.path(&format!("deliveries/{}", it.id))) { (code(&it.event_type)) }
                    @if let Some(error) = &it.error { span.sub.err { (outside_cut(error, 160)) } }
                }
                td.o4 role="cell" { (answer_code(it.response_status, it.error_class.as_deref())) }
                td.num.o2 role="cell" { (cell(viewer.now, it.created_at)) }
            }
        }
    };
    let body = html! {
        @if look.deliveries.is_empty() {
            div.empty { p { "Nothing was owed to it yet. A test is no delivery." } }
        } @else {
            (panel::table("as-cards", None, &COLUMNS, &html! { @for it in &look.deliveries { (row(it)) } }))
        }
    };
    let all = viewer.path(&format!("deliveries?connection={}", look.connection.id));
    let foot = html! { span {} span { a href=(all) { "All deliveries to it →" } } };
    panel::titled("Recent deliveries", &html! { "newest first" }, &body, Some(&foot))
}
