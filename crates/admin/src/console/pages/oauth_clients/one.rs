//! One OAuth client: whose grants it has, whether it takes its calls, and what is done to it.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::ids::OauthClientId;
use hookyard_store::oauth_clients::OauthClient;
use hookyard_store::oauth_grants::{self, OauthGrant, OauthGrants};
use maud::{Markup, html};
use serde::Deserialize;

use super::list::status;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::facts::{self, Fact};
use crate::console::components::form::{self, Field, button};
use crate::console::components::panel::{self, Column, Head};
use crate::console::components::query::Query;
use crate::console::components::status::{Status, badge, badge_big};
use crate::console::components::text::{
    counted, grouped, id as id_text, nothing, outside, outside_cut,
};
use crate::console::components::time::{cell, fact};
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Errors, Reason, because, reason_field, sentence};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::OperationError;
use crate::operations::oauth_clients as operation;
use crate::routes::Routes;

/// The longest error, in characters.
const ERROR_CHARS_MAX: usize = 600;
/// The longest cursor: a user of as many characters as may be, in bytes.
const AFTER_BYTES_MAX: usize = 800;

pub(super) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/oauth-clients/{oauth_client}", Need::Admin, show)
        .action("/w/{slug}/oauth-clients/{oauth_client}/grant", Need::Admin, grant)
        .action("/w/{slug}/oauth-clients/{oauth_client}/revoke", Need::Admin, revoke)
        .action("/w/{slug}/oauth-clients/{oauth_client}/enable", Need::Admin, enable)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    after: Option<String>,
}

/// A user, as a form names them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Granting {
    user: String,
    reason: Option<String>,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<OauthClientId>,
    InQuery(ask): InQuery<After>,
) -> Answer {
    let after = ask.after.unwrap_or_default();
    if after.len() > AFTER_BYTES_MAX || after.contains('\0') {
        let text = "after: this is no user of the list";
        return Err(Failure::new(StatusCode::BAD_REQUEST, "That address means nothing", text));
    }
    let conn = app.store.conn().await?;
    let client = operation::require(&conn, id).await?;
    let grants = oauth_grants::of_client(&conn, id, &after).await?;
    let page = view(&viewer, &client, &grants, &Granting::default(), &Errors::default());
    answer::page(&app, &viewer, page)
}

fn view(
    viewer: &Viewer,
    client: &OauthClient,
    grants: &OauthGrants,
    form: &Granting,
    errors: &Errors,
) -> Markup {
    let id = client.id.to_string();
    let path = |verb: &str| viewer.path(&format!("oauth-clients/{id}/{verb}"));
    let count = counted(client.grants.unsigned_abs(), "user grants", "users grant");
    let command = format!("hookyard-admin oauth-client show {id}");
    let actions = html! {
        @if !client.active { (button(&path("enable"), &viewer.csrf, "primary", &html! { "Enable" })) }
        a.btn.danger href=(path("remove")) { "Remove …" }
    };
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! {
                a href=(viewer.place(Place::Integrations)) { "Integrations" } " / "
                a href=(viewer.path("oauth-clients")) { "OAuth clients" } " / " (id_text(&id))
            }),
            title: outside(&client.name),
            answer: html! {
                (badge_big(status(client))) " " (count) " it access; it is told when one of them connects an integration."
                @if !client.active { " It is switched off: nothing is sent until it is enabled." }
                @if let Some(error) = &client.last_error { " " span.break { (outside_cut(error, ERROR_CHARS_MAX)) } }
            },
            actions: Some(actions),
        }))
        (errors.summary(viewer))
        (facts::strip(&key_facts(viewer, client)))
        div.cols {
            div.stack {
                (grants_of(viewer, client, grants))
                (granting(viewer, client, form, errors))
            }
            aside.stack aria-label="Related" { (facts::identity(&[("OAuth client", id.clone())], Some(&command))) }
        }
    };
    frame::page(viewer, Place::Integrations, &client.name, &[], &body)
}

fn key_facts(viewer: &Viewer, client: &OauthClient) -> Vec<Fact<'static>> {
    let host = client.metadata.get("host").and_then(serde_json::Value::as_str);
    let scopes: Vec<&str> = client.scopes.iter().map(|it| it.as_str()).collect();
    let mut facts = vec![
        ("Goes to", host.map_or_else(nothing, outside)),
        ("Scopes", html! { (scopes.join(", ")) }),
        ("Grants", html! { (grouped(client.grants.unsigned_abs())) }),
        (
            "Last used",
            client.last_triggered_at.map_or_else(|| html! { "never" }, |at| fact(viewer.now, at)),
        ),
        ("Since", fact(viewer.now, client.created_at)),
    ];
    if let Some(since) = client.failing_since {
        facts.push(("Failing since", fact(viewer.now, since)));
    }
    facts
}

fn grants_of(viewer: &Viewer, client: &OauthClient, grants: &OauthGrants) -> Markup {
    const COLUMNS: [Column; 4] = [
        Column::text("State"),
        Column::text("User"),
        Column::number("Granted, UTC"),
        Column::text(""),
    ];
    let page = viewer.path(&format!("oauth-clients/{}", client.id));
    let revoke = format!("{page}/revoke");
    let row = |it: &OauthGrant| {
        html! {
            tr role="row" {
                td.o1 role="cell" { (badge(if it.revoked_at.is_some() { Status::REVOKED } else { Status::ACTIVE })) }
                td.wide.o3 role="cell" { (outside(&it.user_id)) }
                td.num.o2 role="cell" { (cell(viewer.now, it.granted_at)) }
                td.o4 role="cell" {
                    @if it.revoked_at.is_none() {
                        (form::post(&revoke, &viewer.csrf, "one", &html! {
                            input type="hidden" name="user" value=(it.user_id);
                            button.btn { "Take back" span.vh { " the grant of " (it.user_id) } }
                        }))
                    }
                }
            }
        }
    };
    let body = html! {
        @if grants.items.is_empty() {
            div.empty { p { "No user grants it access, so it is told of nothing." } }
        } @else {
            (panel::table("as-cards", None, &COLUMNS, &html! { @for it in &grants.items { (row(it)) } }))
        }
    };
    let further =
        grants.next.as_ref().map(|user| Query::new().with("after", user.as_str()).href(&page));
    let foot = further
        .map(|href| html! { span {} span { a href=(href) rel="next" { "Further users →" } } });
    panel::titled("Grants", &html! { "in the order of users" }, &body, foot.as_ref())
}

fn granting(viewer: &Viewer, client: &OauthClient, form: &Granting, errors: &Errors) -> Markup {
    let action = viewer.path(&format!("oauth-clients/{}/grant", client.id));
    let fields = html! {
        (form::field(&Field {
            value: &form.user, error: errors.on("user"), required: true,
            hint: "In your own words, as the field User of a connection names them.",
            ..Field::new("user", "User")
        }))
        (reason_field(form.reason.as_deref(), errors))
        div.actions { button.btn.primary { "Grant access" } }
    };
    let body = html! { div.pad { (form::post(&action, &viewer.csrf, "form", &fields)) } };
    panel::titled("Grant it access", &html! {}, &body, None)
}

async fn set_granted(
    app: &App,
    asked: &Asked,
    viewer: &Viewer,
    id: OauthClientId,
    (form, granted): (Granting, bool),
) -> Answer {
    let actor = asked.actor(because(form.reason.as_deref())?);
    match operation::set_granted(&app.store, &actor, id, form.user.trim(), granted).await {
        Ok(_) => {
            let words = if granted {
                "Granted: it is told of what this user connects from now on."
            } else {
                "Taken back: it is told of nothing that this user connects."
            };
            answer::done(app, &viewer.path(&format!("oauth-clients/{id}")), words)
        }
        Err(OperationError::Invalid(why)) => {
            let conn = app.store.conn().await?;
            let client = operation::require(&conn, id).await?;
            let grants = oauth_grants::of_client(&conn, id, "").await?;
            drop(conn);
            let errors = Errors::of("user", sentence(&why));
            let page = view(viewer, &client, &grants, &form, &errors);
            answer::not_taken(app, viewer, page)
        }
        Err(error) => Err(error.into()),
    }
}

async fn grant(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<OauthClientId>,
    Posted(form): Posted<Granting>,
) -> Answer {
    set_granted(&app, &asked, &viewer, id, (form, true)).await
}

async fn revoke(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<OauthClientId>,
    Posted(form): Posted<Granting>,
) -> Answer {
    set_granted(&app, &asked, &viewer, id, (form, false)).await
}

async fn enable(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<OauthClientId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::enable(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    let to = viewer.path(&format!("oauth-clients/{id}"));
    answer::done(&app, &to, "Enabled: it is called again.")
}
