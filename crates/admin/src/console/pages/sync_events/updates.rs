//! The stream that keeps the list of sync events up to date.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream};
use hookyard_domain::ids::SyncEventId;
use maud::{Markup, html};
use tokio::sync::OwnedSemaphorePermit;
use tracing::warn;

use super::ask::{Ask, read};
use super::list::changed_row;
use crate::App;
use crate::access::Asked;
use crate::console::answer::{Failure, protected};
use crate::console::frame::{Place, Viewer};
use crate::console::live;
use crate::console::visit::InQuery;

/// How often the list is looked at. What happens in between comes in one piece.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a stream is ended, so that its browser asks anew and is let in anew, in looks.
const LOOKS_MAX: u32 = 5 * 60;

/// Updates of the list of sync events.
pub(super) async fn stream(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Result<Response, Failure> {
    if ask.view.as_deref() != Some("sync-events") {
        return Err(Failure::no_page());
    }
    let Ok(place) = Arc::clone(&app.live).try_acquire_owned() else {
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many live pages",
            "This page does not update itself for now. Reload it to see what is new.",
        ));
    };
    let updates =
        Updates { app, asked, viewer, ask, shown: HashMap::new(), looks: 0, _place: place };
    let events = stream::unfold(updates, Updates::next);
    Ok(protected(Sse::new(pieces(events)).keep_alive(KeepAlive::default()).into_response()))
}

fn pieces(events: impl Stream<Item = Vec<Event>>) -> impl Stream<Item = Result<Event, Infallible>> {
    use futures_util::StreamExt as _;
    events.flat_map(|events| stream::iter(events.into_iter().map(Ok)))
}

/// One browser's list, as far as it is known to it.
struct Updates {
    app: App,
    asked: Asked,
    viewer: Viewer,
    ask: Ask,
    /// The rows that were sent, as they were.
    shown: HashMap<SyncEventId, String>,
    looks: u32,
    _place: OwnedSemaphorePermit,
}

impl Updates {
    async fn next(mut self) -> Option<(Vec<Event>, Self)> {
        let stop = self.app.stop.clone();
        if self.looks > 0 {
            stop.run_until_stopped(tokio::time::sleep(LOOK_EVERY)).await?;
        }
        self.looks += 1;
        if self.looks > LOOKS_MAX {
            return None;
        }
        let Ok(events) = self.look().await else {
            // Why was logged where it failed; the browser asks again by itself.
            warn!("a stream of updates ends: the list could not be read");
            return None;
        };
        Some((events, self))
    }

    async fn look(&mut self) -> Result<Vec<Event>, Failure> {
        let now = self.app.now();
        self.viewer.now = now;
        let conn = self.app.store.conn().await?;
        let page = read(&conn, &self.asked, &self.ask, now).await?;
        drop(conn);
        let newest = self.ask.newest;
        let is_new = |id: SyncEventId| newest.is_none_or(|newest| id > newest);
        let fresh = page.items.iter().filter(|sync| is_new(sync.id)).count();
        let mut rows = Vec::new();
        for sync in page.items.iter().filter(|sync| !is_new(sync.id)) {
            let state = serde_json::to_string(sync).unwrap_or_default();
            if self.shown.get(&sync.id) != Some(&state) {
                rows.push(changed_row(&self.viewer, sync));
                self.shown.insert(sync.id, state);
            }
        }
        let mut events = Vec::new();
        if !rows.is_empty() {
            events.push(event("rows", &html! { @for row in rows { (row) } }));
        }
        if fresh > 0 {
            let more = fresh == page.items.len() && page.next_cursor.is_some();
            let href = self.ask.query().href(&self.viewer.place(Place::SyncEvents));
            events.push(event(
                "fresh",
                &live::fresh(fresh, more, &href, "sync event", "sync events"),
            ));
        }
        Ok(events)
    }
}

fn event(name: &str, markup: &Markup) -> Event {
    // A line break would end the field; HTML means the same without it, but for text in <pre>, which rows have none of.
    Event::default().event(name).data(markup.0.replace(['\r', '\n'], " "))
}
