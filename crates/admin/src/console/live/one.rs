//! The stream of the page of one thing: its answer as it is now, and a line that says that its story has gone on.

use std::fmt::Display;
use std::future::Future;

use hookyard_store::{Conn, StoreError};
use maud::Markup;
use serde::Deserialize;

use super::feed::{self, OVER, Piece, Watched};
use crate::App;
use crate::console::answer::{Answer, Failure};
use crate::console::frame::Viewer;

/// A thing whose page is kept up to date until it has ended.
pub trait Followed: Sized + Send {
    /// By which it is found.
    type Id: Copy + Display + Send + Sync + 'static;
    /// Where the pages of such things are.
    const PATH: &'static str;

    /// The thing as it is now.
    fn find(
        conn: &Conn,
        id: Self::Id,
    ) -> impl Future<Output = Result<Option<Self>, StoreError>> + Send;

    /// What a page of it is made of: another one makes another page.
    fn state(&self) -> String;

    /// The sentence at the head of its page.
    fn answer(&self, viewer: &Viewer) -> Markup;

    /// Whether it will not change any more.
    fn is_over(&self) -> bool;
}

/// What the page on screen tells: its state when it was made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    seen: String,
}

/// Opens the stream of one thing's page.
pub fn open<F: Followed + 'static>(app: &App, viewer: Viewer, id: F::Id, seen: Seen) -> Answer {
    feed::open(app, One::<F> { app: app.clone(), viewer, id, seen: seen.seen, told: None })
}

/// One browser's page of one thing.
struct One<F: Followed> {
    app: App,
    viewer: Viewer,
    id: F::Id,
    /// What the page was made of.
    seen: String,
    /// What was told last.
    told: Option<String>,
}

impl<F: Followed + 'static> Watched for One<F> {
    async fn look(&mut self) -> Result<Vec<Piece>, Failure> {
        self.viewer.now = self.app.now();
        let conn = self.app.store.conn().await?;
        let found = F::find(&conn, self.id).await?;
        drop(conn);
        let thing = found.ok_or_else(Failure::no_page)?;
        let state = thing.state();
        if self.told.as_ref() == Some(&state) {
            return Ok(Vec::new());
        }
        let answer = super::in_place("answer", &thing.answer(&self.viewer));
        let mut pieces: Vec<Piece> = vec![("rows", answer)];
        if state != self.seen {
            let href = self.viewer.path(&format!("{}/{}", F::PATH, self.id));
            pieces.push(("fresh", super::went_on(&href)));
        }
        self.told = Some(state);
        if thing.is_over() {
            pieces.push((OVER, Markup::default()));
        }
        Ok(pieces)
    }
}
