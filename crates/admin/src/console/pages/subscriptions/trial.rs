//! A filter and a template tried on a past event: would it be sent, and as exactly which request?

use hookyard_domain::ids::{ConnectionId, EventId, WorkspaceId};
use hookyard_store::Conn;
use hookyard_store::event_list::{self, EventFilter};
use hookyard_store::paging::PageRequest;
use jiff::Timestamp;
use maud::{Markup, html};

use super::form::{Read, Wanted};
use crate::App;
use crate::console::answer::Failure;
use crate::console::components::facts::list;
use crate::console::components::form::{self, Field, Input};
use crate::console::components::message::note;
use crate::console::components::panel;
use crate::console::components::payload;
use crate::console::components::status::Tone;
use crate::console::components::text::{bytes, code, outside};
use crate::console::components::time::relative;
use crate::console::pages::forms::{Errors, sentence};
use crate::console::pages::integrations::outside_of;
use crate::operations::OperationError;
use crate::operations::subscriptions::{
    self as operation, FilterResult, Trial, TrialEvent, TrialRequest, Tried,
};

/// The newest events that are offered.
const EVENTS_OFFERED: u16 = 20;

/// An event to try something on: its id, and its words.
pub(super) type Choice = (String, String);

/// The newest events of a workspace.
pub(super) async fn choices(
    conn: &Conn,
    workspace: WorkspaceId,
    now: Timestamp,
) -> Result<Vec<Choice>, Failure> {
    let filter = EventFilter { workspace: Some(workspace), ..EventFilter::default() };
    let first = PageRequest::new(EVENTS_OFFERED, None).map_err(|_| Failure::no_page())?;
    let page = event_list::list(conn, &filter, first).await?;
    let words = |it: &event_list::Event| {
        let place = it.repository.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
        format!("{}{place}, {}", it.event_type, relative(now, it.received_at))
    };
    Ok(page.items.iter().map(|it| (it.id.to_string(), words(it))).collect())
}

/// The fields by which an event is picked or pasted.
pub(super) fn fields(events: &[Choice], wanted: &Wanted, errors: &Errors) -> Markup {
    let mut options = vec![("", "None")];
    options.extend(events.iter().map(|(id, words)| (id.as_str(), words.as_str())));
    // The newest, unless something else was chosen.
    let newest = events.first().map_or("", |(id, _)| id.as_str());
    let value = if wanted.event.is_empty() { newest } else { &wanted.event };
    html! {
        (form::field(&Field {
            input: Input::Choice(&options), value, error: errors.on("event"),
            hint: if events.is_empty() { "This workspace has no events yet: paste an id once there is one." }
                  else { "The newest events of this workspace." },
            ..Field::new("event", "Past event")
        }))
        (form::field(&Field {
            value: &wanted.pasted, error: errors.on("pasted"), placeholder: "evt_…",
            hint: "Counts more than the choice above.",
            ..Field::new("pasted", "Or the id of an event")
        }))
    }
}

/// Tries what a form says. What the event or the connection stands against is a fault of the form.
pub(super) async fn of_form(
    app: &App,
    connection: ConnectionId,
    read: Read,
    event: EventId,
) -> Result<Result<Tried, Errors>, Failure> {
    let trial = Trial {
        connection,
        event_types: Some(read.event_types),
        filter: read.filter,
        template: read.template,
        event: TrialEvent::Recorded(event),
    };
    run(app, trial).await
}

/// Tries a trial.
pub(super) async fn run(app: &App, trial: Trial) -> Result<Result<Tried, Errors>, Failure> {
    let ring = outside_of(app)?.ring;
    match operation::try_out(&app.store, ring, trial, app.now()).await {
        Ok(tried) => Ok(Ok(tried)),
        Err(error @ (OperationError::NotFound { .. } | OperationError::Invalid(_))) => {
            Ok(Err(Errors::of("event", sentence(&error.to_string()))))
        }
        Err(error @ OperationError::Conflict(_)) => Ok(Err(Errors::refused("event", error)?)),
        Err(error) => Err(error.into()),
    }
}

/// How it went.
pub(super) fn result(tried: &Tried) -> Markup {
    let (tone, verdict) = if tried.matched {
        (Tone::Good, "This event would be sent.")
    } else {
        (Tone::Warn, "This event would not be sent.")
    };
    let yes_or_no = |yes| if yes { "yes" } else { "no" };
    let filter = match tried.filter {
        FilterResult::None => "there is none, so everything passes",
        FilterResult::Passes => "passes",
        FilterResult::DoesNotPass => "does not pass",
        FilterResult::Fails => "fails on this event, so it does not pass",
    };
    let body = html! {
        div.pad.stack-s role="status" {
            (note(tone, &html! { p { b { (verdict) } } @if let Some(error) = &tried.error { p.break { (outside(&sentence(error))) } } }))
            (list(&[
                ("Type", code(&tried.event_type)),
                ("Wanted", html! { (yes_or_no(tried.type_wanted)) }),
                ("Filter", html! { (filter) }),
            ]))
            @match &tried.request {
                Some(request) => (request_of(request, tried.matched)),
                None => p.small.dim { "No request can be made of it: the template is the reason." },
            }
        }
    };
    panel::titled("Tried", &html! { "nothing was saved or sent" }, &body, None)
}

fn request_of(request: &TrialRequest, matched: bool) -> Markup {
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    html! {
        h3 { (if matched { "What would be sent" } else { "What would be sent if it matched" }) }
        p.small.mono.break { (request.method) " to " (outside(&request.host)) ", " (bytes(request.body_bytes as u64)) }
        (payload::body(request.body.as_bytes()))
        @if request.truncated { p.small.dim { "The body is longer than what is shown." } }
        details.more { summary { "Headers" } (payload::headers(headers)) }
    }
}
