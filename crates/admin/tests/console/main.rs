//! The console as a browser without a script meets it: the real process, over HTTP, on a real database.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod bulk;
mod connector_access;
mod connector_changes;
mod connectors;
mod github;
#[path = "../api/http.rs"]
#[allow(dead_code, reason = "the API's tests need more of it")]
mod http;
mod integrations;
mod mappings;
mod oauth_clients;
mod pages;
mod people;
mod reader;
mod signing_in;
mod sources;
mod subscriptions;
mod sync_events;
mod sync_retries;
mod system;
#[path = "../admin/yard.rs"]
#[allow(dead_code, reason = "the command line's tests need more of it")]
mod yard;
