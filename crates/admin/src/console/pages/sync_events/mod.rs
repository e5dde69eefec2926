//! Sync events: what was reconciled, what failed, and at which commit.

mod ask;
pub mod list;
pub mod one;
mod routes;
mod steps;
mod updates;
pub mod words;

pub(in crate::console) use ask::latest;
pub(in crate::console) use routes::routes;
