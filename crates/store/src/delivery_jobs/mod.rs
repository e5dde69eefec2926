//! The jobs of deliveries: leased by lane, recorded by the batch, parked while there is no free place.
//!
//! A lane is a receiver: a connection or an OAuth client. It has so many places, and each leased job holds one. A job
//! that finds none is *parked*: no queue and no sweep touches it until a place is free. A workspace has a number of
//! places, too, so that one with many lanes cannot take them all.
//!
//! Several statements here change jobs and deliveries together. They lock the job first, always: who holds the job may
//! change its delivery.

mod end;
mod lease;
mod parked;
mod receivers;
mod record;

use hookyard_domain::ids::{DeliveryId, WorkspaceId};
use uuid::Uuid;

pub use end::{Unsent, UnsentEnd, end_unsent, put_back};
pub use lease::{Leased, Limits, Work, lease, lease_ready, renew};
pub use parked::{LaneCursor, lease_parked, parked_lanes};
pub use receivers::{Owner, Receiver, ReceiverKind, Subscriber, Terms};
pub use record::{HealthRules, Recorded, Tried, TriedReceiver, TryResult, record};

/// A receiver's lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    pub workspace: WorkspaceId,
    /// The connection or the OAuth client.
    pub receiver: Uuid,
}

/// The id of what is owed to a subscriber for an event. It follows from the two, so that fanning out twice makes one
/// row, and begins with the event's time, which names its partition. A UUID of version 8 (RFC 9562).
pub fn delivery_id(event: Uuid, subscriber: Uuid) -> DeliveryId {
    use sha2::{Digest as _, Sha256};
    /// A UUIDv7 begins with 48 bits of milliseconds.
    const TIME_BYTES: usize = 6;
    let mut digest = Sha256::new();
    digest.update(event.as_bytes());
    digest.update(subscriber.as_bytes());
    let digest = digest.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[..TIME_BYTES].copy_from_slice(&event.as_bytes()[..TIME_BYTES]);
    DeliveryId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_id_follows_from_event_and_subscriber_and_begins_with_the_events_time() {
        let (event, subscriber) = (Uuid::now_v7(), Uuid::now_v7());
        let id = delivery_id(event, subscriber).0;
        assert_eq!(id, delivery_id(event, subscriber).0);
        assert_ne!(id, delivery_id(event, Uuid::now_v7()).0);
        assert_eq!(id.as_bytes()[..6], event.as_bytes()[..6]);
        assert_eq!(id.get_version_num(), 8);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    }
}
