//! The crate as its users see it: whole requests, real sockets, and the documents.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod complete;
mod requests;
mod secrets;
mod sender;
mod support;
