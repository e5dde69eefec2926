//! The client against the simulator: real HTTP, real git objects.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blobs;
mod branches;
mod hook_deliveries;
mod limits;
mod redirects;
mod repositories;
mod support;
mod tokens;
mod trees;
