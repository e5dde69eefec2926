//! All connections as cards, and what else can be connected.

use axum::extract::State;
use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::ids::ConnectionId;
use hookyard_store::connections::{self, Connection};
use hookyard_store::deliveries::{self, WAITING_MAX};
use hookyard_store::paging::Page;
use maud::{Markup, html};

use super::kinds::{self, KINDS};
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::form;
use crate::console::components::icons::Icon;
use crate::console::components::message::empty;
use crate::console::components::panel::{self, Head};
use crate::console::components::query::Query;
use crate::console::components::status::badge;
use crate::console::components::text::{counted, outside, outside_cut};
use crate::console::components::time::ago;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::plain::Ask;
use crate::console::visit::InQuery;
use crate::routes::Routes;

/// The longest error of a card, in characters.
const ERROR_CHARS_MAX: usize = 240;

pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/integrations", Need::Member, show)
}

/// A connection, and how much waits for it where it does not work.
struct Card {
    connection: Connection,
    waiting: u32,
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = connections::list(&conn, Some(asked.workspace().id), ask.page()?).await?;
    let mut cards = Vec::with_capacity(page.items.len());
    for connection in page.items {
        let waiting = match connection.status {
            ConnectionStatus::Connected | ConnectionStatus::Disconnected => 0,
            ConnectionStatus::ActionNeeded
            | ConnectionStatus::Error
            | ConnectionStatus::Disabled => deliveries::waiting(&conn, connection.lane()).await?,
        };
        cards.push(Card { connection, waiting });
    }
    let page = Page { items: cards, next_cursor: page.next_cursor };
    answer::page(&app, &viewer, view(&viewer, &page))
}

fn view(viewer: &Viewer, page: &Page<Card, ConnectionId>) -> Markup {
    let connect = viewer.path("integrations/connect");
    let path = viewer.place(Place::Integrations);
    let older = page.next_cursor.map(|id| Query::new().with("after", id.to_string()).href(&path));
    let actions = html! {
        @if viewer.is_admin {
            a.btn href=(viewer.path("oauth-clients")) { "OAuth clients" }
            a.btn.primary href=(connect) { "Connect …" }
        }
    };
    let body = html! {
        (panel::head(&Head {
            title: html! { "Integrations" },
            answer: answer_of(&page.items),
            actions: Some(actions),
            ..Head::default()
        }))
        @if page.items.is_empty() {
            (empty(Icon::Out, "Nothing is connected yet", &html! {
                p { "A connection is tested first and saved only if the receiver takes the test." }
                @if viewer.is_admin { div.actions { a.btn.primary href=(connect) { "Connect one" } } }
                @else { p { "Owners and admins of the workspace connect integrations." } }
            }))
        } @else {
            div.cards { @for card in &page.items { (drawn(viewer, card)) } }
            @if let Some(older) = older { p { a href=(older) rel="next" { "Older →" } } }
        }
        @if viewer.is_admin { (offers(viewer)) }
    };
    frame::page(viewer, Place::Integrations, "Integrations", &[], &body)
}

fn answer_of(cards: &[Card]) -> Markup {
    let amiss = cards.iter().filter(|it| needs_somebody(it.connection.status)).count() as u64;
    let all = cards.len() as u64;
    html! {
        @if all == 0 {
            "The outside systems that are told what happens here."
        } @else if amiss == 0 {
            (counted(all, "connection", "connections")) ", and none needs you."
        } @else {
            b { (amiss) " of " (counted(all, "connection", "connections")) " " (if amiss == 1 { "needs" } else { "need" }) " you." }
            " What is owed to it is kept and goes out when it works again."
        }
    }
}

const fn needs_somebody(status: ConnectionStatus) -> bool {
    match status {
        ConnectionStatus::ActionNeeded | ConnectionStatus::Error | ConnectionStatus::Disabled => {
            true
        }
        ConnectionStatus::Connected | ConnectionStatus::Disconnected => false,
    }
}

fn drawn(viewer: &Viewer, card: &Card) -> Markup {
    let connection = &card.connection;
    let kind = kinds::of(connection.kind);
    let page = viewer.path(&format!("integrations/{}", connection.id));
    let deliveries = viewer.path(&format!("deliveries?connection={}", connection.id));
    html! {
        section.card id=(connection.id) {
            div.top {
                span.tilei aria-hidden="true" { (kind.letters) }
                div {
                    b { a.rowlink href=(page) { (outside(&connection.name)) } }
                    small { (kind.title) @if let Some(host) = host(connection) { " · " (outside(host)) } }
                }
                (badge(connection.status))
            }
            div.small {
                @if let Some(error) = &connection.last_error { p.sub.err { (outside_cut(error, ERROR_CHARS_MAX)) } }
                @if let Some(at) = connection.failing_since { p { "Failing since " (ago(viewer.now, at)) "." } }
                p.dim { (next(connection.status, card.waiting)) }
                p.dim {
                    @match connection.last_tested_at { Some(at) => { "Tested " (ago(viewer.now, at)) }, None => "Never tested" }
                    "; "
                    @match connection.last_triggered_at { Some(at) => { "last used " (ago(viewer.now, at)) }, None => "never used" }
                    "."
                }
            }
            div.acts {
                @if viewer.is_admin && connection.status != ConnectionStatus::Disconnected {
                    (form::button(&format!("{page}/test"), &viewer.csrf, "", &html! { "Send a test" }))
                }
                a.btn.quiet href=(deliveries) { "Deliveries" }
                @if viewer.is_admin && connection.status != ConnectionStatus::Disconnected {
                    a.btn.quiet.end href={ (page) "/disconnect" } { "Disconnect …" }
                }
            }
        }
    }
}

/// Where its calls go, as far as that may be shown.
pub(super) fn host(connection: &Connection) -> Option<&str> {
    connection.metadata.get("host").and_then(serde_json::Value::as_str)
}

/// How much waits, in words.
pub(super) fn waits(waiting: u32) -> String {
    if waiting >= WAITING_MAX {
        return "1,000 deliveries or more wait".to_owned();
    }
    counted(waiting.into(), "delivery waits", "deliveries wait")
}

/// What happens next, given how much waits.
pub(super) fn next(status: ConnectionStatus, waiting: u32) -> String {
    let waits = waits(waiting);
    match status {
        ConnectionStatus::Connected => "What its subscriptions match is sent at once.".to_owned(),
        ConnectionStatus::Error => {
            format!("Its last calls failed; it is still tried, and {waits} for the next one.")
        }
        ConnectionStatus::ActionNeeded => format!(
            "It takes these credentials no longer. Nothing is sent until it is connected anew; {waits} until then."
        ),
        ConnectionStatus::Disabled => {
            format!("Nothing is sent until it is enabled again; {waits} until then.")
        }
        ConnectionStatus::Disconnected => {
            "Its credentials are forgotten, and nothing is sent. Its history stays.".to_owned()
        }
    }
}

fn offers(viewer: &Viewer) -> Markup {
    let offers = html! {
        div.offer {
            @for kind in KINDS {
                div {
                    span.tilei aria-hidden="true" { (kind.letters) }
                    div { b { (kind.title) } small { (kind.does) } }
                    a.btn href=(viewer.path(&format!("integrations/connect/{}", kind.is))) {
                        "Connect" span.vh { " " (kind.title) }
                    }
                }
            }
        }
    };
    let note = html! { "Secrets are sealed when saved and never shown again" };
    panel::titled("Can be connected", &note, &offers, None)
}
