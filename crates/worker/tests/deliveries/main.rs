//! Deliveries from the event to the receiver: the worker as a process, a real database and broker, and a receiver that
//! answers as it is told.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod answers;
mod lanes;
mod mishaps;
mod others;
mod providers;
mod subscriptions;
mod support;
