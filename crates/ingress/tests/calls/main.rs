//! The ingress as its callers meet it: real processes, a real database, a real broker.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod acceptance;
mod batches;
mod bodies;
mod budget;
mod dedupe;
mod event_table;
mod framing;
mod headers;
mod idempotency;
mod linear;
mod outages;
mod process;
mod publish;
mod roles;
mod rotation;
mod routes;
mod signatures;
mod slow;
mod support;
mod tokens;
