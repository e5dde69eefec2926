//! Style, scripts and the icon.

use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse as _;

use crate::access::Need;
use crate::console::answer::{Answer, Failure, protected};
use crate::console::assets::ASSETS;
use crate::routes::Routes;

/// The name of a file holds the hash of its content: a browser may keep it for good.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The files that pages name.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/assets/{file}", Need::Anyone, file)
}

async fn file(Path(name): Path<String>) -> Answer {
    let asset = ASSETS.at(&format!("/assets/{name}")).ok_or_else(Failure::no_page)?;
    let kind = HeaderValue::from_static(asset.content_type);
    Ok(protected(([(CONTENT_TYPE, kind), (CACHE_CONTROL, KEPT)], asset.content).into_response()))
}
