//! The pages, one file each: what is shown, and what its forms do.

use crate::routes::Routes;

mod audit;
mod connectors;
mod dead_letters;
mod deliveries;
mod door;
mod events;
mod exports;
mod files;
mod forms;
mod integrations;
mod members;
mod oauth_clients;
mod overview;
mod plain;
mod replays;
mod search;
pub mod sign_in;
mod since;
mod sources;
mod subscriptions;
pub mod sync_events;
mod system;

/// Every page, and everything that a form posts to.
pub(super) fn routes() -> Routes {
    files::routes()
        .and(door::routes())
        .and(overview::routes())
        .and(sync_events::routes())
        .and(events::routes())
        .and(connectors::routes())
        .and(sources::routes())
        .and(deliveries::routes())
        .and(dead_letters::routes())
        .and(replays::routes())
        .and(subscriptions::routes())
        .and(integrations::routes())
        .and(oauth_clients::routes())
        .and(members::routes())
        .and(audit::routes())
        .and(system::routes())
        .and(search::routes())
        .and(exports::routes())
}
