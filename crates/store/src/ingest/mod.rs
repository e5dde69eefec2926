//! Recording what arrives: dedupe keys, events, sync events and jobs, in one statement that only inserts.
//!
//! The statement takes a whole batch. Keys are inserted in one order, first all delivery ids, then all body
//! hashes, each sorted: two committers with overlapping batches wait for one another and cannot deadlock. A
//! conflicting key of a transaction in flight is waited for too, so that the answer to a duplicate is as durable
//! as the answer to the first.

mod rearm;
mod source;
mod statement;

use bytes::Bytes;
use hookyard_domain::event::Origin;
use hookyard_domain::github_event::Push;
use hookyard_domain::ids::{EventId, InstanceId, SourceId, SyncEventId, TargetId, WorkspaceId};

pub use rearm::{Duplicate, Rearmed, rearm};
pub use source::{ActiveSource, Door, active_source};
pub use statement::{Committer, RECORD_STATEMENT};

/// How many arrivals one statement takes at most.
pub const BATCH_ROWS_MAX: usize = 256;
/// How many bytes of bodies one statement takes at most, but for a single larger one.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A key by which an event is recognised: the first 16 bytes of a SHA-256.
pub type DedupeKey = [u8; 16];

/// One verified call, ready to be recorded.
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
    /// `Idempotency-Key`, if it sent one.
    pub id_key: Option<DedupeKey>,
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
    /// By what its event is found if it was recorded before.
    pub fn duplicate(&self) -> Option<Duplicate> {
        let id_key = self.id_key?;
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
    /// The same delivery id came before; nothing was written.
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
