//! What a message says: pointers to rows, and nothing that PostgreSQL does not know better.
//!
//! Messages of `events` and `deliveries` are packed, so that a message costs the broker once for many rows:
//! `{"kind":"event","subjects":["evt_...", ...]}`, `{"kind":"delivery","subjects":["dlv_...", ...]}`. A message of
//! `syncs` is one JSON object for one sync event; see [`SyncMessage`]. Unknown fields are passed over, so that old and new versions can share a queue.

use hookyard_domain::ids::{DeliveryId, EventId, InstanceId, SyncEventId, TargetId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::queue::Queue;

/// Most pointers in one message.
pub const POINTERS_PER_MESSAGE_MAX: usize = 128;
/// Largest message that is looked into, in bytes. The largest that is ever written is a tenth of it.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// A row that a message points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pointer {
    /// An event to route.
    Event(EventId),
    /// A sync event to run.
    Sync(SyncEventId),
    /// A delivery to send.
    Delivery(DeliveryId),
}

impl Pointer {
    /// The queue that such pointers travel through.
    pub const fn queue(self) -> Queue {
        match self {
            Self::Event(_) => Queue::Events,
            Self::Sync(_) => Queue::Syncs,
            Self::Delivery(_) => Queue::Deliveries,
        }
    }

    /// The id of the row: the subject of the job that waits for this message.
    pub const fn subject(self) -> Uuid {
        match self {
            Self::Event(id) => id.0,
            Self::Sync(id) => id.0,
            Self::Delivery(id) => id.0,
        }
    }
}

/// Something to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication {
    /// An event to route; travels packed with others.
    Event(EventId),
    /// A sync event to run; travels alone.
    Sync(Box<SyncMessage>),
    /// A delivery to send; travels packed with others.
    Delivery(DeliveryId),
}

impl Publication {
    /// What the publication points to.
    pub fn pointer(&self) -> Pointer {
        match self {
            Self::Event(id) => Pointer::Event(*id),
            Self::Sync(message) => Pointer::Sync(message.connector_sync_event_id),
            Self::Delivery(id) => Pointer::Delivery(*id),
        }
    }
}

/// The message that asks for one reconciliation. Other programs may read this queue: the field names are a
/// contract. Hookyard itself reads only the sync event's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncMessage {
    /// The connector, such as `github`.
    pub connector_type: String,
    /// The configured use of the connector.
    pub connector_instance_id: InstanceId,
    /// The branch to reconcile.
    pub connector_target_id: TargetId,
    /// The record of this reconciliation.
    pub connector_sync_event_id: SyncEventId,
    /// The provider's id of the call that asked for it; null when nobody called, as in a manual resync.
    pub delivery_id: Option<String>,
    /// GitHub's id of the App installation.
    pub installation_id: i64,
    /// GitHub's id of the repository.
    pub repository_id: i64,
    /// `owner/name`.
    pub repository_full_name: String,
    /// The full ref, such as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// The announced head; null when it must be asked for.
    pub head_sha: Option<String>,
}

#[derive(Serialize)]
struct Packed<'a, Id> {
    kind: &'static str,
    subjects: &'a [Id],
}

impl<Id: Serialize> Packed<'_, Id> {
    fn encode(&self) -> Vec<u8> {
        debug_assert!(
            self.subjects.len() <= POINTERS_PER_MESSAGE_MAX,
            "a message holds a bounded number of pointers"
        );
        serde_json::to_vec(self).expect("ids are strings")
    }
}

/// The body of one message that carries all of `events`.
pub(crate) fn encode_events(events: &[EventId]) -> Vec<u8> {
    Packed { kind: "event", subjects: events }.encode()
}

/// The body of one message that carries all of `deliveries`.
pub(crate) fn encode_deliveries(deliveries: &[DeliveryId]) -> Vec<u8> {
    Packed { kind: "delivery", subjects: deliveries }.encode()
}

/// The body of one message that carries `sync`.
pub(crate) fn encode_sync(sync: &SyncMessage) -> Vec<u8> {
    serde_json::to_vec(sync).expect("ids, numbers and strings are JSON")
}

/// Why a message cannot be understood. It never will be: the place of such a message is the record of
/// rejected messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// Larger than any message of ours.
    #[error("{bytes} bytes, and no message has more than {MESSAGE_BYTES_MAX}")]
    TooLong {
        /// Its size.
        bytes: usize,
    },
    /// Not JSON, or not the JSON of this queue. The place is given, not the text: it may be anything.
    #[error("not a message of the queue {queue}: line {line}, column {column}")]
    Malformed {
        /// The queue whose messages it should be like.
        queue: Queue,
        /// Line of the error, from 1.
        line: usize,
        /// Column of the error, from 1.
        column: usize,
    },
    /// No pointers, or more than a message may have.
    #[error("{count} pointers, and a message has 1 to {POINTERS_PER_MESSAGE_MAX}")]
    Count {
        /// How many it has.
        count: usize,
    },
    /// It came by no queue of ours: nobody knows how to read it.
    #[error("it came by no known queue")]
    UnknownQueue,
}

#[derive(Deserialize)]
enum EventKind {
    #[serde(rename = "event")]
    Event,
}

#[derive(Deserialize)]
enum DeliveryKind {
    #[serde(rename = "delivery")]
    Delivery,
}

#[derive(Deserialize)]
struct ReadPacked<Kind, Id> {
    #[serde(rename = "kind")]
    _kind: Kind,
    subjects: Vec<Id>,
}

impl<Kind, Id> ReadPacked<Kind, Id> {
    fn bounded(self) -> Result<Vec<Id>, Undecodable> {
        let count = self.subjects.len();
        if (1..=POINTERS_PER_MESSAGE_MAX).contains(&count) {
            Ok(self.subjects)
        } else {
            Err(Undecodable::Count { count })
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadSync {
    connector_sync_event_id: SyncEventId,
}

/// The ids of the rows that a message of `queue` points to. Any bytes are safe to pass.
pub fn decode(queue: Queue, body: &[u8]) -> Result<Vec<Uuid>, Undecodable> {
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(Undecodable::TooLong { bytes: body.len() });
    }
    let malformed = |error: serde_json::Error| Undecodable::Malformed {
        queue,
        line: error.line(),
        column: error.column(),
    };
    match queue {
        Queue::Events => {
            let read: ReadPacked<EventKind, EventId> =
                serde_json::from_slice(body).map_err(malformed)?;
            Ok(read.bounded()?.into_iter().map(|id| id.0).collect())
        }
        Queue::Syncs => {
            let read: ReadSync = serde_json::from_slice(body).map_err(malformed)?;
            Ok(vec![read.connector_sync_event_id.0])
        }
        Queue::Deliveries => {
            let read: ReadPacked<DeliveryKind, DeliveryId> =
                serde_json::from_slice(body).map_err(malformed)?;
            Ok(read.bounded()?.into_iter().map(|id| id.0).collect())
        }
    }
}

#[cfg(test)]
mod tests;
