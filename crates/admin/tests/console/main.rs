//! The console as a browser without a script meets it: the real process, over HTTP, on a real database.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod connector_access;
mod connector_changes;
mod connectors;
mod github;
mod bulk;
#[path = "../api/http.rs"]
#[allow(dead_code, reason = "the API's tests need more of it")]
mod http;
mod mappings;
mod integrations;
mod oauth_clients;
mod pages;
mod people;
mod reader;
mod signing_in;
mod sources;
mod subscriptions;
mod sync_events;
mod system;
mod sync_retries;
#[path = "../admin/yard.rs"]
#[allow(dead_code, reason = "the command line's tests need more of it")]
mod yard;
