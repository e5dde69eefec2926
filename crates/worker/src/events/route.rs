//! Routing events: who is concerned, and what is to be done.
//!
//! A group of leased events costs a few statements, however many it has. If the group's transaction fails, each of its
//! events gets one of its own, so that none fails its neighbours.

use hookyard_domain::ids::EventId;
use hookyard_queue::Publication;
use hookyard_store::StoreError;
use hookyard_store::events;
use hookyard_store::jobs::{self, Ended, Lease};
use hookyard_store::lifecycle::Busy;
use metrics::counter;
use tracing::{debug, error, warn};

use super::group::{Acted, Action, act};
use super::read::{Hopeless, read};
use crate::context::Context;
use crate::hold::{give_back, hold};
use crate::quarantine::is_suspected;

/// How long an event rests whose target is being changed by somebody else.
const BUSY_PAUSE_MS: u64 = 1_000;

/// Routes a group of leased events. What fails keeps its lease and comes back when that has run out.
pub(crate) async fn route(context: &Context, leases: Vec<Lease>) {
    let mut leases = leases;
    // In the order of arrival, as far as this group knows it.
    leases.sort_unstable_by_key(|lease| lease.subject);
    let (suspected, usual): (Vec<Lease>, Vec<Lease>) = leases.into_iter().partition(is_suspected);
    if !usual.is_empty() {
        let _place = context.events_apart.enter(false).await;
        route_read(context, usual).await;
    }
    for lease in suspected {
        let place = context.events_apart.enter(true);
        if let Some(_place) = hold(&context.store, &lease, place).await {
            route_read(context, vec![lease]).await;
        }
    }
}

/// Routes events from what their bodies say, as many at a time as may be held.
async fn route_read(context: &Context, leases: Vec<Lease>) {
    let mut left = leases;
    while !left.is_empty() {
        let portion = match read(&context.store, &left).await {
            Ok(portion) => portion,
            Err(error) => return give_all_back(context, left.iter(), &error).await,
        };
        for hopeless in portion.hopeless {
            bury(context, &hopeless).await;
        }
        for group in portion.actions.chunk_by(|a, b| !a.is_alone() && !b.is_alone()) {
            route_group(context, group).await;
        }
        left = portion.left;
    }
}

async fn route_group(context: &Context, group: &[Action]) {
    match act(&context.store, &context.filters, group, Busy::Wait).await {
        Ok(acted) => settle(context, group, acted).await,
        Err(error) if error.is_unavailable() && !error.is_contention() => {
            give_all_back(context, group.iter().map(|it| &it.lease), &error).await;
        }
        Err(error) => {
            debug!("{} events are routed one by one: {}", group.len(), error.brief());
            for action in group {
                route_alone(context, action).await;
            }
        }
    }
}

async fn route_alone(context: &Context, action: &Action) {
    let event = EventId(action.lease.subject);
    let alone = std::slice::from_ref(action);
    match act(&context.store, &context.filters, alone, Busy::GiveUp).await {
        Ok(acted) => settle(context, alone, acted).await,
        Err(error) => {
            error!(event.id = %event, "event {event} could not be routed: {}", error.brief());
            give_back(&context.store, &action.lease, &error).await;
        }
    }
}

async fn settle(context: &Context, group: &[Action], acted: Acted) {
    match acted {
        Acted::Done { events, syncs_queued, deliveries } => {
            routed(events);
            if events < group.len() {
                debug!("{} events are somebody else's by now", group.len() - events);
            }
            if syncs_queued {
                context.due.notify_one(); // They are due now.
            }
            if !deliveries.is_empty() {
                let pointers = deliveries.into_iter().map(Publication::Delivery).collect();
                context.publisher.offer(pointers);
            }
        }
        Acted::Busy => {
            for action in group {
                put_off(context, &action.lease).await;
            }
        }
    }
}

/// Lets an event rest whose target is busy. Best effort: a lease that stays runs out.
async fn put_off(context: &Context, lease: &Lease) {
    let put_off = async {
        let conn = context.store.conn().await?;
        jobs::park(&conn, lease, BUSY_PAUSE_MS).await
    };
    if let Err(error) = put_off.await {
        debug!(job.id = %lease.job, "the lease of {} is left to run out: {}", lease.job, error.brief());
    }
}

async fn bury(context: &Context, hopeless: &Hopeless) {
    let event = EventId(hopeless.lease.subject);
    match try_bury(context, hopeless).await {
        Ok(Ended::Held) => routed(1),
        Ok(Ended::Fenced) => {
            debug!(event.id = %event, "event {event} is somebody else's by now");
        }
        Err(error) => {
            error!(event.id = %event, "event {event} could not be given up: {}", error.brief());
            give_back(&context.store, &hopeless.lease, &error).await;
        }
    }
}

async fn try_bury(context: &Context, hopeless: &Hopeless) -> Result<Ended, StoreError> {
    let mut conn = context.store.conn().await?;
    let tx = conn.begin().await?;
    let ended = match &hopeless.failure {
        None => jobs::finish(&tx, &hopeless.lease).await?,
        Some((reason, error)) => events::bury(&tx, &hopeless.lease, reason, Some(error)).await?,
    };
    if ended == Ended::Held {
        tx.commit().await?;
    }
    Ok(ended)
}

async fn give_all_back(
    context: &Context,
    leases: impl ExactSizeIterator<Item = &Lease>,
    error: &StoreError,
) {
    warn!("{} events could not be routed: {}", leases.len(), error.brief());
    for lease in leases {
        give_back(&context.store, lease, error).await;
    }
}

fn routed(events: usize) {
    counter!("hookyard_worker_events_routed_total").increment(events as u64);
}
