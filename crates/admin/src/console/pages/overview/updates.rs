//! The stream that keeps the overview up to date: what needs somebody, the numbers, the queues. Charts stay as they are:
//! whoever reads one as a table would lose their place.

use std::time::Duration;

use axum::extract::State;
use maud::{Markup, html};

use super::activity::tiles;
use super::attention::{attention, visible};
use super::queues::queues;
use super::{Ask, answer};
use crate::App;
use crate::access::Asked;
use crate::console::answer::{Answer, Failure};
use crate::console::frame::Viewer;
use crate::console::live;
use crate::console::live::feed::{self, Piece, Watched};
use crate::console::visit::InQuery;
use crate::operations::overview::{self as operation, Window};

/// Updates of the overview.
pub(super) async fn stream(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let window = ask.window()?;
    feed::open(&app, Page { app: app.clone(), asked, viewer, window, told: Vec::new() })
}

struct Page {
    app: App,
    asked: Asked,
    viewer: Viewer,
    window: Window,
    /// What each part said last, without its times.
    told: Vec<String>,
}

impl Watched for Page {
    /// It costs more than a list.
    const LOOK_EVERY: Duration = Duration::from_secs(5);

    async fn look(&mut self) -> Result<Vec<Piece>, Failure> {
        self.viewer.now = self.app.now();
        let workspace = self.asked.workspace().id;
        let read = operation::overview(&self.app.store, workspace, self.window).await?;
        let items = visible(&self.viewer, &read.attention);
        let said = |value: serde_json::Result<String>| value.unwrap_or_default();
        let parts: [(&str, String, Markup); 4] = [
            (
                "answer",
                said(serde_json::to_string(&(items.len(), &read.queues))),
                answer(&read, items.len()),
            ),
            (
                "attention",
                said(serde_json::to_string(&items)),
                html! { @if !items.is_empty() { (attention(&self.viewer, &items)) } },
            ),
            (
                "tiles",
                said(serde_json::to_string(&(&read.activity.totals, &read.queues))),
                tiles(&self.viewer, &read, self.window),
            ),
            (
                "queues",
                said(serde_json::to_string(&(&read.queues, read.workers.len()))),
                queues(&read),
            ),
        ];
        let changed = parts
            .iter()
            .enumerate()
            .filter(|(nth, (_, said, _))| self.told.get(*nth) != Some(said));
        let fragments = html! {
            @for (_, (id, _, body)) in changed {
                @if *id == "answer" { (live::in_place(id, body)) }
                @else { div id=(id) hx-swap-oob="true" { (body) } }
            }
        };
        let any = !fragments.0.is_empty();
        self.told = parts.into_iter().map(|(_, said, _)| said).collect();
        Ok(if any { vec![("rows", fragments)] } else { Vec::new() })
    }
}
