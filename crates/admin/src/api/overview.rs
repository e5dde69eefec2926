//! `overview`: how much happens, and what needs somebody.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ApiError, Doc, Query, plain};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::overview::{self as operation, Window};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("overview").get(
        "/v1/workspaces/{slug}/overview",
        Need::Member,
        show,
        Doc::plain::<serde_json::Value>("Show what happened over time, and what needs somebody")
            .query::<WindowQuery>(),
    )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WindowQuery {
    /// 1h, 24h, 7d or 30d; 24h unless it says otherwise.
    window: Option<String>,
}

async fn show(State(app): State<App>, asked: Asked, Query(query): Query<WindowQuery>) -> Answer {
    let window = query.window.map_or(Ok(Window::Day), |text| text.parse());
    let window = window.map_err(|error| ApiError::field("window", error))?;
    plain(&operation::overview(&app.store, asked.workspace().id, window).await?)
}
