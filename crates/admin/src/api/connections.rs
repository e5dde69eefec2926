//! `connections`: other systems that are told of events.

use axum::extract::State;
use axum::http::StatusCode;
use hookyard_domain::connection::{ConnectionKind, Name};
use hookyard_domain::ids::ConnectionId;
use hookyard_store::connections::{self, Connection};
use hookyard_vault::KeyRing;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::extract::checked_reason;
use super::fields::{Secret, Seen, Text};
use super::{
    Answer, ApiError, Because, Body, Doc, InPath, Query, changed, created, gone, item_tagged,
    list as listed, page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::connections::{
    self as operation, Connect, Connected, Disconnected, Limits, Outside, Rotated, Rotation,
    Tested, UpdateConnection,
};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    let routes = Routes::api("connections")
        .get(
            "/v1/workspaces/{slug}/connections",
            Need::Member,
            list,
            Doc::list::<Connection>("List connections, newest first").query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/connections",
            Need::Admin,
            connect,
            Doc::created::<Connected>(
                "Connect another system, or give a connection new credentials; it is tested first",
            )
            .body::<NewConnection>(),
        )
        .post(
            "/v1/workspaces/{slug}/connections/test",
            Need::Admin,
            test_all,
            Doc::list::<Tested>("Send a sample to every connection that is in use")
                .body::<TestAll>(),
        )
        .get(
            "/v1/workspaces/{slug}/connections/{connection}",
            Need::Member,
            show,
            Doc::item::<Connection>("Show a connection; never its credentials"),
        )
        .patch(
            "/v1/workspaces/{slug}/connections/{connection}",
            Need::Admin,
            update,
            Doc::changed::<Connection>("Change a connection's name and limits")
                .body::<ChangedConnection>(),
        )
        .delete(
            "/v1/workspaces/{slug}/connections/{connection}",
            Need::Admin,
            delete,
            Doc::gone("Forget the credentials, call off what waits, keep the history").because(),
        );
    steps(routes)
}

/// What is done with a connection.
fn steps(routes: Routes) -> Routes {
    routes
        .post(
            "/v1/workspaces/{slug}/connections/{connection}/test",
            Need::Admin,
            test,
            Doc::changed::<Tested>("Send a sample that names the workspace; 502 if it fails")
                .because(),
        )
        .post(
            "/v1/workspaces/{slug}/connections/{connection}/disconnect",
            Need::Admin,
            disconnect,
            Doc::changed::<Disconnected>(
                "Forget the credentials, call off what waits, keep the history",
            )
            .because(),
        )
        .post(
            "/v1/workspaces/{slug}/connections/{connection}/enable",
            Need::Admin,
            enable,
            Doc::changed::<Connection>("Switch a connection on again").because(),
        )
        .post(
            "/v1/workspaces/{slug}/connections/{connection}/disable",
            Need::Admin,
            disable,
            Doc::changed::<Connection>("Switch a connection off: what goes to it is skipped")
                .because(),
        )
        .post(
            "/v1/workspaces/{slug}/connections/{connection}/rotate-secret",
            Need::Admin,
            rotate,
            Doc::changed::<Rotated>(
                "Make a new key for signed calls, or end the older one; the key is shown once",
            )
            .body::<Rotate>(),
        )
}

/// The ring of the credentials, if this process was given it.
pub(super) fn ring(app: &App) -> Result<&KeyRing, ApiError> {
    app.vault_ring.as_ref().ok_or_else(|| ApiError::not_configured("HOOKYARD_VAULT_KEYS"))
}

/// What calling out needs.
pub(super) fn outside(app: &App) -> Result<Outside<'_>, ApiError> {
    Ok(Outside { store: &app.store, ring: ring(app)?, sender: &app.sender })
}

/// 502: the receiver did not take its sample.
pub(super) fn failed_test(tested: &Tested) -> ApiError {
    let error = tested.error.clone().unwrap_or_else(|| "the test failed".to_owned());
    ApiError::new(StatusCode::BAD_GATEWAY, "test_failed", error).with_details(json!(tested))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<ConnectionId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    listed(&connections::list(&conn, Some(asked.workspace().id), page).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewConnection {
    kind: ConnectionKind,
    /// One of this kind and name is given the new credentials; `default` if left out.
    #[schema(value_type = Option<String>)]
    name: Option<Text<Name>>,
    /// Where calls go; with Slack and Discord that is the credential itself.
    url: Secret,
    /// Who connects it, in the caller's words.
    user_id: Option<String>,
    #[schema(minimum = 1, maximum = 1000)]
    concurrency_max: Option<i32>,
    rate_per_s: Option<f32>,
    reason: Option<String>,
}

async fn connect(State(app): State<App>, asked: Asked, Body(new): Body<NewConnection>) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let limits = Limits { concurrency: new.concurrency_max, rate_per_s: new.rate_per_s };
    let connect = Connect {
        workspace: asked.slug(),
        kind: new.kind,
        name: new.name.map(|it| it.0).unwrap_or_default(),
        url: new.url.0,
        user: new.user_id,
        limits,
    };
    let now = app.now();
    created(&Box::pin(operation::connect(&outside(&app)?, &actor, connect, now)).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TestAll {
    /// Where the call before ended.
    cursor: Option<ConnectionId>,
    reason: Option<String>,
}

async fn test_all(State(app): State<App>, asked: Asked, Body(how): Body<TestAll>) -> Answer {
    let actor = asked.actor(checked_reason(how.reason)?);
    let (outside, workspace) = (outside(&app)?, Some(asked.workspace().id));
    let tested = operation::test_all(&outside, &actor, workspace, how.cursor, app.now());
    listed(&Box::pin(tested).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<ConnectionId>) -> Answer {
    let connection = operation::require(&app.store.conn().await?, id).await?;
    item_tagged(&connection, connection.updated_at)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangedConnection {
    #[schema(value_type = Option<String>)]
    name: Option<Text<Name>>,
    #[schema(minimum = 1, maximum = 1000)]
    concurrency_max: Option<i32>,
    rate_per_s: Option<f32>,
    /// As the caller last saw it; `If-Match` says the same.
    updated_at: Option<Timestamp>,
    reason: Option<String>,
}

async fn update(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<ConnectionId>,
    seen: Seen,
    Body(to): Body<ChangedConnection>,
) -> Answer {
    let actor = asked.actor(checked_reason(to.reason)?);
    let expected = seen.or(to.updated_at);
    let limits = Limits { concurrency: to.concurrency_max, rate_per_s: to.rate_per_s };
    let to = UpdateConnection { name: to.name.map(|it| it.0), limits };
    changed(&operation::update(&app.store, &actor, id, to, expected).await?)
}

async fn test(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<ConnectionId>,
    Because(reason): Because,
) -> Answer {
    let (outside, actor) = (outside(&app)?, asked.actor(reason));
    let tested = Box::pin(operation::test(&outside, &actor, id, app.now())).await?;
    if tested.ok { changed(&tested) } else { Err(failed_test(&tested)) }
}

async fn disconnect(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<ConnectionId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::disconnect(&app.store, &asked.actor(reason), id).await?)
}

async fn delete(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<ConnectionId>,
    Because(reason): Because,
) -> Answer {
    operation::disconnect(&app.store, &asked.actor(reason), id).await?;
    gone()
}

async fn enable(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<ConnectionId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::set_enabled(&app.store, &asked.actor(reason), id, true).await?)
}

async fn disable(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<ConnectionId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::set_enabled(&app.store, &asked.actor(reason), id, false).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rotate {
    /// End the older key instead: the receiver has the new one.
    #[serde(default)]
    finish: bool,
    reason: Option<String>,
}

async fn rotate(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<ConnectionId>,
    Body(how): Body<Rotate>,
) -> Answer {
    let actor = asked.actor(checked_reason(how.reason)?);
    let step = if how.finish { Rotation::Finish } else { Rotation::Begin };
    changed(&operation::rotate(&app.store, &actor, ring(&app)?, id, step).await?)
}
