//! The streams that keep the list of sync events and the page of one up to date.

use axum::extract::State;
use hookyard_domain::ids::SyncEventId;
use hookyard_store::paging::Page;
use hookyard_store::sync_event_list::{self, SyncEvent};
use hookyard_store::{Conn, StoreError};
use jiff::Timestamp;
use maud::Markup;

use super::ask::{Ask, read};
use super::list::changed_row;
use super::one;
use crate::App;
use crate::access::Asked;
use crate::console::answer::{Answer, Failure};
use crate::console::components::query::Query;
use crate::console::frame::{Place, Viewer};
use crate::console::live::list::{self, Listed};
use crate::console::live::one::{self as followed, Followed, Seen};
use crate::console::visit::{InQuery, Subject};

/// Updates of the list of sync events.
pub(super) async fn stream(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    if ask.view.as_deref() != Some("sync-events") {
        return Err(Failure::no_page());
    }
    list::open(&app, asked, viewer, ask)
}

impl Listed for Ask {
    type Item = SyncEvent;
    type Id = SyncEventId;
    const PLACE: Place = Place::SyncEvents;
    const NOUNS: (&'static str, &'static str) = ("sync event", "sync events");

    fn newest(&self) -> Option<SyncEventId> {
        self.newest
    }

    fn query(&self) -> Query {
        Self::query(self)
    }

    async fn read(
        &self,
        conn: &Conn,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Page<SyncEvent, SyncEventId>, Failure> {
        read(conn, asked, self, now).await
    }

    fn id(sync: &SyncEvent) -> SyncEventId {
        sync.id
    }

    fn row(viewer: &Viewer, sync: &SyncEvent) -> Markup {
        changed_row(viewer, sync)
    }
}

/// Updates of the page of one sync event, until it has ended.
pub(super) async fn stream_one(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<SyncEventId>,
    InQuery(seen): InQuery<Seen>,
) -> Answer {
    followed::open::<SyncEvent>(&app, viewer, id, seen)
}

impl Followed for SyncEvent {
    type Id = SyncEventId;
    const PATH: &'static str = "sync-events";

    async fn find(conn: &Conn, id: SyncEventId) -> Result<Option<Self>, StoreError> {
        sync_event_list::by_id(conn, id).await
    }

    fn state(&self) -> String {
        one::state(self)
    }

    fn answer(&self, viewer: &Viewer) -> Markup {
        one::answer(viewer, self)
    }

    fn is_over(&self) -> bool {
        self.status.is_final()
    }
}
