//! `sources`: a workspace's own inbound URLs and their secrets.

use std::time::Duration;

use axum::extract::State;
use hookyard_domain::ids::SourceId;
use hookyard_domain::provider::Provider;
use hookyard_domain::workspace::Slug;
use hookyard_vault::KeyRing;
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::checked_reason;
use super::fields::{Secret, Text};
use super::{
    Answer, ApiError, Because, Body, Doc, InPath, Query, changed, created, item, list as listed,
    page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::sources::{self as operation, CreateSource, SourceView};
use crate::routes::Routes;

/// How long the secret before stays valid unless the caller says otherwise, in seconds.
const KEEP_OLD_S: u64 = 24 * 60 * 60;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("sources")
        .get(
            "/v1/workspaces/{slug}/sources",
            Need::Admin,
            list,
            Doc::list::<SourceView>("List the workspace's sources, newest first")
                .query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/sources",
            Need::Admin,
            create,
            Doc::created::<SourceView>("Add a source with its first secret").body::<NewSource>(),
        )
        .get(
            "/v1/workspaces/{slug}/sources/{source}",
            Need::Admin,
            show,
            Doc::item::<SourceView>("Show a source; never its secrets"),
        )
        .post(
            "/v1/workspaces/{slug}/sources/{source}/rotate",
            Need::Admin,
            rotate,
            Doc::changed::<SourceView>("Give a source a new secret; the one before ends later")
                .body::<Rotate>(),
        )
        .post(
            "/v1/workspaces/{slug}/sources/{source}/disable",
            Need::Admin,
            disable,
            Doc::changed::<SourceView>("Switch a source off: its URL is then unknown").because(),
        )
        .post(
            "/v1/workspaces/{slug}/sources/{source}/enable",
            Need::Admin,
            enable,
            Doc::changed::<SourceView>("Switch a source on again").because(),
        )
}

fn ring(app: &App) -> Result<&KeyRing, ApiError> {
    app.source_ring.as_ref().ok_or_else(|| ApiError::not_configured("HOOKYARD_SOURCE_KEYS"))
}

fn bytes(secret: &Secret) -> SecretSlice<u8> {
    secret.0.expose_secret().as_bytes().to_vec().into()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<SourceId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    listed(&operation::list(&conn, Some(asked.workspace().id), page).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewSource {
    provider: Provider,
    /// A label that is safe in a URL.
    #[schema(value_type = String)]
    slug: Text<Slug>,
    secret: Secret,
    reason: Option<String>,
}

async fn create(State(app): State<App>, asked: Asked, Body(new): Body<NewSource>) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let secret = bytes(&new.secret);
    let new =
        CreateSource { provider: new.provider, workspace: Some(asked.slug()), slug: new.slug.0 };
    created(&operation::create(&app.store, &actor, ring(&app)?, new, &secret).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<SourceId>) -> Answer {
    item(&operation::require(&app.store.conn().await?, id).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RotateSource)]
struct Rotate {
    secret: Secret,
    /// How long the one before stays valid, in seconds; a day if left out, 30 days at most.
    keep_old_s: Option<u64>,
    reason: Option<String>,
}

async fn rotate(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<SourceId>,
    Body(to): Body<Rotate>,
) -> Answer {
    let actor = asked.actor(checked_reason(to.reason)?);
    let keep_old = Duration::from_secs(to.keep_old_s.unwrap_or(KEEP_OLD_S));
    let (ring, secret) = (ring(&app)?, bytes(&to.secret));
    changed(&operation::rotate(&app.store, &actor, ring, id, &secret, keep_old).await?)
}

async fn disable(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<SourceId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::set_disabled(&app.store, &asked.actor(reason), id, true).await?)
}

async fn enable(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<SourceId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::set_disabled(&app.store, &asked.actor(reason), id, false).await?)
}
