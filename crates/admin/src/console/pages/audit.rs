//! The audit log: who changed this, when, why, from what to what?

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::ids::{AuditId, WorkspaceId};
use hookyard_store::audit;
use hookyard_store::paging::PageRequest;
use jiff::Timestamp;
use serde::Deserialize;

use super::since::begins_at;
use crate::App;
use crate::access::{Asked, Need};
use crate::console::answer::{self, Answer, Failure};
use crate::console::components::query::Query;
use crate::console::frame::Viewer;
use crate::console::visit::InQuery;
use crate::operations::export::lists::Changes;
use crate::routes::Routes;

mod view;

/// The rows of one page.
const ROWS: u16 = 30;

/// The audit log.
pub(in crate::console) fn routes() -> Routes {
    Routes::console().page("/w/{slug}/audit-log", Need::Admin, show)
}

/// The parameters of the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    actor: Option<String>,
    action: Option<String>,
    subject: Option<String>,
    since: Option<String>,
    after: Option<AuditId>,
}

impl Ask {
    fn query(&self) -> Query {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Query::new()
            .with("actor", text(&self.actor))
            .with("action", text(&self.action))
            .with("subject", text(&self.subject))
            .with("since", text(&self.since))
            .with("after", self.after.map(|id| id.to_string()).unwrap_or_default())
    }

    /// What it selects.
    pub(super) fn changes(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<Changes, Failure> {
        Ok(Changes {
            workspace: Some(workspace),
            actor: self.actor.clone(),
            action: self.action.clone(),
            subject: self.subject.as_deref().map(|subject| subject.trim().to_owned()),
            since: begins_at(self.since.as_deref(), now)?,
        })
    }
}

async fn show(
    State(app): State<App>,
    asked: Asked,
    viewer: Viewer,
    InQuery(ask): InQuery<Ask>,
) -> Answer {
    let changes = ask.changes(asked.workspace().id, viewer.now)?;
    let request = PageRequest::new(ROWS, ask.after).map_err(|error| {
        Failure::new(StatusCode::BAD_REQUEST, "That address means nothing", error.to_string())
    })?;
    let conn = app.store.conn().await?;
    let page = audit::list(&conn, changes.filter(), request).await?;
    answer::page(&app, &viewer, view::view(&viewer, &ask.query(), &page))
}
