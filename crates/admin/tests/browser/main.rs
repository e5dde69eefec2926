//! The console as people see it: in a real browser, on a whole Hookyard.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod deliveries;
mod integrations;
mod pictures;
mod scene;
mod signing_in;
mod sync_events;
