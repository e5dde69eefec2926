//! Replays of many deliveries: what one would send again, and how far it has got.

use axum::extract::State;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{ConnectionId, ReplayId};
use hookyard_store::paging::PageRequest;
use hookyard_store::replays;
use jiff::Timestamp;
use serde::Deserialize;

use super::since::begins_at;
use crate::App;
use crate::access::{Asked, Need};
use crate::api::Commas;
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::query::Query;
use crate::console::frame::Viewer;
use crate::console::pages::forms::{Reason, because};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::replays::{self as operation, PER_S_DEFAULT, Selection};
use crate::routes::Routes;

mod view;

/// The rows of one page.
const ROWS: u16 = 50;

/// The pages of replays.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/replays", Need::Member, show_list)
        .page("/w/{slug}/replays/new", Need::Admin, preview)
        .action("/w/{slug}/replays", Need::Admin, start)
        .page("/w/{slug}/replays/{replay}", Need::Member, show)
        .action("/w/{slug}/replays/{replay}/cancel", Need::Admin, cancel)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    after: Option<ReplayId>,
}

async fn show_list(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Page>,
) -> Answer {
    let request = PageRequest::new(ROWS, ask.after).map_err(|_| Failure::no_page())?;
    let conn = app.store.conn().await?;
    let page = replays::list(&conn, Some(asked.workspace().id), request).await?;
    answer::page(&app, &viewer, view::list(&viewer, &page, ask.after.is_some()))
}

/// Which deliveries, as the address of the preview says it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    status: Option<Commas<DeliveryState>>,
    connection: Option<ConnectionId>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    since: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Ask {
    fn query(&self) -> Query {
        let states = self.status.iter().flat_map(|states| &states.0);
        let states: Vec<&str> = states.map(|state| state.as_str()).collect();
        let text = |text: Option<String>| text.unwrap_or_default();
        Query::new()
            .with("status", states.join(","))
            .with("connection", text(self.connection.map(|id| id.to_string())))
            .with("type", text(self.event_type.clone()))
            .with("since", text(self.since.clone()))
            .with("from", text(self.from.map(|at| at.to_string())))
            .with("to", text(self.to.map(|at| at.to_string())))
    }

    /// The same with its times as stamps, and the states that are meant.
    fn frozen(self, now: Timestamp) -> Result<Self, Failure> {
        let since = begins_at(self.since.as_deref(), now)?;
        let states = self.status.map_or_else(|| vec![DeliveryState::Dead], |states| states.0);
        Ok(Self {
            status: Some(Commas(states)),
            since: None,
            from: self.from.max(since),
            to: Some(self.to.unwrap_or(now)),
            ..self
        })
    }

    fn selection(&self, asked: &Asked) -> Selection {
        Selection {
            workspace: asked.slug(),
            states: self.status.iter().flat_map(|states| &states.0).copied().collect(),
            receiver: self.connection.map(|id| id.0),
            event_type: self.event_type.clone(),
            since: self.from,
            until: self.to,
        }
    }
}

async fn preview(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let ask = ask.frozen(viewer.now)?;
    let preview = operation::preview(&app.store, &ask.selection(&asked)).await?;
    let as_of = ask.to.unwrap_or(viewer.now);
    answer::page(&app, &viewer, view::preview(&viewer, &preview, &ask.query(), as_of))
}

/// The selection of the preview, as its form says it again.
#[derive(Debug, Deserialize)]
struct Again {
    status: Option<Commas<DeliveryState>>,
    connection: Option<ConnectionId>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    per_s: Option<i32>,
    reason: Option<String>,
}

async fn start(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(form): Posted<Again>,
) -> Answer {
    let Again { status, connection, event_type, from, to, per_s, reason } = form;
    let ask = Ask { status, connection, event_type, since: None, from, to }.frozen(viewer.now)?;
    let actor = asked.actor(because(reason.as_deref())?);
    let per_s = per_s.unwrap_or(PER_S_DEFAULT);
    let replay = operation::start(&app.store, &actor, &ask.selection(&asked), per_s).await?;
    let to = viewer.path(&format!("replays/{}", replay.id));
    answer::done(&app, &to, "Started: deliveries become pending again, a portion at a time.")
}

async fn show(State(app): State<App>, viewer: Viewer, Subject(id): Subject<ReplayId>) -> Answer {
    let conn = app.store.conn().await?;
    let replay = replays::by_id(&conn, id).await?.ok_or_else(Failure::no_page)?;
    answer::page(&app, &viewer, view::one(&viewer, &replay))
}

async fn cancel(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<ReplayId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::cancel(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    let to = viewer.path(&format!("replays/{id}"));
    answer::done(&app, &to, "Cancelled: what is pending by now is still sent.")
}
