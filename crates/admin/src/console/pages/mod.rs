//! The pages, one file each: what is shown, and what its forms do.

use axum::http::StatusCode;

use super::answer::Failure;
use crate::routes::Routes;

mod audit;
mod connectors;
mod dead_letters;
mod deliveries;
mod door;
mod events;
mod files;
mod integrations;
mod members;
mod overview;
mod plain;
mod search;
pub mod sign_in;
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
        .and(subscriptions::routes())
        .and(integrations::routes())
        .and(members::routes())
        .and(audit::routes())
        .and(system::routes())
        .and(search::routes())
}

/// The longest reason for the audit log, in characters.
const REASON_CHARS_MAX: usize = 500;

/// The reason that a form gives for the audit log; an empty one is none.
fn because(reason: Option<String>) -> Result<Option<String>, Failure> {
    let reason = reason.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let fits = |text: &String| {
        text.chars().count() <= REASON_CHARS_MAX && !text.chars().any(char::is_control)
    };
    if reason.as_ref().is_none_or(fits) {
        return Ok(reason);
    }
    let text = format!("A reason is one line of at most {REASON_CHARS_MAX} characters.");
    Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "Nothing was changed", text))
}
