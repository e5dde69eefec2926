//! Everything Hookyard says to `PostgreSQL`.
//!
//! One file a table or a view; every statement is whole, named in its first line, and inline. A function takes
//! a [`Db`]: a [`Conn`] for a single statement, a [`Tx`] that the caller opened where several belong together.
//! Dropping a [`Tx`] rolls it back. No function waits for anything but the database.

mod error;
mod pool;
mod tls;
mod uuid_time;
mod walk;

pub mod access;
pub mod accounts;
pub mod audit;
pub mod bindings;
pub mod blobs;
pub mod config_object_list;
pub mod config_objects;
pub mod connections;
pub mod console_sessions;
pub mod days_seen;
pub mod dead_letters;
pub mod deliveries;
pub mod delivery_jobs;
pub mod delivery_list;
pub mod doctor;
pub mod event_list;
pub mod events;
pub mod fan_out;
pub mod github_app;
pub mod grants;
pub mod ingest;
pub mod instances;
pub mod job_list;
pub mod jobs;
pub mod lifecycle;
pub mod mappings;
pub mod members;
pub mod oauth_clients;
pub mod oauth_grants;
pub mod overview;
pub mod paging;
pub mod partitions;
pub mod rejected_messages;
pub mod replays;
pub mod retention;
pub mod rollups;
pub mod schema;
pub mod sign_in_links;
pub mod signature_failures;
pub mod sources;
pub mod subscriptions;
pub mod sync_attempts;
pub mod sync_event_list;
pub mod sync_events;
pub mod system_events;
pub mod tallies;
pub mod targets;
pub mod teams;
pub mod tokens;
pub mod workers;
pub mod workspaces;

pub use error::StoreError;
pub use pool::{Conn, Db, Store, StoreSettings, Tx};
