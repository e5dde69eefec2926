//! Sweeps up after crashes: retries that are due, leases that ran out, jobs whose message was lost.
//!
//! Each claim takes its rows with SKIP LOCKED and is committed before anything is published, so any number of
//! sweepers may run at once, and one that dies costs a grace.

use std::time::Duration;

use hookyard_domain::ids::{DeliveryId, EventId};
use hookyard_domain::job::JobKind;
use hookyard_process::Stop;
use hookyard_queue::{Pointer, Publication, Queue, SyncMessage};
use hookyard_store::jobs::{self, Due};
use hookyard_store::sync_events::{SyncPointer, pointers};
use hookyard_store::{Conn, Store, StoreError};
use metrics::counter;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{debug, warn};
use uuid::Uuid;

use crate::clock;
use crate::context::Context;

/// Claims of one kind in one sweep: a flood is worked off over several sweeps.
const ROUNDS_MAX: usize = 20;
/// Messages waiting in the broker below which an untaken job's message is held to be lost: above this, the job is
/// more likely to be queued. An event's or a delivery's message carries up to 128 pointers, a sync's carries one.
const EVENT_MESSAGES_LOW: u32 = 8;
const DELIVERY_MESSAGES_LOW: u32 = 8;
const SYNC_MESSAGES_LOW: u32 = 100;

/// How long a sweep that was asked for waits for others to ask for the same.
const GATHER: Duration = Duration::from_millis(20);

/// Sweeps until the stop, about every `sweep_ms`; what somebody knows to be due is looked for at once.
pub(crate) async fn run(context: Context) {
    let pause = Duration::from_millis(context.settings.work.sweep_ms);
    let mut next = Instant::now();
    loop {
        let asked = async {
            tokio::select! {
                () = tokio::time::sleep_until(next) => false,
                () = context.due.notified() => true,
            }
        };
        let Some(asked) = context.stop.run_until_stopped(asked).await else { return };
        let swept = if asked {
            tokio::time::sleep(GATHER).await;
            wake(&context).await
        } else {
            // Between three and five quarters of the pause, so that several workers' sweeps drift apart.
            next = Instant::now() + pause.mul_f64(0.75 + 0.5 * clock::random_share());
            sweep(&context).await
        };
        if let Err(error) = swept {
            debug!("the sweep could not be made, the next one will: {}", error.brief());
        }
    }
}

async fn sweep(context: &Context) -> Result<(), StoreError> {
    wake(context).await?;
    // Without the broker the workers lease from the table: a message would only be lost again.
    if !context.publisher.is_connected() {
        return Ok(());
    }
    for (kind, queue, low) in [
        (JobKind::Event, Queue::Events, EVENT_MESSAGES_LOW),
        (JobKind::Sync, Queue::Syncs, SYNC_MESSAGES_LOW),
        (JobKind::Delivery, Queue::Deliveries, DELIVERY_MESSAGES_LOW),
    ] {
        for _ in 0..ROUNDS_MAX {
            if !matches!(context.broker.waiting(queue).await, Ok(waiting) if waiting < low) {
                break;
            }
            let due = jobs::overdue(&context.store.conn().await?, kind).await?;
            if due.is_empty() {
                break;
            }
            counter!("hookyard_worker_jobs_republished_total", "kind" => kind.as_str())
                .increment(due.len() as u64);
            publish(context, due).await?;
        }
    }
    Ok(())
}

/// Makes ready, and publishes, what is due again.
async fn wake(context: &Context) -> Result<(), StoreError> {
    for _ in 0..ROUNDS_MAX {
        let due = jobs::wake(&context.store.conn().await?).await?;
        if due.is_empty() {
            break;
        }
        counter!("hookyard_worker_jobs_woken_total").increment(due.len() as u64);
        publish(context, due).await?;
    }
    Ok(())
}

/// Publishes pointers to jobs; those that the broker does not confirm are marked due again.
async fn publish(context: &Context, due: Vec<Due>) -> Result<(), StoreError> {
    if !context.publisher.is_connected() {
        // The workers lease them from the table, and the next sweep sends those that are left when the broker is back.
        let due: Vec<(JobKind, Uuid)> =
            due.into_iter().map(|due| (due.kind, due.subject)).collect();
        return mark_due(&context.store, &due).await;
    }
    let publications = publications(&context.store.conn().await?, due).await?;
    let Err(unconfirmed) = context.publisher.publish_confirmed(publications).await else {
        return Ok(());
    };
    warn!(
        "{} pointers were not confirmed; the next sweep sends them again",
        unconfirmed.pointers.len()
    );
    mark_due(&context.store, &jobs_of(&unconfirmed.pointers)).await
}

/// Marks jobs due now whose pointers came back unconfirmed. Best effort: the sweep finds them anyway, later.
pub(crate) async fn mark_returned(
    store: Store,
    mut returned: mpsc::Receiver<Vec<Pointer>>,
    stop: Stop,
) {
    while let Some(Some(pointers)) = stop.run_until_stopped(returned.recv()).await {
        if let Err(error) = mark_due(&store, &jobs_of(&pointers)).await {
            debug!("{} jobs could not be marked due: {}", pointers.len(), error.brief());
        }
    }
}

fn jobs_of(pointers: &[Pointer]) -> Vec<(JobKind, Uuid)> {
    let kind = |pointer: &Pointer| match pointer {
        Pointer::Event(_) => JobKind::Event,
        Pointer::Sync(_) => JobKind::Sync,
        Pointer::Delivery(_) => JobKind::Delivery,
    };
    pointers.iter().map(|pointer| (kind(pointer), pointer.subject())).collect()
}

/// Marks jobs due now whose messages were not sent.
async fn mark_due(store: &Store, due: &[(JobKind, Uuid)]) -> Result<(), StoreError> {
    let conn = store.conn().await?;
    for kind in [JobKind::Event, JobKind::Sync, JobKind::Delivery] {
        let subjects: Vec<Uuid> =
            due.iter().filter(|(it, _)| *it == kind).map(|(_, subject)| *subject).collect();
        if !subjects.is_empty() {
            jobs::mark_due(&conn, kind, &subjects).await?;
        }
    }
    Ok(())
}

async fn publications(conn: &Conn, due: Vec<Due>) -> Result<Vec<Publication>, StoreError> {
    let mut publications = Vec::with_capacity(due.len());
    let mut syncs: Vec<Uuid> = Vec::new();
    for due in due {
        match due.kind {
            JobKind::Event => publications.push(Publication::Event(EventId(due.subject))),
            JobKind::Delivery => {
                publications.push(Publication::Delivery(DeliveryId(due.subject)));
            }
            JobKind::Sync => syncs.push(due.subject),
            // Those who replay look into the table.
            JobKind::Replay => {}
        }
    }
    if !syncs.is_empty() {
        publications.extend(pointers(conn, &syncs).await?.into_iter().map(message));
    }
    Ok(publications)
}

fn message(pointer: SyncPointer) -> Publication {
    Publication::Sync(Box::new(SyncMessage {
        connector_type: "github".to_owned(),
        connector_instance_id: pointer.instance,
        connector_target_id: pointer.target,
        connector_sync_event_id: pointer.sync_event,
        delivery_id: pointer.delivery_id,
        installation_id: pointer.installation_id,
        repository_id: pointer.repository_id,
        repository_full_name: pointer.repository,
        git_ref: pointer.git_ref,
        head_sha: pointer.head_sha,
    }))
}
