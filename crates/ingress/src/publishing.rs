//! After the commit: hands the pointers to the broker, out of the way of the answers.

use hookyard_domain::job::{JobKind, READY_GRACE_MS};
use hookyard_process::{Stop, Tasks};
use hookyard_queue::{BrokerSettings, Pointer, Publication, Publisher, SyncMessage};
use hookyard_store::ingest::{Arrival, Earlier, QueuedSync, Rearmed, Recorded, Wish};
use hookyard_store::{Store, jobs};
use metrics::counter;
use tokio::sync::mpsc;
use tracing::debug;

use crate::recorder::{Known, Outcome};

/// How many batches of unpublished pointers may wait to be marked; more are left to the sweep.
const UNPUBLISHED_BATCHES_MAX: usize = 64;
/// How many batches are marked with one statement.
const MARKED_BATCHES_MAX: usize = 32;

/// The way to the broker.
#[derive(Clone)]
pub(crate) struct Publishing {
    publisher: Publisher,
}

/// Starts the publisher, and the task that marks jobs due whose pointers it could not publish.
pub(crate) fn start(
    broker: BrokerSettings,
    store: &Store,
    tasks: &Tasks,
    stop: Stop,
) -> Publishing {
    let (sink, unpublished) = mpsc::channel(UNPUBLISHED_BATCHES_MAX);
    let publisher = Publisher::start(broker, sink, tasks, stop);
    tasks.spawn("unpublished", mark_unpublished(store.clone(), unpublished));
    Publishing { publisher }
}

impl Publishing {
    /// How long a new job may wait for its message before the sweep looks after it, in milliseconds.
    ///
    /// None at all while the broker is away: then there will be no message.
    pub(crate) fn ready_grace_ms(&self) -> u32 {
        if self.publisher.is_connected() {
            u32::try_from(READY_GRACE_MS).expect("a minute")
        } else {
            0
        }
    }

    /// Hands pointers to the broker; never waits.
    pub(crate) fn offer(&self, publications: Vec<Publication>) {
        if !publications.is_empty() {
            self.publisher.offer(publications);
        }
    }
}

/// What must be published for recorded calls.
pub(crate) fn publications<'a>(
    calls: impl Iterator<Item = (&'a [Arrival], &'a Outcome)>,
) -> Vec<Publication> {
    let mut publications = Vec::new();
    for (arrivals, outcome) in calls {
        match &outcome.known {
            None => {}
            Some(Known::Delivery(Rearmed::Queued(event))) => {
                publications.push(Publication::Event(*event));
            }
            Some(Known::Delivery(Rearmed::LeftAlone(_) | Rearmed::Own(_) | Rearmed::Unknown)) => {}
            // Whoever recorded it did not come to publish it.
            Some(Known::Publication(Earlier::Same { events, own: true })) => {
                let queued = events.iter().filter(|(_, queued)| *queued);
                publications.extend(queued.map(|(event, _)| Publication::Event(*event)));
            }
            Some(Known::Publication(
                Earlier::Same { own: false, .. } | Earlier::Other | Earlier::Forgotten,
            )) => {}
        }
        for (arrival, recorded) in arrivals.iter().zip(&outcome.recorded) {
            let Recorded::Accepted { routed, syncs } = recorded else { continue };
            publications.extend(routed.then_some(Publication::Event(arrival.event)));
            publications.extend(syncs.iter().filter_map(|sync| sync_publication(arrival, sync)));
        }
    }
    publications
}

fn sync_publication(arrival: &Arrival, sync: &QueuedSync) -> Option<Publication> {
    let Wish::Push(push) = &arrival.wish else { return None };
    Some(Publication::Sync(Box::new(SyncMessage {
        connector_type: "github".to_owned(),
        connector_instance_id: sync.instance,
        connector_target_id: sync.target,
        connector_sync_event_id: sync.sync_event,
        delivery_id: arrival.delivery_id.clone(),
        installation_id: push.installation_id,
        repository_id: push.repository_id,
        repository_full_name: push.repository.clone(),
        git_ref: push.git_ref.clone(),
        head_sha: Some(push.after.clone()),
    })))
}

/// Marks jobs due now whose pointers were not confirmed. Best effort: the sweep finds them anyway, later.
async fn mark_unpublished(store: Store, mut unpublished: mpsc::Receiver<Vec<Pointer>>) {
    let mut batches = Vec::new();
    while unpublished.recv_many(&mut batches, MARKED_BATCHES_MAX).await > 0 {
        let pointers: Vec<Pointer> = batches.drain(..).flatten().collect();
        counter!("hookyard_ingress_unpublished_total").increment(pointers.len() as u64);
        for kind in [JobKind::Event, JobKind::Sync] {
            let of_kind = |pointer: &Pointer| match pointer {
                Pointer::Event(_) => kind == JobKind::Event,
                Pointer::Sync(_) => kind == JobKind::Sync,
                // None comes from here: events are fanned out by the workers.
                Pointer::Delivery(_) => false,
            };
            let subjects: Vec<_> =
                pointers.iter().filter(|it| of_kind(it)).map(|it| it.subject()).collect();
            if subjects.is_empty() {
                continue;
            }
            let marked = match store.conn().await {
                Ok(conn) => jobs::mark_due(&conn, kind, &subjects).await,
                Err(error) => Err(error),
            };
            if let Err(error) = marked {
                debug!(%error, "{} unpublished jobs could not be marked due; the sweep will find them", subjects.len());
            }
        }
    }
}
