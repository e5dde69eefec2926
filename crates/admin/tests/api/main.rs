//! The API as a program meets it: the real process, over HTTP, on a real database.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod access;
mod connectors;
mod console_roles;
mod dead_letter_causes;
mod discovery;
mod exports;
mod hostile;
mod http;
mod outbound;
mod roles;
mod sync_events;
mod sync_retries;
#[path = "../admin/world.rs"]
#[allow(dead_code, reason = "the command line's tests need more of it")]
mod world;
#[path = "../admin/yard.rs"]
#[allow(dead_code, reason = "the command line's tests need more of it")]
mod yard;
