//! The streams that keep the list of deliveries and the page of one up to date.

use axum::extract::State;
use hookyard_domain::ids::DeliveryId;
use hookyard_store::delivery_list::{self, Delivery};
use hookyard_store::paging::Page;
use hookyard_store::{Conn, StoreError};
use jiff::Timestamp;
use maud::Markup;

use super::list::changed_row;
use super::one;
use super::routes::{Ask, read};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{Answer, Failure};
use crate::console::components::query::Query;
use crate::console::frame::{Place, Viewer};
use crate::console::live::list::{self, Listed};
use crate::console::live::one::{self as followed, Followed, Seen};
use crate::console::visit::{InQuery, Subject};

/// Updates of the list of deliveries.
pub(super) async fn stream(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    list::open(&app, asked, viewer, ask)
}

impl Listed for Ask {
    type Item = Delivery;
    type Id = DeliveryId;
    const PLACE: Place = Place::Deliveries;
    const NOUNS: (&'static str, &'static str) = ("delivery", "deliveries");

    fn newest(&self) -> Option<DeliveryId> {
        self.newest
    }

    fn query(&self) -> Query {
        Self::query(self)
    }

    async fn read(
        &self,
        conn: &Conn,
        asked: &Asked,
        _: Timestamp,
    ) -> Result<Page<Delivery, DeliveryId>, Failure> {
        read(conn, asked, self).await
    }

    fn id(delivery: &Delivery) -> DeliveryId {
        delivery.id
    }

    fn row(viewer: &Viewer, delivery: &Delivery) -> Markup {
        changed_row(viewer, delivery)
    }
}

/// Updates of the page of one delivery, until it is over.
pub(super) async fn stream_one(
    State(app): State<App>,
    viewer: Viewer,
    Subject(id): Subject<DeliveryId>,
    InQuery(seen): InQuery<Seen>,
) -> Answer {
    followed::open::<Delivery>(&app, viewer, id, seen)
}

impl Followed for Delivery {
    type Id = DeliveryId;
    const PATH: &'static str = "deliveries";

    async fn find(conn: &Conn, id: DeliveryId) -> Result<Option<Self>, StoreError> {
        Ok(delivery_list::detail(conn, id).await?.map(|detail| detail.delivery))
    }

    fn state(&self) -> String {
        one::state(self)
    }

    fn answer(&self, viewer: &Viewer) -> Markup {
        one::answer(viewer, self)
    }

    fn is_over(&self) -> bool {
        self.state.is_over()
    }
}
