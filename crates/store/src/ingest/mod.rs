//! Recording what arrives: dedupe keys, events, sync events and jobs, in one statement that only inserts.
//!
//! The statement takes a whole batch. Keys are inserted in one order, first all delivery ids, then all body
//! hashes, each sorted: two committers with overlapping batches wait for one another and cannot deadlock. A
//! conflicting key of a transaction in flight is waited for too, so that the answer to a duplicate is as durable
//! as the answer to the first.
//!
//! A call of an application may bring many events. They are recorded together or not at all: one key stands for the
//! whole call, and the ids of its events follow from the first one's.

mod earlier;
mod publication;
mod rearm;
mod source;
mod statement;
mod token;

use bytes::Bytes;
use hookyard_domain::event::Origin;
use hookyard_domain::github_event::Push;
use hookyard_domain::ids::{EventId, InstanceId, SourceId, SyncEventId, TargetId, WorkspaceId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use earlier::{Earlier, Repetition, earlier};
pub use publication::{PublishedCall, PublishedEvent};
pub use rearm::{Duplicate, Rearmed, rearm};
pub use source::{ActiveSource, Door, active_source};
pub use statement::{Committer, RECORD_STATEMENT};
pub use token::{OpenToken, TokenHash, open_token};

/// How many arrivals one statement takes at most, but for a single call of more.
pub const BATCH_ROWS_MAX: usize = 256;
/// How many bytes of bodies one statement takes at most, but for a single larger one.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A key by which an event is recognised: the first 16 bytes of a SHA-256.
pub type DedupeKey = [u8; 16];

/// The key of two parts. They cannot be mistaken for another pair.
pub fn dedupe_key(parts: [&[u8]; 2]) -> DedupeKey {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut key = DedupeKey::default();
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}

/// How many events a call of an application may bring.
pub const CALL_EVENTS_MAX: usize = 1_000;
/// The bits of an event's id that say which one of its call it is.
const NUMBER_IN_CALL: u128 = 0x3ff;
const _: () = assert!(CALL_EVENTS_MAX as u128 <= NUMBER_IN_CALL + 1);

/// The id of a call's `n`-th event, counted from 0; `of_call` is that of any of them.
///
/// So the key of a call, which leads to its first event, leads to all of them. They are of one time and one partition.
pub fn event_of_call(of_call: EventId, n: usize) -> EventId {
    let random = of_call.0.as_u128() & !NUMBER_IN_CALL;
    EventId(Uuid::from_u128(random | (n as u128 & NUMBER_IN_CALL)))
}

/// One event of a verified call, ready to be recorded.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub event: EventId,
    pub origin: Origin,
    /// What the dedupe keys hold for: the source, or the workspace that an application publishes to.
    pub source: SourceId,
    /// The workspace whose own source took the call, or that it was published to; none for the deployment's.
    pub workspace: Option<WorkspaceId>,
    /// How long the same body under another id counts as a replay, in seconds.
    pub replay_window_s: i32,
    pub event_type: String,
    pub delivery_id: Option<String>,
    pub hook_id: Option<String>,
    /// Of hook id and delivery id, or of the body where the provider sent no id; of an application's
    /// `Idempotency-Key`. None: it is recorded if `part_of` is.
    pub id_key: Option<DedupeKey>,
    /// The first event of its call, whose key stands for it.
    pub part_of: Option<EventId>,
    /// Of the body, for schemes whose signature covers no time or whose accepted age is long.
    pub body_key: Option<DedupeKey>,
    /// Of everything that an `Idempotency-Key` stands for.
    pub body_hash: Option<[u8; 32]>,
    /// The headers kept, as a JSON text.
    pub headers: String,
    pub content_type: Option<String>,
    pub body: Bytes,
    pub installation_id: Option<i64>,
    pub wish: Wish,
}

impl Arrival {
    /// By what its event is found if it was delivered before.
    pub fn duplicate(&self) -> Option<Duplicate> {
        let id_key = self.id_key.filter(|_| self.origin == Origin::Webhook)?;
        Some(Duplicate { event: self.event, source: self.source, id_key })
    }
}

impl AsRef<Arrival> for Arrival {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// What is to be done about an arrival if it is new.
#[derive(Debug, Clone)]
pub enum Wish {
    /// Record it as ignored, for this reason.
    Ignore(&'static str),
    /// Queue the event: a handler wants it.
    Route,
    /// Queue a sync for every target that tracks the branch, and the event; ignore it if there is none.
    Push(Push),
}

/// What became of an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// New, and there is work for it: these syncs' jobs are written, and, if it is to be routed, the event's.
    Accepted { routed: bool, syncs: Vec<QueuedSync> },
    /// New, recorded, and nothing wants it.
    Ignored { reason: String },
    /// The same signed body came before under another id; recorded, not processed.
    Replay,
    /// The same delivery id, or the key of its call, came before; nothing was written.
    Duplicate,
    /// The database takes everything but this row.
    Refused,
}

/// A sync event that was just queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedSync {
    pub sync_event: SyncEventId,
    pub target: TargetId,
    pub instance: InstanceId,
}
