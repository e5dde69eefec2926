//! The promises of the job table, the ingress' one statement, and the life of a sync, each on a real database
//! and under the role that runs it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod batches;
mod disconnect;
mod ingest;
mod jobs;
mod partitions;
mod publications;
mod races;
mod reach;
mod redundancy;
mod roles;
mod support;
mod sweep;
mod sync_attempts;
mod sync_ends;
mod sync_starts;
mod tallies;
mod tls;
mod unlike_rows;
