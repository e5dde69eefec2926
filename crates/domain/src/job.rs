//! Jobs: promises that work will be done. One row while the work is unfinished, none afterwards.
//!
//! ```text
//!            add                lease                 finish
//!   (reason) ───▶ ready ───────────────▶ leased ───────────────▶ (no row)
//!                   ▲ ▲                    │ │ ▲
//!      sweep: due   │ └── sweep: expired ──┘ │ │ lease: a place is free
//!                   └─────── scheduled ◀─────┤ │
//!                              reschedule    └─▶ parked
//! ```
//!
//! Only deliveries are parked: their receiver has no free place, or their workspace has enough jobs in the queue.

/// What kind of work a job promises; its subject is a row of the kind's own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobKind {
    /// Route an event: lifecycle handlers, subscribers. The subject is the event.
    Event,
    /// Reconcile a target. The subject is the sync event.
    Sync,
    /// Send a delivery to its receiver. The subject is the delivery.
    Delivery,
    /// Make pending again what a replay of many deliveries names, in portions. The subject is the replay.
    Replay,
}

crate::names!(JobKind, "job kind", { Event => "event", Sync => "sync", Delivery => "delivery", Replay => "replay" });

/// Where an unfinished job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// May be leased now. `due_at`: if nobody took it by then, its message is suspected lost.
    Ready,
    /// May be leased from `due_at` on: the next attempt.
    Scheduled,
    /// Owned by a worker until `due_at`.
    Leased,
    /// Waits for a free place at its receiver, and for nothing else. `due_at`: since when it waits.
    Parked,
}

crate::names!(JobState, "job state", {
    Ready => "ready", Scheduled => "scheduled", Leased => "leased", Parked => "parked",
});

/// How long a lease lasts unless it is renewed, in milliseconds.
pub const LEASE_MS: i64 = 60_000;
/// How often a running job renews its lease, in milliseconds.
pub const LEASE_RENEWAL_MS: u64 = 20_000;
/// Leases without an orderly end after which a job is held to be what kills its workers.
pub const RUNS_MAX: i32 = 5;
/// How long a fresh message may stay untaken before the sweep suspects that it was lost, in milliseconds.
pub const READY_GRACE_MS: i64 = 60_000;
/// The longest time between two publications of the same ready job by the sweep, in milliseconds.
pub const READY_GRACE_MS_MAX: i64 = 15 * 60_000;

/// How long the sweep waits after its `republished`-th publication of a ready job before the next.
pub fn ready_grace_ms(republished: u32) -> i64 {
    READY_GRACE_MS.saturating_mul(2_i64.saturating_pow(republished)).min(READY_GRACE_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grace_of_a_ready_job_doubles_from_a_minute_to_a_quarter_of_an_hour() {
        let minutes: Vec<i64> = (0..6).map(|n| ready_grace_ms(n) / 60_000).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 15, 15]);
        assert_eq!(ready_grace_ms(63), READY_GRACE_MS_MAX);
        assert_eq!(ready_grace_ms(u32::MAX), READY_GRACE_MS_MAX);
    }
}
