//! The list.

use axum::extract::State;
use hookyard_domain::ids::OauthClientId;
use hookyard_store::oauth_clients::{self, OauthClient};
use hookyard_store::paging::Page;
use maud::{Markup, html};

use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer};
use crate::console::components::icons::Icon;
use crate::console::components::message::empty;
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, badge};
use crate::console::components::text::{counted, grouped, outside, outside_cut};
use crate::console::components::time::cell;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::plain::Ask;
use crate::console::visit::InQuery;
use crate::routes::Routes;

/// The longest error of a row, in characters.
const ERROR_CHARS_MAX: usize = 240;

pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/oauth-clients", Need::Admin, show)
}

/// A client's state as a status.
pub(super) const fn status(client: &OauthClient) -> Status {
    match (client.active, client.failing_since) {
        (false, _) => Status::DISABLED,
        (true, Some(_)) => Status::FAILING,
        (true, None) => Status::ACTIVE,
    }
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = oauth_clients::list(&conn, Some(asked.workspace().id), ask.page()?).await?;
    answer::page(&app, &viewer, view(&viewer, &page))
}

fn view(viewer: &Viewer, page: &Page<OauthClient, OauthClientId>) -> Markup {
    const COLUMNS: [Column; 4] = [
        Column::text("State"),
        Column::text("Client"),
        Column::number("Grants"),
        Column::newest_first("Since, UTC"),
    ];
    let path = viewer.path("oauth-clients");
    let older = page.next_cursor.map(|id| Query::new().with("after", id.to_string()).href(&path));
    let add = viewer.path("oauth-clients/add");
    let count = counted(page.items.len() as u64, "OAuth client", "OAuth clients");
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(viewer.place(Place::Integrations)) { "Integrations" } " / OAuth clients" }),
            title: html! { "OAuth clients" },
            answer: html! { "Applications that are told when one of their users connects an integration." },
            actions: Some(html! { a.btn.primary href=(add) { "Add a client" } }),
        }))
        @if page.items.is_empty() {
            (empty(Icon::Person, "No application is told", &html! {
                p { "Add one with the URL that it is called at; then grant it access for its users." }
                div.actions { a.btn.primary href=(add) { "Add a client" } }
            }))
        } @else {
            section.panel aria-label="OAuth clients" {
                (panel::table("as-cards", None, &COLUMNS, &html! { @for it in &page.items { (row(viewer, it)) } }))
                (panel::list_foot(&html! { (count) " on this page" }, None, older.as_deref()))
            }
        }
    };
    frame::page(viewer, Place::Integrations, "OAuth clients", &[], &body)
}

fn row(viewer: &Viewer, client: &OauthClient) -> Markup {
    let host = client.metadata.get("host").and_then(serde_json::Value::as_str);
    html! {
        tr role="row" {
            td.o1 role="cell" { (badge(status(client))) }
            td.wide.o3 role="cell" {
                a.rowlink href=(viewer.path(&format!("oauth-clients/{}", client.id))) { (outside(&client.name)) }
                @if let Some(host) = host { span.sub { (outside(host)) } }
                @if let Some(error) = &client.last_error { span.sub.err { (outside_cut(error, ERROR_CHARS_MAX)) } }
            }
            td.num.o4 role="cell" { (grouped(client.grants.unsigned_abs())) }
            td.num.o2 role="cell" { (cell(viewer.now, client.created_at)) }
        }
    }
}
