//! The API: JSON over HTTP, one file a noun.

mod answer;
mod config_objects;
mod connections;
mod connector_accounts;
mod connector_instances;
mod connector_mappings;
mod connector_targets;
mod dead_letter_causes;
mod dead_letters;
mod deliveries;
mod deployment;
mod discovery;
mod doc;
mod error;
mod events;
mod explorer;
mod exports;
mod extract;
mod fields;
mod grants;
mod integrations;
mod members;
mod oauth_clients;
mod openapi;
mod overview;
mod publish;
mod replays;
mod search;
mod sources;
mod subscriptions;
mod sync_events;
mod sync_retries;
mod teams;
mod tokens;
mod workspaces;

pub use answer::{Answer, changed, created, gone, item, item_tagged, list, plain, queued};
pub use doc::Doc;
pub use error::{ApiError, refuse};
pub(crate) use error::{unknown_method, unknown_path};
pub(crate) use exports::{download, format_of};
pub use extract::{Because, Body, Commas, InPath, Query, page_of, time_of};
pub use openapi::text as document_text;

use crate::routes::Routes;

/// Every route of the API.
pub fn routes() -> Routes {
    sync_events::routes()
        .and(sync_retries::routes())
        .and(config_objects::routes())
        .and(events::routes())
        .and(deliveries::routes())
        .and(replays::routes())
        .and(dead_letters::routes())
        .and(dead_letter_causes::routes())
        .and(grants::routes())
        .and(tokens::routes())
        .and(members::routes())
        .and(teams::routes())
        .and(workspaces::routes())
        .and(overview::routes())
        .and(deployment::routes())
        .and(openapi::routes())
        .and(explorer::routes())
        .and(connector_accounts::routes())
        .and(connector_instances::routes())
        .and(connector_targets::routes())
        .and(connector_mappings::routes())
        .and(discovery::routes())
        .and(connections::routes())
        .and(integrations::routes())
        .and(subscriptions::routes())
        .and(oauth_clients::routes())
        .and(sources::routes())
        .and(publish::routes())
        .and(search::routes())
        .and(exports::routes())
}
