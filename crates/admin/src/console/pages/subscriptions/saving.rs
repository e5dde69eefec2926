//! Adding and changing a subscription, by one form that is tried and then saved.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::connection::ConnectionStatus;
use hookyard_domain::ids::{ConnectionId, SubscriptionId};
use hookyard_store::connections::{self, Connection};
use hookyard_store::paging::{PAGE_ITEMS_MAX, PageRequest};
use maud::html;
use serde::Deserialize;

use super::form::{self, Came, Form, Read, Wanted};
use super::trial;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::text::outside;
use crate::console::frame::{Place, Viewer};
use crate::console::pages::forms::sentence;
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::subscriptions::{self as operation, AddSubscription, UpdateSubscription};
use crate::operations::{Actor, Edit, OperationError, connections as connection_operation};
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    const ADD: &str = "/w/{slug}/subscriptions/add";
    const EDIT: &str = "/w/{slug}/subscriptions/{subscription}/edit";
    Routes::console()
        .page(ADD, Need::Admin, ask_new)
        .action(ADD, Need::Admin, add)
        .page(EDIT, Need::Admin, ask_edit)
        .action(EDIT, Need::Admin, edit)
}

/// What a form is about.
pub(in crate::console::pages) struct Target {
    /// None: the form names none that is there.
    pub(in crate::console::pages) connection: Option<Connection>,
    /// None: a new one is added.
    pub(in crate::console::pages) subscription: Option<SubscriptionId>,
    /// Where to go when it is saved; empty: to the subscription.
    pub(in crate::console::pages) then: String,
}

/// Shows the form.
pub(in crate::console::pages) async fn ask(
    app: &App,
    asked: &Asked,
    viewer: &Viewer,
    form: Form<'_>,
) -> Answer {
    let conn = app.store.conn().await?;
    let events = trial::choices(&conn, asked.workspace().id, viewer.now).await?;
    let came = Came { events, ..Came::default() };
    answer::page(app, viewer, form::page(viewer, &form, &came))
}

/// Tries or saves what the form says.
pub(in crate::console::pages) async fn say(
    app: &App,
    asked: &Asked,
    viewer: &Viewer,
    form: Form<'_>,
    target: Target,
) -> Answer {
    let wanted = form.wanted;
    let mut came = Came::default();
    let actor = asked.actor(came.errors.reason(wanted.reason.as_deref()));
    if target.connection.is_none() {
        came.errors.add("connection", "There is no such connection here. Pick one of the list.");
    }
    let kind = target.connection.as_ref().map(|it| it.kind);
    if let (Some(read), Some(connection)) =
        (wanted.read(kind, &mut came.errors), &target.connection)
    {
        if wanted.is_trial() {
            match wanted.event() {
                Ok(event) => match trial::of_form(app, connection.id, read, event).await? {
                    Ok(tried) => came.tried = Some(tried),
                    Err(errors) => came.errors = errors,
                },
                Err(errors) => came.errors = errors,
            }
        } else {
            match save(app, &actor, connection.id, &target, (read, wanted)).await {
                Ok(id) => {
                    let own = viewer.path(&format!("subscriptions/{id}"));
                    let to = if target.then.is_empty() { &own } else { &target.then };
                    return answer::done(app, to, "Saved: events that come from now on go by it.");
                }
                Err(OperationError::Invalid(why)) => came.errors.add("types", sentence(&why)),
                Err(error) => return Err(error.into()),
            }
        }
    }
    let conn = app.store.conn().await?;
    came.events = trial::choices(&conn, asked.workspace().id, viewer.now).await?;
    drop(conn);
    let status =
        if came.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    answer::page_as(status, app, viewer, form::page(viewer, &form, &came))
}

async fn save(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    target: &Target,
    (read, wanted): (Read, &Wanted),
) -> Result<SubscriptionId, OperationError> {
    let Read { event_types, filter, template, retry_policy } = read;
    let Some(id) = target.subscription else {
        let new = AddSubscription { connection, event_types, filter, template, retry_policy };
        return Ok(operation::add(&app.store, actor, new).await?.id);
    };
    let to = UpdateSubscription {
        event_types: Some(event_types),
        filter: filter.map_or(Edit::Clear, Edit::Set),
        template: template.map_or(Edit::Clear, Edit::Set),
        retry_policy: retry_policy.map_or(Edit::Clear, Edit::Set),
        active: None,
    };
    operation::update(&app.store, actor, id, to, wanted.seen).await?;
    Ok(id)
}

/// The connections that a subscription can be added to: ids and names.
async fn offered(app: &App, asked: &Asked) -> Result<Vec<(String, String)>, Failure> {
    let conn = app.store.conn().await?;
    let first = PageRequest::new(PAGE_ITEMS_MAX, None).map_err(|_| Failure::no_page())?;
    let page = connections::list(&conn, Some(asked.workspace().id), first).await?;
    let some = page.items.iter().filter(|it| it.status != ConnectionStatus::Disconnected);
    Ok(some.map(|it| (it.id.to_string(), format!("{} ({})", it.name, it.kind))).collect())
}

fn new_form<'a>(
    viewer: &Viewer,
    wanted: &'a Wanted,
    connections: Vec<(String, String)>,
) -> Form<'a> {
    let list = viewer.place(Place::Subscriptions);
    Form {
        place: Place::Subscriptions,
        crumb: html! { a href=(list) { "Subscriptions" } " / Add" },
        title: "Add a subscription".to_owned(),
        answer: html! { "It is active at once; events that come from then on go by it." },
        steps: None,
        action: viewer.path("subscriptions/add"),
        back: list,
        wanted,
        connections: Some(connections),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    connection: Option<ConnectionId>,
}

async fn ask_new(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(of): InQuery<Of>,
) -> Answer {
    let wanted = Wanted::everything(of.connection);
    let form = new_form(&viewer, &wanted, offered(&app, &asked).await?);
    ask(&app, &asked, &viewer, form).await
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let connection = match wanted.connection.parse::<ConnectionId>() {
        Ok(id) => connections::by_id(&app.store.conn().await?, id).await?,
        Err(_) => None,
    };
    // No guard has looked at an id that a form names.
    let connection = connection.filter(|it| it.workspace_id == asked.workspace().id);
    let form = new_form(&viewer, &wanted, offered(&app, &asked).await?);
    let target = Target { connection, subscription: None, then: String::new() };
    say(&app, &asked, &viewer, form, target).await
}

fn edit_form<'a>(viewer: &Viewer, id: SubscriptionId, to: &str, wanted: &'a Wanted) -> Form<'a> {
    let page = viewer.path(&format!("subscriptions/{id}"));
    Form {
        place: Place::Subscriptions,
        crumb: html! {
            a href=(viewer.place(Place::Subscriptions)) { "Subscriptions" } " / "
            a href=(page) { (outside(to)) } " / Edit"
        },
        title: "Edit the subscription".to_owned(),
        answer: html! { "Events that come from now on go by it; what is owed already stays as it is." },
        steps: None,
        action: format!("{page}/edit"),
        back: page,
        wanted,
        connections: None,
    }
}

async fn ask_edit(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SubscriptionId>,
) -> Answer {
    let saved = operation::require(&app.store.conn().await?, id).await?;
    let wanted = Wanted::of(&saved);
    let form = edit_form(&viewer, id, &saved.connection, &wanted);
    ask(&app, &asked, &viewer, form).await
}

async fn edit(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<SubscriptionId>,
    Posted(wanted): Posted<Wanted>,
) -> Answer {
    let conn = app.store.conn().await?;
    let saved = operation::require(&conn, id).await?;
    let connection = connection_operation::require(&conn, saved.connection_id).await?;
    drop(conn);
    let form = edit_form(&viewer, id, &saved.connection, &wanted);
    let target =
        Target { connection: Some(connection), subscription: Some(id), then: String::new() };
    say(&app, &asked, &viewer, form, target).await
}
