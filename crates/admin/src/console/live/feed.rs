//! The stream behind a page that keeps itself up to date: looked at time and again, told in finished fragments.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, StreamExt as _};
use maud::Markup;
use tokio::sync::OwnedSemaphorePermit;
use tracing::warn;

use crate::App;
use crate::console::answer::{Answer, Failure, protected};

/// How long a stream lasts before it is ended, so that its browser asks anew and is let in anew.
const STREAM_S: u64 = 5 * 60;

/// A piece of a page: the name of its event, and what it says.
pub type Piece = (&'static str, Markup);

/// The piece that tells a browser to close the stream: nothing will change any more.
pub const OVER: &str = "over";

/// A page that is looked at time and again.
pub trait Watched: Send + 'static {
    /// How often it is looked at. What happens in between comes in one piece.
    const LOOK_EVERY: Duration = Duration::from_secs(1);

    /// What changed since the last look. With [`OVER`] among it, it is the last one.
    fn look(&mut self) -> impl Future<Output = Result<Vec<Piece>, Failure>> + Send;
}

/// Opens a stream, if there is a place for one more.
pub fn open<W: Watched>(app: &App, watched: W) -> Answer {
    let Ok(place) = Arc::clone(&app.live).try_acquire_owned() else {
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many live pages",
            "This page does not update itself for now. Reload it to see what is new.",
        ));
    };
    let feed = Feed { app: app.clone(), watched, looks: 0, over: false, _place: place };
    let events = stream::unfold(feed, Feed::next);
    let events =
        events.flat_map(|events| stream::iter(events.into_iter().map(Ok::<_, Infallible>)));
    Ok(protected(Sse::new(events).keep_alive(KeepAlive::default()).into_response()))
}

struct Feed<W> {
    app: App,
    watched: W,
    looks: u64,
    over: bool,
    _place: OwnedSemaphorePermit,
}

impl<W: Watched> Feed<W> {
    async fn next(mut self) -> Option<(Vec<Event>, Self)> {
        if self.over {
            return None;
        }
        let stop = self.app.stop.clone();
        if self.looks > 0 {
            stop.run_until_stopped(tokio::time::sleep(W::LOOK_EVERY)).await?;
        }
        self.looks += 1;
        if self.looks.saturating_mul(W::LOOK_EVERY.as_secs().max(1)) > STREAM_S {
            return None;
        }
        let Ok(pieces) = self.watched.look().await else {
            // Why was logged where it failed; the browser asks again by itself.
            warn!("a stream of updates ends: its page could not be read");
            return None;
        };
        self.over = pieces.iter().any(|(name, _)| *name == OVER);
        let events = pieces.iter().map(|(name, markup)| event(name, markup)).collect();
        Some((events, self))
    }
}

fn event(name: &str, markup: &Markup) -> Event {
    // Browsers pass on no event without data.
    if markup.0.is_empty() {
        return Event::default().event(name).data(name);
    }
    // A line break would end the field; HTML means the same without it, but for text in <pre>, which fragments have none of.
    Event::default().event(name).data(markup.0.replace(['\r', '\n'], " "))
}
