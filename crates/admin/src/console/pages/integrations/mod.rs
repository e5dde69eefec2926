//! Integrations: which outside systems work, and how do I connect one?

mod deed;
mod disconnect;
mod failed;
mod keys;
mod kinds;
mod list;
mod one;
mod settings;
mod steps;
mod what;
mod wizard;

use axum::http::StatusCode;

use crate::App;
use crate::console::answer::Failure;
use crate::operations::connections::Outside;
use crate::routes::Routes;

/// The pages of connections.
pub(in crate::console) fn routes() -> Routes {
    list::routes()
        .and(wizard::routes())
        .and(what::routes())
        .and(one::routes())
        .and(deed::routes())
        .and(keys::routes())
        .and(settings::routes())
        .and(disconnect::routes())
}

/// What calling out needs.
pub(super) fn outside_of(app: &App) -> Result<Outside<'_>, Failure> {
    let ring = app.vault_ring.as_ref().ok_or_else(|| {
        let text = "The admin process runs without HOOKYARD_VAULT_KEYS, and this needs them.";
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Nothing was changed", text)
    })?;
    Ok(Outside { store: &app.store, ring, sender: &app.sender })
}
