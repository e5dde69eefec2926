//! The ingress as its callers meet it: real processes, a real database, a real broker.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod acceptance;
mod probe;
