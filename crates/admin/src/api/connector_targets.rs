//! `connector-targets`: the branches that are tracked.

use axum::extract::State;
use hookyard_domain::ids::TargetId;
use hookyard_domain::role::InstanceRole;
use hookyard_store::targets::{self, Target};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::checked_reason;
use super::fields::Seen;
use super::{
    Answer, Body, Doc, InPath, Query, changed, item_tagged, list as listed, page_of, queued,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::targets::{self as operation, ChangedTarget, QueuedSync, UpdateTarget};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("connector-targets")
        .get(
            "/v1/workspaces/{slug}/connector-targets",
            Need::Member,
            list,
            Doc::list::<Target>("List connector targets, newest first").query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/connector-targets/{target}",
            Need::Instance(InstanceRole::Viewer),
            show,
            Doc::item::<Target>("Show a connector target"),
        )
        .patch(
            "/v1/workspaces/{slug}/connector-targets/{target}",
            Need::Instance(InstanceRole::Editor),
            update,
            Doc::changed::<ChangedTarget>(
                "Follow another branch, or none; the sync that follows is queued",
            )
            .body::<ChangedFields>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-targets/{target}/resync",
            Need::Instance(InstanceRole::Editor),
            resync,
            Doc::queued::<QueuedSync>("Synchronise a target, whether anything changed or not")
                .body::<Resync>(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<TargetId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    let seen = asked.instances(&conn).await?;
    listed(&targets::list_within(&conn, asked.workspace().id, seen.as_deref(), page).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<TargetId>) -> Answer {
    let target = operation::require(&app.store.conn().await?, id).await?;
    item_tagged(&target, target.updated_at)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ChangedTargetFields)]
struct ChangedFields {
    /// Another branch of the repository, without `refs/heads/`.
    branch: Option<String>,
    /// Whether it is followed no more.
    disabled: Option<bool>,
    /// As the caller last saw it; `If-Match` says the same.
    updated_at: Option<Timestamp>,
    reason: Option<String>,
}

async fn update(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<TargetId>,
    seen: Seen,
    Body(to): Body<ChangedFields>,
) -> Answer {
    let actor = asked.actor(checked_reason(to.reason)?);
    let expected = seen.or(to.updated_at);
    let to = UpdateTarget { branch: to.branch, disabled: to.disabled };
    changed(&operation::update(&app.store, &actor, id, to, expected).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Resync {
    /// Let it delete as much as it finds gone.
    #[serde(default)]
    allow_deletions: bool,
    reason: Option<String>,
}

async fn resync(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<TargetId>,
    Body(how): Body<Resync>,
) -> Answer {
    let actor = asked.actor(checked_reason(how.reason)?);
    queued(&operation::resync(&app.store, &actor, id, how.allow_deletions).await?)
}
