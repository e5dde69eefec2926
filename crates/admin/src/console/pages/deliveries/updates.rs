//! The streams that keep the list of deliveries and the page of one up to date.

use axum::extract::State;
use hookyard_domain::ids::DeliveryId;
use hookyard_store::delivery_list;
use maud::Markup;
use serde::Deserialize;

use super::list::changed_row;
use super::one;
use super::routes::{Ask, read};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{Answer, Failure};
use crate::console::frame::{Place, Viewer};
use crate::console::live::feed::{self, OVER, Piece, Watched};
use crate::console::live::{self, rows::Rows};
use crate::console::visit::{InQuery, Subject};

/// Updates of the list of deliveries.
pub(super) async fn stream(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let rows = Rows::from(ask.newest);
    feed::open(&app, List { app: app.clone(), asked, viewer, ask, rows })
}

/// One browser's list.
struct List {
    app: App,
    asked: Asked,
    viewer: Viewer,
    ask: Ask,
    rows: Rows<DeliveryId>,
}

impl Watched for List {
    async fn look(&mut self) -> Result<Vec<Piece>, Failure> {
        self.viewer.now = self.app.now();
        let conn = self.app.store.conn().await?;
        let page = read(&conn, &self.asked, &self.ask).await?;
        drop(conn);
        let viewer = &self.viewer;
        let (rows, fresh) =
            self.rows.changed(&page.items, |it| it.id, |it| changed_row(viewer, it));
        let mut pieces: Vec<Piece> = rows.into_iter().collect();
        if fresh > 0 {
            let more = fresh == page.items.len() && page.next_cursor.is_some();
            let href = self.ask.query().href(&viewer.place(Place::Deliveries));
            pieces.push(("fresh", live::fresh(fresh, more, &href, "delivery", "deliveries")));
        }
        Ok(pieces)
    }
}

/// What the page on screen tells: its state when it was made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    seen: String,
}

/// Updates of the page of one delivery, until it is over.
pub(super) async fn stream_one(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<DeliveryId>,
    InQuery(Seen { seen }): InQuery<Seen>,
) -> Answer {
    feed::open(&app, One { app: app.clone(), viewer, id, seen, told: None })
}

/// One browser's page of one delivery.
struct One {
    app: App,
    viewer: Viewer,
    id: DeliveryId,
    /// What the page was made of.
    seen: String,
    /// What was told last.
    told: Option<String>,
}

impl Watched for One {
    async fn look(&mut self) -> Result<Vec<Piece>, Failure> {
        self.viewer.now = self.app.now();
        let conn = self.app.store.conn().await?;
        let found = delivery_list::detail(&conn, self.id).await?;
        drop(conn);
        let delivery = found.ok_or_else(Failure::no_page)?.delivery;
        let state = one::state(&delivery);
        if self.told.as_ref() == Some(&state) {
            return Ok(Vec::new());
        }
        let answer = live::in_place("answer", &one::answer(&self.viewer, &delivery));
        let mut pieces: Vec<Piece> = vec![("rows", answer)];
        if state != self.seen {
            let href = self.viewer.path(&format!("deliveries/{}", self.id));
            pieces.push(("fresh", live::went_on(&href)));
        }
        self.told = Some(state);
        if delivery.state.is_over() {
            pieces.push((OVER, Markup::default()));
        }
        Ok(pieces)
    }
}
