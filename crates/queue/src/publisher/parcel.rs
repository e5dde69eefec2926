//! Packing: from what is to be published to the messages that carry it.

use hookyard_domain::ids::{DeliveryId, EventId};
use tokio::sync::oneshot;

use crate::{
    message::{self, POINTERS_PER_MESSAGE_MAX, Pointer, Publication, SyncMessage},
    queue::Queue,
};

/// One message, packed, with what it points to.
pub(crate) struct Parcel {
    pub(crate) queue: Queue,
    pub(crate) pointers: Vec<Pointer>,
    pub(crate) body: Vec<u8>,
    /// Told when the broker has confirmed the message; dropped when it has not. Without it, pointers that
    /// were not confirmed go to the publisher's sink.
    pub(crate) receipt: Option<oneshot::Sender<()>>,
}

impl Parcel {
    /// A message for at most [`POINTERS_PER_MESSAGE_MAX`] events.
    pub(crate) fn of_events(events: &[EventId]) -> Self {
        Self {
            queue: Queue::Events,
            pointers: events.iter().copied().map(Pointer::Event).collect(),
            body: message::encode_events(events),
            receipt: None,
        }
    }

    /// A message for at most [`POINTERS_PER_MESSAGE_MAX`] deliveries.
    pub(crate) fn of_deliveries(deliveries: &[DeliveryId]) -> Self {
        Self {
            queue: Queue::Deliveries,
            pointers: deliveries.iter().copied().map(Pointer::Delivery).collect(),
            body: message::encode_deliveries(deliveries),
            receipt: None,
        }
    }

    /// A message for one sync.
    pub(crate) fn of_sync(sync: &SyncMessage) -> Self {
        Self {
            queue: Queue::Syncs,
            pointers: vec![Pointer::Sync(sync.connector_sync_event_id)],
            body: message::encode_sync(sync),
            receipt: None,
        }
    }

    /// Whether somebody waits for its receipt, and learns of its loss that way.
    pub(crate) fn is_awaited(&self) -> bool {
        self.receipt.is_some()
    }

    /// The message's id on the wire: what it points to first. A label for people who look at the broker.
    pub(crate) fn message_id(&self) -> String {
        match self.pointers.first() {
            Some(Pointer::Event(id)) => id.to_string(),
            Some(Pointer::Sync(id)) => id.to_string(),
            Some(Pointer::Delivery(id)) => id.to_string(),
            None => String::new(),
        }
    }
}

/// The fewest messages that carry all of `publications`.
pub(crate) fn pack(publications: Vec<Publication>) -> Vec<Parcel> {
    let mut events = Vec::new();
    let mut deliveries = Vec::new();
    let mut parcels = Vec::new();
    for publication in publications {
        match publication {
            Publication::Event(id) => events.push(id),
            Publication::Sync(sync) => parcels.push(Parcel::of_sync(&sync)),
            Publication::Delivery(id) => deliveries.push(id),
        }
    }
    parcels.extend(events.chunks(POINTERS_PER_MESSAGE_MAX).map(Parcel::of_events));
    parcels.extend(deliveries.chunks(POINTERS_PER_MESSAGE_MAX).map(Parcel::of_deliveries));
    parcels
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn events_travel_in_as_few_messages_as_possible() {
        let events = (0..300).map(|n| Publication::Event(EventId(Uuid::from_u128(n)))).collect();
        let parcels = pack(events);
        let sizes: Vec<usize> = parcels.iter().map(|parcel| parcel.pointers.len()).collect();
        assert_eq!(sizes, [128, 128, 44]);
        assert_eq!(parcels[0].message_id(), EventId(Uuid::nil()).to_string());
    }
}
