//! What an operator can do, one file a noun. Nothing here prints or reads settings.

mod actor;
mod edit;
mod error;
mod remedy;
mod shown;

pub mod accounts;
pub mod config_objects;
pub mod connections;
pub mod dead_letters;
pub mod deliveries;
pub mod discovery;
pub mod doctor;
pub mod events;
pub mod export;
pub mod github;
pub mod github_app;
pub mod grants;
pub mod instances;
pub mod mappings;
pub mod members;
pub mod migrate;
pub mod missed_deliveries;
pub mod oauth_clients;
pub mod overview;
pub mod publishing;
pub mod replays;
pub mod reseal;
pub mod search;
pub mod sign_in;
pub mod sources;
pub mod story;
pub mod subscriptions;
pub mod sync_events;
pub mod sync_retries;
pub mod targets;
pub mod teams;
pub mod tokens;
pub mod workspaces;

pub use actor::Actor;
pub use edit::Edit;
pub use error::{OperationError, TestFailure};
pub use remedy::{Conflict, Remedy};
pub use shown::ShownOnce;
