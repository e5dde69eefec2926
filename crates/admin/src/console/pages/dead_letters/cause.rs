//! All dead letters of one cause: asked about first, then replayed or dropped.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::job::JobKind;
use hookyard_store::dead_letters::{Cause, Settlement};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::view::kind;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::form;
use crate::console::components::panel::{self, Head};
use crate::console::components::query::Query;
use crate::console::components::text::{counted, grouped, outside, outside_cut};
use crate::console::components::time::clock;
use crate::console::frame::{self, Place, Viewer};
use crate::console::pages::forms::{Errors, because, reason_field};
use crate::console::visit::{InQuery, Posted};
use crate::operations::dead_letters::causes::{self as operation, OfOneCause, SETTLED_MAX};
use crate::routes::Routes;

/// The longest error that the page shows, in characters.
const ERROR_CHARS_MAX: usize = 1000;

/// The page that asks, and what its button does.
pub(super) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/dead-letters/cause", Need::Admin, show).action(
        "/w/{slug}/dead-letters/cause",
        Need::Admin,
        settle,
    )
}

/// What is done with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Deed {
    Replay,
    Drop,
}

impl Deed {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Drop => "drop",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    kind: String,
    cause: String,
    error: Option<String>,
    #[serde(rename = "do")]
    deed: Deed,
}

fn query(cause: &Cause, deed: Deed) -> Query {
    Query::new()
        .with("kind", cause.kind.as_str())
        .with("cause", cause.reason.as_str())
        .with("error", cause.error.clone().unwrap_or_default())
        .with("do", deed.as_str())
}

/// The address of the page that asks.
pub(super) fn href(viewer: &Viewer, cause: &Cause, deed: Deed) -> String {
    query(cause, deed).href(&viewer.path("dead-letters/cause"))
}

fn cause_of(kind: &str, reason: String, error: Option<String>) -> Result<Cause, Failure> {
    let kind: JobKind = kind.parse().map_err(|_| {
        let text = format!("kind: there is no kind of work called {kind}");
        Failure::new(StatusCode::BAD_REQUEST, "That address means nothing", text)
    })?;
    Ok(Cause { kind, reason, error: error.filter(|text| !text.is_empty()) })
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let cause = cause_of(&ask.kind, ask.cause, ask.error)?;
    let of = OfOneCause { workspace: asked.slug(), cause, until: viewer.now };
    let count = operation::count(&app.store, &of).await?;
    answer::page(&app, &viewer, view(&viewer, &of, ask.deed, count))
}

fn view(viewer: &Viewer, of: &OfOneCause, deed: Deed, count: i64) -> Markup {
    let list = viewer.place(Place::DeadLetters);
    let more = count > SETTLED_MAX;
    let count = count.min(SETTLED_MAX).unsigned_abs();
    let letters = counted(count, "dead letter", "dead letters");
    let verb = if deed == Deed::Replay { "Replay" } else { "Drop" };
    let title = format!("{verb} {letters}?");
    let body = html! {
        (panel::head(&Head {
            crumb: Some(html! { a href=(list) { "Dead letters" } " / " (verb) }),
            title: html! { (title) },
            answer: html! {
                @match deed {
                    _ if count == 0 => "None of this cause is open any more. Nothing has been changed.",
                    Deed::Replay => {
                        "Each becomes a new job: a delivery is sent once more under its old id, a sync compares its target with the branch's head, an event is processed from the start. "
                        "What cannot be done any more stays open. Nothing has been started."
                    },
                    Deed::Drop => "They leave the list and nothing more happens with them; the records of what they are about stay. Nothing has been changed.",
                }
            },
            ..Head::default()
        }))
        section.panel { div.pad { dl.kv {
            dt { "What" } dd { (kind(of.cause.kind)) }
            dt { "Why" } dd {
                (outside(&of.cause.reason))
                @if let Some(error) = &of.cause.error { span.sub.err { (outside_cut(error, ERROR_CHARS_MAX)) } }
            }
            dt { "Open" } dd {
                @if more { "more than " (grouped(SETTLED_MAX.unsigned_abs())) "; the newest are taken, do it again for the others" }
                @else { (grouped(count)) }
            }
            dt { "As of" } dd { (clock(of.until)) " UTC; later ones are not included" }
        } } }
        @if count == 0 { div.actions { a.btn href=(list) { "Back" } } }
        @else { (ask(viewer, of, deed, (verb, &letters))) }
    };
    frame::page(viewer, Place::DeadLetters, &title, &[], &body)
}

fn ask(viewer: &Viewer, of: &OfOneCause, deed: Deed, (verb, letters): (&str, &str)) -> Markup {
    let class = if deed == Deed::Replay { "btn primary" } else { "btn danger" };
    let body = html! {
        @for (name, value) in query(&of.cause, deed).pairs() { input type="hidden" name=(name) value=(value); }
        input type="hidden" name="until" value=(of.until.to_string());
        (reason_field(None, &Errors::default()))
        div.actions {
            button class=(class) { (verb) " " (letters) }
            a.btn href=(viewer.place(Place::DeadLetters)) { "Back" }
        }
    };
    form::post(&viewer.path("dead-letters/cause"), &viewer.csrf, "form", &body)
}

/// What the page asked about, as its form says it again.
#[derive(Debug, Deserialize)]
struct Again {
    kind: String,
    cause: String,
    error: Option<String>,
    #[serde(rename = "do")]
    deed: Deed,
    until: Timestamp,
    reason: Option<String>,
}

async fn settle(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    Posted(form): Posted<Again>,
) -> Answer {
    let cause = cause_of(&form.kind, form.cause, form.error)?;
    let of = OfOneCause { workspace: asked.slug(), cause, until: form.until };
    let (how, done) = match form.deed {
        Deed::Replay => (Settlement::Replayed, "Queued once more"),
        Deed::Drop => (Settlement::Dropped, "Dropped"),
    };
    let actor = asked.actor(because(form.reason.as_deref())?);
    let settled = operation::settle_all(&app.store, &actor, &of, how).await?;
    let left = match settled.left_out {
        0 => String::new(),
        left => {
            let (one, many) = ("cannot be replayed and stays", "cannot be replayed and stay");
            format!(" {} open.", counted(left, one, many))
        }
    };
    let more = if settled.more { " There are more of this cause." } else { "" };
    let settled = counted(settled.settled, "dead letter", "dead letters");
    let said = format!("{done}: {settled}.{left}{more}");
    answer::done(&app, &viewer.place(Place::DeadLetters), &said)
}
