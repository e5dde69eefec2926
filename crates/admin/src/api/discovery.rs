//! `discovery`: what the repositories of an instance's targets offer.

use axum::extract::State;
use hookyard_domain::ids::{InstanceId, TargetId};
use hookyard_domain::role::InstanceRole;
use hookyard_store::paging::PAGE_ITEMS_DEFAULT;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::connector_accounts::github;
use super::extract::checked_reason;
use super::{Answer, ApiError, Body, Doc, InPath, Query, changed, item, list as listed};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::discovery::{
    self as operation, AppliedDiscovery, Apply, DiscoveredRepository, TREE_ITEMS_MAX, TreeFile,
};
use crate::routes::Routes;

const VIEWER: Need = Need::Instance(InstanceRole::Viewer);

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("discovery")
        .get(
            "/v1/workspaces/{slug}/connector-instances/{instance}/discovery",
            VIEWER,
            show,
            Doc::item::<DiscoveredRepository>(
                "Show the plugins that a repository offers at the branch's head",
            )
            .query::<ShowQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/connector-instances/{instance}/discovery/tree",
            VIEWER,
            tree,
            Doc::list::<TreeFile>("List the files at the branch's head, by path")
                .query::<TreeQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/discovery/apply",
            Need::Admin,
            apply,
            Doc::changed::<AppliedDiscovery>(
                "Make the mappings of chosen plugins that are not there yet, and queue one sync",
            )
            .body::<Chosen>(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ShowQuery {
    /// Which of the instance's targets; it may be left out if there is only one.
    target: Option<TargetId>,
}

async fn show(
    State(app): State<App>,
    InPath(instance): InPath<InstanceId>,
    Query(query): Query<ShowQuery>,
) -> Answer {
    let target = target_of(&app, instance, query.target).await?;
    item(&operation::discover(github(&app)?, target).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TreeQuery {
    /// Which of the instance's targets; it may be left out if there is only one.
    target: Option<TargetId>,
    /// How the paths begin, such as `skills/`.
    prefix: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u16>,
    /// The last path of the page before.
    cursor: Option<String>,
}

async fn tree(
    State(app): State<App>,
    InPath(instance): InPath<InstanceId>,
    Query(query): Query<TreeQuery>,
) -> Answer {
    let limit = query.limit.unwrap_or(PAGE_ITEMS_DEFAULT);
    if !(1..=TREE_ITEMS_MAX).contains(&limit) {
        let message = format!("a page has 1 to {TREE_ITEMS_MAX} items, not {limit}");
        return Err(ApiError::field("limit", message));
    }
    let target = target_of(&app, instance, query.target).await?;
    let prefix = query.prefix.unwrap_or_default();
    let page = (query.cursor.as_deref(), limit);
    listed(&operation::tree(github(&app)?, target, &prefix, page).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ChosenPlugins)]
struct Chosen {
    /// Which of the instance's targets; it may be left out if there is only one.
    target: Option<TargetId>,
    /// The keys of the plugins.
    #[schema(min_items = 1, max_items = 200)]
    selected_keys: Vec<String>,
    /// The commit at which the caller saw them; 412 if the branch has moved on.
    head_sha: Option<String>,
    /// Whether plugins that are new in the repository come by themselves from now on. Left out: as it is.
    auto_import_new_plugins: Option<bool>,
    reason: Option<String>,
}

async fn apply(
    State(app): State<App>,
    asked: Asked,
    InPath(instance): InPath<InstanceId>,
    Body(chosen): Body<Chosen>,
) -> Answer {
    let actor = asked.actor(checked_reason(chosen.reason)?);
    let target = target_of(&app, instance, chosen.target).await?;
    let chosen = Apply {
        target,
        keys: chosen.selected_keys,
        head_sha: chosen.head_sha,
        auto_import: chosen.auto_import_new_plugins,
    };
    changed(&operation::apply(github(&app)?, &actor, chosen).await?)
}

async fn target_of(
    app: &App,
    instance: InstanceId,
    named: Option<TargetId>,
) -> Result<TargetId, ApiError> {
    Ok(operation::target_of(&app.store.conn().await?, instance, named).await?)
}
