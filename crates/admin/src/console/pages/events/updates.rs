//! The stream that says how many events have arrived since the list was made. An event's row never changes.

use axum::extract::State;
use hookyard_domain::ids::EventId;
use hookyard_store::event_list::{self, EventFilter};
use hookyard_store::paging::PageRequest;
use serde::Deserialize;

use crate::App;
use crate::access::Asked;
use crate::console::answer::{Answer, Failure};
use crate::console::frame::{Place, Viewer};
use crate::console::live;
use crate::console::live::feed::{self, Piece, Watched};
use crate::console::visit::InQuery;

/// The newest row on screen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Newest {
    newest: Option<EventId>,
}

/// Updates of the list of events.
pub(super) async fn stream(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(Newest { newest }): InQuery<Newest>,
) -> Answer {
    feed::open(&app, List { app: app.clone(), asked, viewer, newest, told: 0 })
}

struct List {
    app: App,
    asked: Asked,
    viewer: Viewer,
    newest: Option<EventId>,
    /// How many were said to be new.
    told: usize,
}

impl Watched for List {
    async fn look(&mut self) -> Result<Vec<Piece>, Failure> {
        let filter =
            EventFilter { workspace: Some(self.asked.workspace().id), ..EventFilter::default() };
        let conn = self.app.store.conn().await?;
        let page = event_list::list(&conn, &filter, PageRequest::first()).await?;
        drop(conn);
        let is_new = |id: EventId| self.newest.is_none_or(|newest| id > newest);
        let fresh = page.items.iter().filter(|event| is_new(event.id)).count();
        if fresh == self.told {
            return Ok(Vec::new());
        }
        self.told = fresh;
        let more = fresh == page.items.len() && page.next_cursor.is_some();
        let href = self.viewer.place(Place::Events);
        Ok(vec![("fresh", live::fresh(fresh, more, &href, "event", "events"))])
    }
}
