//! Sync events: what was reconciled, what failed, and at which commit.

mod ask;
mod empty;
pub mod list;
pub mod one;
mod retry;
mod retry_view;
mod routes;
mod steps;
mod updates;
pub mod words;

pub(in crate::console) use ask::latest;
pub(in crate::console) use routes::routes;
