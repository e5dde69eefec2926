//! The API: JSON over HTTP, one file a noun.

mod answer;
mod doc;
mod error;
mod extract;
mod sync_events;

pub use answer::{Answer, changed, created, gone, item, item_tagged, list, plain, queued};
pub use doc::Doc;
pub use error::{ApiError, refuse};
pub(crate) use error::{unknown_method, unknown_path};
pub use extract::{Because, Body, Commas, InPath, Query, page_of, time_of};

use crate::routes::Routes;

/// Every route of the API.
pub fn routes() -> Routes {
    sync_events::routes()
}
