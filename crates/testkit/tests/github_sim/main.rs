//! The simulator as a webhook's receiver and a REST client see it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod control;
mod deliveries;
mod receiver;
mod rest;
mod support;
