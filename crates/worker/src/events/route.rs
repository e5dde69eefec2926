//! Routing events: who is concerned, and what is to be done.

use std::collections::HashSet;

use hookyard_domain::event::EventOutcome;
use hookyard_domain::github_event::{self, Disposition, Ignored, Push};
use hookyard_domain::ids::{EventId, WorkspaceId};
use hookyard_domain::job::RUNS_MAX;
use hookyard_sources::{github_envelope, github_payload};
use hookyard_store::events::{self, Routable};
use hookyard_store::jobs::{self, Ended, Lease};
use hookyard_store::lifecycle::{self as tracked, Reach};
use hookyard_store::{StoreError, Tx, sync_events};
use metrics::counter;
use tracing::{debug, error, warn};

use super::lifecycle;
use crate::context::Context;
use crate::hold::{give_back, hold};
use crate::quarantine::is_suspected;

/// Routes a group of leased events. What fails keeps its lease and comes back when that has run out.
pub(crate) async fn route(context: &Context, leases: Vec<Lease>) {
    let mut leases = leases;
    // In the order of arrival, as far as this group knows it.
    leases.sort_unstable_by_key(|lease| lease.subject);
    let (suspected, usual): (Vec<Lease>, Vec<Lease>) = leases.into_iter().partition(is_suspected);
    if !usual.is_empty() {
        let _place = context.events_apart.enter(false).await;
        route_usual(context, &usual).await;
    }
    for lease in suspected {
        let place = context.events_apart.enter(true);
        if let Some(_place) = hold(&context.store, &lease, place).await {
            route_alone(context, &lease).await;
        }
    }
}

async fn route_usual(context: &Context, leases: &[Lease]) {
    let finished = match finish_new_pushes(context, leases).await {
        Ok(finished) => finished,
        Err(error) => {
            warn!("{} events could not be routed: {}", leases.len(), error.brief());
            for lease in leases {
                give_back(&context.store, lease, &error).await;
            }
            return;
        }
    };
    counter!("hookyard_worker_events_routed_total").increment(finished.len() as u64);
    for lease in leases.iter().filter(|lease| !finished.contains(&lease.subject)) {
        route_alone(context, lease).await;
    }
}

async fn finish_new_pushes(
    context: &Context,
    leases: &[Lease],
) -> Result<HashSet<uuid::Uuid>, StoreError> {
    let conn = context.store.conn().await?;
    Ok(events::finish_new_pushes(&conn, leases).await?.into_iter().collect())
}

async fn route_alone(context: &Context, lease: &Lease) {
    let event = EventId(lease.subject);
    match route_one(context, lease).await {
        Ok(Ended::Held) => {
            counter!("hookyard_worker_events_routed_total").increment(1);
            context.due.notify_one(); // Syncs that it queued are due now.
        }
        Ok(Ended::Fenced) => {
            debug!(event.id = %event, "event {event} is somebody else's by now");
        }
        Err(error) => {
            error!(event.id = %event, "event {event} could not be routed: {}", error.brief());
            give_back(&context.store, lease, &error).await;
        }
    }
}

/// What routing came to.
struct Routed {
    outcome: Option<EventOutcome>,
    reason: Option<Ignored>,
    workspaces: Vec<WorkspaceId>,
}

async fn route_one(context: &Context, lease: &Lease) -> Result<Ended, StoreError> {
    let event = EventId(lease.subject);
    let mut conn = context.store.conn().await?;
    let routable = events::routable(&conn, event).await?;
    let tx = conn.begin().await?;
    let ended = match routable {
        // Retention drops no event that has a job: there is nothing left that could be done about it.
        None => jobs::finish(&tx, lease).await?,
        Some(_) if lease.runs > RUNS_MAX => {
            let error = format!("{RUNS_MAX} workers ended while they routed it");
            events::bury(&tx, lease, "worker_died", Some(&error)).await?
        }
        Some(routable) => match disposition(&routable) {
            Err((reason, error)) => events::bury(&tx, lease, reason, Some(&error)).await?,
            Ok(disposition) => act(&tx, lease, &routable, disposition).await?,
        },
    };
    if ended == Ended::Held {
        tx.commit().await?;
    }
    Ok(ended)
}

async fn act(
    tx: &Tx<'_>,
    lease: &Lease,
    routable: &Routable,
    disposition: Disposition,
) -> Result<Ended, StoreError> {
    if jobs::lock(tx, lease).await? == Ended::Fenced {
        return Ok(Ended::Fenced);
    }
    let routed = match disposition {
        Disposition::Push(push) => push_again(tx, lease, routable, &push).await?,
        Disposition::Lifecycle { installation_id, change } => {
            let reach = Reach { installation_id, workspace: routable.workspace };
            let workspaces = tracked::workspaces_of(tx, &reach).await?;
            if workspaces.is_empty() {
                ignored(Ignored::NotConnected, workspaces)
            } else {
                lifecycle::apply(tx, routable.id, reach, &change).await?;
                Routed { outcome: None, reason: None, workspaces }
            }
        }
        Disposition::Ignored(reason) => ignored(reason, Vec::new()),
    };
    let own = routable.workspace.into_iter();
    let workspaces: Vec<WorkspaceId> = own.chain(routed.workspaces).collect();
    events::set_workspaces(tx, routable.id, &workspaces).await?;
    events::set_outcome(tx, routable.id, routed.outcome, routed.reason.map(Ignored::as_str))
        .await?;
    events::settle_dead_letter(tx, routable.id).await?;
    jobs::finish(tx, lease).await
}

fn ignored(reason: Ignored, workspaces: Vec<WorkspaceId>) -> Routed {
    Routed { outcome: Some(EventOutcome::Ignored), reason: Some(reason), workspaces }
}

/// A push whose syncs the ingress did not queue: it was ignored, failed or replayed, and is to be done now.
async fn push_again(
    tx: &Tx<'_>,
    lease: &Lease,
    routable: &Routable,
    push: &Push,
) -> Result<Routed, StoreError> {
    let reach = Reach { installation_id: push.installation_id, workspace: routable.workspace };
    let queued_by_ingress = !lease.again && !events::syncs(tx, routable.id).await?.is_empty();
    let workspaces = if queued_by_ingress {
        tracked::workspaces_of(tx, &reach).await?
    } else {
        sync_events::queue_for_push(tx, routable.id, routable.workspace, push).await?
    };
    Ok(if workspaces.is_empty() {
        ignored(Ignored::NotTracked, tracked::workspaces_of(tx, &reach).await?)
    } else {
        Routed { outcome: None, reason: None, workspaces }
    })
}

/// Reads what is to be done from the stored body; an error is the reason to give the event up.
fn disposition(routable: &Routable) -> Result<Disposition, (&'static str, String)> {
    let Some(body) = &routable.body else {
        return Err(("body_expired", "its body is no longer stored".to_owned()));
    };
    let Some(name) = routable.event_type.strip_prefix("github.") else {
        return Ok(Disposition::Ignored(Ignored::NotHandled));
    };
    let name = name.split('.').next().unwrap_or(name);
    let envelope = github_payload(routable.content_type.as_deref(), body)
        .and_then(|payload| github_envelope(&payload))
        .map_err(|error| ("unreadable_body", error.to_string()))?;
    Ok(github_event::disposition(name, &envelope))
}
