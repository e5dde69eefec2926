//! The stream of a list: its rows as they are now, and a line that says how many are new.

use std::future::Future;
use std::hash::Hash;

use hookyard_store::Conn;
use hookyard_store::paging::Page;
use jiff::Timestamp;
use maud::Markup;
use serde::Serialize;

use super::feed::{self, Piece, Watched};
use super::rows::Rows;
use crate::App;
use crate::access::Asked;
use crate::console::answer::{Answer, Failure};
use crate::console::components::query::Query;
use crate::console::frame::{Place, Viewer};

/// What is asked of a list whose rows change.
pub trait Listed: Send + Sync + 'static {
    /// A row.
    type Item: Serialize + Send + Sync;
    /// By which its rows are in order.
    type Id: Copy + Ord + Hash + Send;
    /// Its page.
    const PLACE: Place;
    /// What one of its rows is called, and several.
    const NOUNS: (&'static str, &'static str);

    /// The newest row on screen.
    fn newest(&self) -> Option<Self::Id>;

    /// The parameters of its page.
    fn query(&self) -> Query;

    /// Its rows, as far as whoever asks may see them.
    fn read(
        &self,
        conn: &Conn,
        asked: &Asked,
        now: Timestamp,
    ) -> impl Future<Output = Result<Page<Self::Item, Self::Id>, Failure>> + Send;

    /// The id of a row.
    fn id(item: &Self::Item) -> Self::Id;

    /// A row that takes its own place on the page.
    fn row(viewer: &Viewer, item: &Self::Item) -> Markup;
}

/// Opens the stream of a list.
pub fn open<L: Listed>(app: &App, asked: Asked, viewer: Viewer, ask: L) -> Answer {
    let rows = Rows::from(ask.newest());
    feed::open(app, List { app: app.clone(), asked, viewer, ask, rows })
}

/// One browser's list.
struct List<L: Listed> {
    app: App,
    asked: Asked,
    viewer: Viewer,
    ask: L,
    rows: Rows<L::Id>,
}

impl<L: Listed> Watched for List<L> {
    async fn look(&mut self) -> Result<Vec<Piece>, Failure> {
        self.viewer.now = self.app.now();
        let conn = self.app.store.conn().await?;
        let page = self.ask.read(&conn, &self.asked, self.viewer.now).await?;
        drop(conn);
        let viewer = &self.viewer;
        let (rows, fresh) = self.rows.changed(&page.items, L::id, |item| L::row(viewer, item));
        let mut pieces: Vec<Piece> = rows.into_iter().collect();
        if fresh > 0 {
            let more = fresh == page.items.len() && page.next_cursor.is_some();
            let href = self.ask.query().href(&viewer.place(L::PLACE));
            let (one, many) = L::NOUNS;
            pieces.push(("fresh", super::fresh(fresh, more, &href, one, many)));
        }
        Ok(pieces)
    }
}
