//! The bounded lanes between those who publish and the one task that talks to the broker, and the way back
//! for what could not be published.

use hookyard_domain::ids::{DeliveryId, EventId};
use tokio::sync::mpsc;

use super::parcel::Parcel;
use crate::{
    message::{Pointer, SyncMessage},
    metrics,
    queue::Queue,
};

/// Most events that wait to be published.
pub(crate) const EVENTS_WAITING_MAX: usize = 16 * 1024;
/// Most deliveries that wait to be published.
pub(crate) const DELIVERIES_WAITING_MAX: usize = 16 * 1024;
/// Most syncs that wait to be published.
pub(crate) const SYNCS_WAITING_MAX: usize = 4 * 1024;
/// Most packed messages, whose callers await them, that wait to be published.
pub(crate) const AWAITED_PARCELS_WAITING_MAX: usize = 64;

/// The entrances, held by every clone of the publisher.
pub(crate) struct Entrances {
    pub(crate) events: mpsc::Sender<EventId>,
    pub(crate) deliveries: mpsc::Sender<DeliveryId>,
    pub(crate) syncs: mpsc::Sender<Box<SyncMessage>>,
    pub(crate) awaited: mpsc::Sender<Parcel>,
}

/// The exits, held by the task that publishes.
pub(crate) struct Exits {
    pub(crate) events: mpsc::Receiver<EventId>,
    pub(crate) deliveries: mpsc::Receiver<DeliveryId>,
    pub(crate) syncs: mpsc::Receiver<Box<SyncMessage>>,
    pub(crate) awaited: mpsc::Receiver<Parcel>,
}

pub(crate) fn lanes() -> (Entrances, Exits) {
    let (events_in, events) = mpsc::channel(EVENTS_WAITING_MAX);
    let (deliveries_in, deliveries) = mpsc::channel(DELIVERIES_WAITING_MAX);
    let (syncs_in, syncs) = mpsc::channel(SYNCS_WAITING_MAX);
    let (awaited_in, awaited) = mpsc::channel(AWAITED_PARCELS_WAITING_MAX);
    let entrances = Entrances {
        events: events_in,
        deliveries: deliveries_in,
        syncs: syncs_in,
        awaited: awaited_in,
    };
    (entrances, Exits { events, deliveries, syncs, awaited })
}

impl Exits {
    /// Closes the entrances. What has come in can still be taken out.
    pub(crate) fn close(&mut self) {
        self.events.close();
        self.deliveries.close();
        self.syncs.close();
        self.awaited.close();
    }

    pub(crate) fn are_empty(&self) -> bool {
        self.events.is_empty()
            && self.deliveries.is_empty()
            && self.syncs.is_empty()
            && self.awaited.is_empty()
    }

    /// Takes everything out unpublished. Whoever awaits a parcel learns of it by its dropped receipt.
    pub(crate) fn empty_into(&mut self, unconfirmed: &UnconfirmedSink) {
        let mut pointers = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            pointers.push(Pointer::Event(event));
        }
        while let Ok(delivery) = self.deliveries.try_recv() {
            pointers.push(Pointer::Delivery(delivery));
        }
        while let Ok(sync) = self.syncs.try_recv() {
            pointers.push(Pointer::Sync(sync.connector_sync_event_id));
        }
        while self.awaited.try_recv().is_ok() {}
        unconfirmed.hand_over(pointers);
    }
}

/// The way back for pointers without a confirmation: best effort, because the sweep finds their jobs too.
#[derive(Clone)]
pub(crate) struct UnconfirmedSink(pub(crate) mpsc::Sender<Vec<Pointer>>);

impl UnconfirmedSink {
    /// Hands `pointers` back. Never waits; a full sink loses them.
    pub(crate) fn hand_over(&self, pointers: Vec<Pointer>) {
        if pointers.is_empty() {
            return;
        }
        for queue in Queue::ALL {
            let count = pointers.iter().filter(|pointer| pointer.queue() == *queue).count();
            if count > 0 {
                metrics::unconfirmed_pointers(*queue).increment(count as u64);
            }
        }
        if let Err(lost) = self.0.try_send(pointers) {
            tracing::debug!(reason = %lost, "unconfirmed pointers were dropped; the sweep will find their jobs");
        }
    }
}
