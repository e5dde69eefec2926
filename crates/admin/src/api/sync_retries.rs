//! `sync-events/retry`: many sync events once more, previewed first.

use axum::extract::State;
use hookyard_domain::ids::TargetId;
use hookyard_domain::role::InstanceRole;
use hookyard_domain::sync_event::SyncStatus;
use hookyard_store::sync_event_list::Search;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::checked_reason;
use super::{Answer, ApiError, Body, Doc, plain, queued};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::sync_retries::{self as operation, Preview, Queued, Selection};
use crate::routes::Routes;

/// The routes of this noun that concern many. Whoever asks needs to be an editor of a target's connector instance;
/// other targets are left out.
pub(super) fn routes() -> Routes {
    Routes::api("sync-events")
        .post(
            "/v1/workspaces/{slug}/sync-events/retry-preview",
            Need::Member,
            preview,
            Doc::plain::<Preview>("Tell what a retry of many would queue; nothing changes")
                .body::<Selected>(),
        )
        .post(
            "/v1/workspaces/{slug}/sync-events/retry",
            Need::Member,
            start,
            Doc::queued::<Queued>("Run many syncs once more, one for each target").body::<Start>(),
        )
}

/// Which sync events.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SyncRetrySelection)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selected {
    /// `failed`, `partial`, or both; left out: both.
    #[serde(default)]
    status: Vec<SyncStatus>,
    target: Option<TargetId>,
    /// The type of the event behind it, such as `github.push`, or the trigger.
    event_type: Option<String>,
    /// A delivery id, 7 to 40 characters of a SHA, or a repository.
    q: Option<String>,
    /// Those queued then or later.
    since: Option<Timestamp>,
    /// Those queued before that, such as a preview's `asOf`; left out: now.
    until: Option<Timestamp>,
}

/// Which sync events, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = StartSyncRetry)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Start {
    filter: Selected,
    reason: Option<String>,
}

impl Selected {
    async fn of(self, app: &App, asked: &Asked) -> Result<Selection, ApiError> {
        let conn = app.store.conn().await?;
        Ok(Selection {
            workspace: asked.slug(),
            statuses: self.status,
            target: self.target,
            event_type: self.event_type,
            search: self.q.as_deref().map(Search::parse),
            since: self.since,
            until: self.until.unwrap_or_else(|| app.now()),
            seen: asked.instances(&conn).await?,
            edited: asked.instances_as(&conn, InstanceRole::Editor).await?,
        })
    }
}

async fn preview(State(app): State<App>, asked: Asked, Body(body): Body<Selected>) -> Answer {
    plain(&operation::preview(&app.store, &body.of(&app, &asked).await?).await?)
}

async fn start(State(app): State<App>, asked: Asked, Body(body): Body<Start>) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    let selection = body.filter.of(&app, &asked).await?;
    queued(&operation::start(&app.store, &actor, &selection).await?)
}
