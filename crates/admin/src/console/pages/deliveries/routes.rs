//! What is asked of the deliveries, and what is done to them.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{ConnectionId, DeliveryId, EventId};
use hookyard_store::Conn;
use hookyard_store::delivery_list::{self, Delivery, DeliveryFilter};
use hookyard_store::paging::{Page, PageRequest};
use serde::Deserialize;

use super::updates::{stream, stream_one};
use super::{list, one};
use crate::App;
use crate::access::{Asked, Need};
use crate::api::Commas;
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::query::Query;
use crate::console::frame::Viewer;
use crate::console::pages::forms::{Reason, because};
use crate::console::visit::{InQuery, Posted, Subject};
use crate::operations::{deliveries as operation, story};
use crate::routes::Routes;

/// The rows of one page: with style and scripts the page stays below 150 KB.
const ROWS: u16 = 30;

/// The pages of deliveries.
pub(in crate::console) fn routes() -> Routes {
    Routes::console()
        .page("/w/{slug}/deliveries", Need::Member, show_list)
        .page("/w/{slug}/deliveries/stream", Need::Member, stream)
        .page("/w/{slug}/deliveries/{delivery}", Need::Member, show)
        .page("/w/{slug}/deliveries/{delivery}/stream", Need::Member, stream_one)
        .action("/w/{slug}/deliveries/{delivery}/replay", Need::Admin, replay)
        .action("/w/{slug}/deliveries/{delivery}/cancel", Need::Admin, cancel)
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    status: Option<Commas<DeliveryState>>,
    connection: Option<ConnectionId>,
    event: Option<EventId>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    after: Option<DeliveryId>,
    /// Of a stream: the newest row on screen.
    pub(super) newest: Option<DeliveryId>,
}

impl Ask {
    pub(super) fn query(&self) -> Query {
        let states = self.status.iter().flat_map(|states| &states.0);
        let states: Vec<&str> = states.map(|state| state.as_str()).collect();
        let id = |id: Option<String>| id.unwrap_or_default();
        Query::new()
            .with("status", states.join(","))
            .with("connection", id(self.connection.map(|it| it.to_string())))
            .with("event", id(self.event.map(|it| it.to_string())))
            .with("type", self.event_type.clone().unwrap_or_default())
            .with("after", id(self.after.map(|it| it.to_string())))
    }
}

async fn show_list(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let conn = app.store.conn().await?;
    let page = read(&conn, &asked, &ask).await?;
    let query = ask.query();
    let list = list::List { page: &page, query: &query };
    answer::page(&app, &viewer, list::view(&viewer, &list))
}

pub(super) async fn read(
    conn: &Conn,
    asked: &Asked,
    ask: &Ask,
) -> Result<Page<Delivery, DeliveryId>, Failure> {
    let filter = |state| DeliveryFilter {
        workspace: Some(asked.workspace().id),
        state,
        receiver: ask.connection.map(|id| id.0),
        event: ask.event,
        event_type: ask.event_type.clone(),
    };
    let request = PageRequest::new(ROWS, ask.after).map_err(|_| Failure::no_page())?;
    let states: Vec<Option<DeliveryState>> =
        ask.status.iter().flat_map(|states| &states.0).copied().map(Some).collect();
    let mut items = Vec::new();
    let mut reached: Option<DeliveryId> = None;
    for state in if states.is_empty() { vec![None] } else { states } {
        let page = delivery_list::list(conn, &filter(state), request).await?;
        reached = reached.max(page.next_cursor);
        items.extend(page.items);
    }
    // Below where one of them ended, it may have more.
    items.retain(|delivery| reached.is_none_or(|reached| delivery.id >= reached));
    items.sort_by_key(|delivery| std::cmp::Reverse(delivery.id));
    items.dedup_by_key(|delivery| delivery.id);
    let more = items.len() > usize::from(ROWS);
    items.truncate(ROWS.into());
    let next_cursor = items.last().map(|delivery| delivery.id).filter(|_| more).or(reached);
    Ok(Page { items, next_cursor })
}

async fn show(State(app): State<App>, viewer: Viewer, Subject(id): Subject<DeliveryId>) -> Answer {
    let story = story::delivery(&app.store, id).await?;
    answer::page(&app, &viewer, one::view(&viewer, &story))
}

async fn replay(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<DeliveryId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    operation::replay(&app.store, &asked.actor(because(form.reason.as_deref())?), id).await?;
    let to = viewer.path(&format!("deliveries/{id}"));
    answer::done(&app, &to, "Queued: it is sent once more, under the same id.")
}

async fn cancel(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Subject(id): Subject<DeliveryId>,
    Posted(form): Posted<Reason>,
) -> Answer {
    use crate::operations::OperationError;
    let actor = asked.actor(because(form.reason.as_deref())?);
    let to = viewer.path(&format!("deliveries/{id}"));
    match operation::cancel(&app.store, &actor, id).await {
        Ok(_) => answer::done(&app, &to, "Cancelled: nothing more is sent for it."),
        // The page shows what became of it.
        Err(OperationError::Conflict(conflict)) => {
            Err(Failure::new(StatusCode::CONFLICT, "It is not cancelled yet", conflict.why))
        }
        Err(error) => Err(error.into()),
    }
}
