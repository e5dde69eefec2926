//! A filter and a template tried on an event: would it be sent, and as which request? Nothing is saved or sent.

use std::collections::BTreeMap;

use hookyard_destinations::{Event, EventHead, Filter, Match, Outgoing, Receiver, Template};
use hookyard_domain::event_type::{EventType, EventTypes};
use hookyard_domain::ids::{ConnectionId, DeliveryId, EventId, SubscriptionId};
use hookyard_sources::github_payload;
use hookyard_store::connections::Connection;
use hookyard_store::workspaces::{self, Workspace};
use hookyard_store::{Db, Store, event_list, fan_out};
use hookyard_vault::KeyRing;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{check_filter, check_template, require};
use crate::operations::{OperationError, connections};

/// The largest data that may be given for a trial, in bytes.
pub const TRIAL_DATA_BYTES_MAX: usize = 256 * 1024;
/// What is shown of a request's body, in bytes.
const SHOWN_BODY_BYTES_MAX: usize = 64 * 1024;
/// Headers that prove who calls: a trial makes them, and does not hand them out.
const PROOFS: [&str; 2] = ["webhook-signature", "x-webhook-secret"];

/// What is tried.
#[derive(Debug, Clone)]
pub struct Trial {
    pub connection: ConnectionId,
    /// None: all types.
    pub event_types: Option<EventTypes>,
    pub filter: Option<String>,
    pub template: Option<String>,
    pub event: TrialEvent,
}

/// What it is tried on.
#[derive(Debug, Clone)]
pub enum TrialEvent {
    /// An event of the connection's workspace.
    Recorded(EventId),
    /// One that did not happen; `data` is JSON.
    Given { event_type: EventType, data: String },
}

/// How a trial went.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    pub ok: bool,
    /// Whether the event would be sent: its type is wanted, its data passes, and a request can be made of it.
    pub matched: bool,
    pub event_type: String,
    pub type_wanted: bool,
    pub filter: FilterResult,
    /// Why the filter or the template fails on this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The request as it would be sent, whether the event matches or not; none when it cannot be made.
    pub request: Option<TrialRequest>,
}

/// What a filter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilterResult {
    /// There is none, which passes everything.
    None,
    Passes,
    DoesNotPass,
    /// It cannot be evaluated on this event, which does not pass.
    Fails,
}

/// A request that a trial made, without what is secret of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrialRequest {
    pub method: &'static str,
    pub host: String,
    /// Those that Hookyard sets. Signatures are made, and hidden here.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub body_bytes: usize,
    /// Whether the body is longer than what is shown.
    pub truncated: bool,
}

/// The trial of a subscription as it is saved.
pub async fn of_saved(
    db: &impl Db,
    id: SubscriptionId,
    event: TrialEvent,
) -> Result<Trial, OperationError> {
    let saved = require(db, id).await?;
    let event_types = EventTypes::try_from(saved.event_types)
        .map_err(|error| OperationError::conflict(error.to_string()))?;
    Ok(Trial {
        connection: saved.connection_id,
        event_types: Some(event_types),
        filter: saved.filter,
        template: saved.template,
        event,
    })
}

/// Tries a filter and a template on an event. `now` dates the request.
pub async fn try_out(
    store: &Store,
    ring: &KeyRing,
    trial: Trial,
    now: Timestamp,
) -> Result<Tried, OperationError> {
    let filter = trial.filter.as_deref().map(check_filter).transpose()?;
    let conn = store.conn().await?;
    let connection = connections::require(&conn, trial.connection).await?;
    let template = trial.template.as_deref();
    let template = template.map(|it| check_template(connection.kind, it)).transpose()?;
    let receiver = connections::receiver(&conn, ring, &connection).await?;
    let event = event(&conn, &connection, trial.event, now).await?;
    drop(conn);
    let type_wanted = trial.event_types.is_none_or(|it| it.wants(event.event_type()));
    let (filter, filter_error) = filtered(filter.as_ref(), &event);
    let (request, request_error) = match rendered(&receiver, &event, template.as_ref(), now) {
        Ok(request) => (Some(request), None),
        Err(error) => (None, Some(error)),
    };
    let passes = matches!(filter, FilterResult::None | FilterResult::Passes);
    Ok(Tried {
        ok: true,
        matched: type_wanted && passes && request.is_some(),
        event_type: event.event_type().to_owned(),
        type_wanted,
        filter,
        error: filter_error.or(request_error),
        request,
    })
}

fn filtered(filter: Option<&Filter>, event: &Event) -> (FilterResult, Option<String>) {
    match filter.map(|it| it.matches(event)) {
        None => (FilterResult::None, None),
        Some(Match::Yes) => (FilterResult::Passes, None),
        Some(Match::No) => (FilterResult::DoesNotPass, None),
        Some(Match::Error(error)) => {
            (FilterResult::Fails, Some(format!("the filter fails: {error}")))
        }
    }
}

fn rendered(
    receiver: &Receiver,
    event: &Event,
    template: Option<&Template>,
    now: Timestamp,
) -> Result<TrialRequest, String> {
    let delivery = DeliveryId(Uuid::now_v7());
    let outgoing = receiver.request(event, template, delivery, now);
    let outgoing = outgoing.map_err(|error| error.to_string())?;
    Ok(shown(&outgoing, receiver.url().host()))
}

fn shown(outgoing: &Outgoing, host: String) -> TrialRequest {
    let header = |name: &str, value: &[u8]| {
        let is_proof = PROOFS.contains(&name);
        if is_proof { "(made with the key)".to_owned() } else { text(value) }
    };
    let headers = outgoing.headers();
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), header(name.as_str(), value.as_bytes())))
        .collect();
    let body_bytes = outgoing.body().len();
    let mut body = text(outgoing.body());
    body.truncate(body.floor_char_boundary(SHOWN_BODY_BYTES_MAX));
    let truncated = body_bytes > SHOWN_BODY_BYTES_MAX;
    TrialRequest { method: "POST", host, headers, body, body_bytes, truncated }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn event(
    db: &impl Db,
    connection: &Connection,
    event: TrialEvent,
    now: Timestamp,
) -> Result<Event, OperationError> {
    let found = workspaces::by_id(db, connection.workspace_id).await?;
    let workspace =
        found.ok_or_else(|| OperationError::not_found("workspace", &connection.workspace))?;
    match event {
        TrialEvent::Recorded(id) => recorded(db, &workspace, id).await,
        TrialEvent::Given { event_type, data } => {
            if data.len() > TRIAL_DATA_BYTES_MAX {
                let why = format!("the data of a trial has at most {TRIAL_DATA_BYTES_MAX} bytes");
                return Err(OperationError::Invalid(why));
            }
            let head = EventHead {
                id: EventId(Uuid::now_v7()),
                event_type: event_type.as_str().to_owned(),
                workspace: connections::named(&workspace),
                occurred_at: now,
            };
            Event::new(head, data.as_bytes())
                .map_err(|error| OperationError::Invalid(error.to_string()))
        }
    }
}

/// An event that concerns the workspace, as a delivery would be made of it.
async fn recorded(
    db: &impl Db,
    workspace: &Workspace,
    id: EventId,
) -> Result<Event, OperationError> {
    let missing = || OperationError::not_found("event", &id);
    let detail = event_list::detail(db, id).await?.ok_or_else(missing)?;
    let concerned = detail.event.workspace.iter().chain(&detail.workspaces);
    if !concerned.into_iter().any(|slug| *slug == workspace.slug) {
        return Err(missing());
    }
    let found = fan_out::events_for_delivery(db, &[id]).await?.events.pop().ok_or_else(missing)?;
    let gone = || OperationError::conflict(format!("the body of {id} is not stored any more"));
    let body = found.body.as_deref().ok_or_else(gone)?;
    let unreadable = |why: String| OperationError::conflict(format!("{id} is not readable: {why}"));
    let data = if found.event_type.starts_with("github.") {
        github_payload(found.content_type.as_deref(), body)
            .map_err(|error| unreadable(error.to_string()))?
    } else {
        body.into()
    };
    let head = EventHead {
        id,
        event_type: found.event_type.clone(),
        workspace: connections::named(workspace),
        occurred_at: found.occurred_at,
    };
    Event::new(head, &data).map_err(|error| unreadable(error.to_string()))
}
