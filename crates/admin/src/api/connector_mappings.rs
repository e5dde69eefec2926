//! `connector-mappings`: which files of a target become which config objects.

use axum::extract::State;
use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::{MappingId, TargetId};
use hookyard_domain::role::InstanceRole;
use hookyard_domain::selector::Selector;
use hookyard_store::StoreError;
use hookyard_store::mappings::{self, Mapping};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::connector_accounts::github;
use super::extract::checked_reason;
use super::fields::{Seen, Text};
use super::{
    Answer, Because, Body, Doc, InPath, Query, changed, created, gone, item, item_tagged,
    list as listed, page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::mappings::{
    self as operation, ChangedMapping, Preview, PreviewSelector, UpdateMapping,
};
use crate::routes::Routes;

const VIEWER: Need = Need::Instance(InstanceRole::Viewer);
const EDITOR: Need = Need::Instance(InstanceRole::Editor);

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("connector-mappings")
        .get(
            "/v1/workspaces/{slug}/connector-targets/{target}/mappings",
            VIEWER,
            list,
            Doc::list::<Mapping>("List a target's mappings, newest first").query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-targets/{target}/mappings",
            EDITOR,
            add,
            Doc::created::<ChangedMapping>("Add a mapping, and queue a sync").body::<NewMapping>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-targets/{target}/preview",
            EDITOR,
            preview_new,
            Doc::item::<Preview>("Show what a new selector would match at the branch's head")
                .body::<NewPreview>(),
        )
        .get(
            "/v1/workspaces/{slug}/connector-mappings/{mapping}",
            VIEWER,
            show,
            Doc::item::<Mapping>("Show a mapping"),
        )
        .patch(
            "/v1/workspaces/{slug}/connector-mappings/{mapping}",
            EDITOR,
            update,
            Doc::changed::<ChangedMapping>("Change a mapping, and queue the sync that follows")
                .body::<ChangedFields>(),
        )
        .delete(
            "/v1/workspaces/{slug}/connector-mappings/{mapping}",
            EDITOR,
            remove,
            Doc::gone("Remove a mapping, and queue the sync that deletes what no other selects")
                .because(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-mappings/{mapping}/preview",
            EDITOR,
            preview,
            Doc::item::<Preview>("Show what a mapping matches at the branch's head")
                .body::<ChangedPreview>(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<MappingId>,
}

async fn list(
    State(app): State<App>,
    InPath(target): InPath<TargetId>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    listed(&mappings::list(&app.store.conn().await?, Some(target), page).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewMapping {
    /// A glob over paths, such as `skills/**`.
    #[schema(value_type = String)]
    selector: Text<Selector>,
    object_type: ObjectType,
    reason: Option<String>,
}

async fn add(
    State(app): State<App>,
    asked: Asked,
    InPath(target): InPath<TargetId>,
    Body(new): Body<NewMapping>,
) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let (selector, object_type) = (new.selector.0, new.object_type);
    created(&operation::add(&app.store, &actor, target, &selector, object_type).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<MappingId>) -> Answer {
    let mapping = operation::require(&app.store.conn().await?, id).await?;
    item_tagged(&mapping, mapping.updated_at)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ChangedMappingFields)]
struct ChangedFields {
    #[schema(value_type = Option<String>)]
    selector: Option<Text<Selector>>,
    object_type: Option<ObjectType>,
    /// As the caller last saw it; `If-Match` says the same.
    updated_at: Option<Timestamp>,
    reason: Option<String>,
}

async fn update(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<MappingId>,
    seen: Seen,
    Body(to): Body<ChangedFields>,
) -> Answer {
    let actor = asked.actor(checked_reason(to.reason)?);
    let expected = seen.or(to.updated_at);
    let selector = to.selector.map(|it| it.0);
    let to = UpdateMapping { selector, object_type: to.object_type };
    changed(&operation::update(&app.store, &actor, id, to, expected).await?)
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<MappingId>,
    Because(reason): Because,
) -> Answer {
    operation::remove(&app.store, &asked.actor(reason), id).await?;
    gone()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewPreview {
    #[schema(value_type = String)]
    selector: Text<Selector>,
}

async fn preview_new(
    State(app): State<App>,
    InPath(target): InPath<TargetId>,
    Body(asked): Body<NewPreview>,
) -> Answer {
    let asked = PreviewSelector { selector: asked.selector.0, mapping: None };
    item(&operation::preview(github(&app)?, target, asked).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangedPreview {
    /// In the place of the mapping's own.
    #[schema(value_type = Option<String>)]
    selector: Option<Text<Selector>>,
}

async fn preview(
    State(app): State<App>,
    InPath(id): InPath<MappingId>,
    Body(asked): Body<ChangedPreview>,
) -> Answer {
    let mapping = operation::require(&app.store.conn().await?, id).await?;
    let selector = match asked.selector {
        Some(selector) => selector.0,
        None => mapping.selector.parse().map_err(StoreError::from)?,
    };
    let asked = PreviewSelector { selector, mapping: Some(id) };
    item(&operation::preview(github(&app)?, mapping.target_id, asked).await?)
}
