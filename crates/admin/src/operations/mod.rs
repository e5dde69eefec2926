//! What an operator can do, one file a noun. Nothing here prints or reads settings.

mod actor;
mod error;

pub mod config_objects;
pub mod connectors;
pub mod dead_letters;
pub mod doctor;
pub mod events;
pub mod github_app;
pub mod mappings;
pub mod migrate;
pub mod reseal;
pub mod sources;
pub mod sync_events;
pub mod targets;
pub mod workspaces;

pub use actor::Actor;
pub use error::OperationError;
