//! `oauth-clients`: applications that are told when one of their users connects an integration.

use axum::extract::State;
use hookyard_domain::connection::Name;
use hookyard_domain::ids::OauthClientId;
use hookyard_domain::token::ClientScope;
use hookyard_store::oauth_clients::{self, OauthClient};
use hookyard_store::oauth_grants::{self, OauthGrant};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::connections::outside;
use super::extract::checked_reason;
use super::fields::{Secret, Text};
use super::{
    Answer, Because, Body, Doc, InPath, Query, changed, created, gone, item, list as listed,
    page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::oauth_clients::{self as operation, AddClient, Granted};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("oauth-clients")
        .get(
            "/v1/workspaces/{slug}/oauth-clients",
            Need::Admin,
            list,
            Doc::list::<OauthClient>("List OAuth clients, newest first").query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/oauth-clients",
            Need::Admin,
            add,
            Doc::created::<OauthClient>("Add an OAuth client").body::<NewClient>(),
        )
        .get(
            "/v1/workspaces/{slug}/oauth-clients/{oauth_client}",
            Need::Admin,
            show,
            Doc::item::<OauthClient>("Show an OAuth client; never its URL or its secret"),
        )
        .delete(
            "/v1/workspaces/{slug}/oauth-clients/{oauth_client}",
            Need::Admin,
            remove,
            Doc::gone("Remove an OAuth client with its grants, and call off what waits for it")
                .because(),
        )
        .get(
            "/v1/workspaces/{slug}/oauth-clients/{oauth_client}/grants",
            Need::Admin,
            grants,
            Doc::list::<OauthGrant>(
                "List the users who granted it access, by name; also those who took it back",
            )
            .query::<GrantsQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/oauth-clients/{oauth_client}/grant",
            Need::Admin,
            grant,
            Doc::changed::<Granted>("A user grants it access").body::<Grant>(),
        )
        .post(
            "/v1/workspaces/{slug}/oauth-clients/{oauth_client}/revoke",
            Need::Admin,
            revoke,
            Doc::changed::<Granted>("A user takes that back").body::<Grant>(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<OauthClientId>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    listed(&oauth_clients::list(&conn, Some(asked.workspace().id), page).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewOauthClient)]
struct NewClient {
    #[schema(value_type = String)]
    name: Text<Name>,
    webhook_url: Secret,
    /// What `X-Webhook-Secret` is made with; left out: its calls have no such header.
    secret: Option<Secret>,
    scopes: Vec<ClientScope>,
    reason: Option<String>,
}

async fn add(State(app): State<App>, asked: Asked, Body(new): Body<NewClient>) -> Answer {
    let actor = asked.actor(checked_reason(new.reason)?);
    let new = AddClient {
        workspace: asked.slug(),
        name: new.name.0,
        webhook_url: new.webhook_url.0,
        secret: new.secret.map(|it| it.0),
        scopes: new.scopes,
    };
    created(&operation::add(&outside(&app)?, &actor, new).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<OauthClientId>) -> Answer {
    item(&operation::require(&app.store.conn().await?, id).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GrantsQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// The last user of the page before.
    cursor: Option<String>,
}

async fn grants(
    State(app): State<App>,
    InPath(id): InPath<OauthClientId>,
    Query(query): Query<GrantsQuery>,
) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    listed(&oauth_grants::list(&app.store.conn().await?, id, page).await?)
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<OauthClientId>,
    Because(reason): Because,
) -> Answer {
    operation::remove(&app.store, &asked.actor(reason), id).await?;
    gone()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = OauthGrant)]
struct Grant {
    /// In the caller's words, as `userId` of a connection.
    user_id: String,
    reason: Option<String>,
}

async fn grant(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<OauthClientId>,
    Body(to): Body<Grant>,
) -> Answer {
    let actor = asked.actor(checked_reason(to.reason)?);
    changed(&operation::set_granted(&app.store, &actor, id, &to.user_id, true).await?)
}

async fn revoke(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<OauthClientId>,
    Body(from): Body<Grant>,
) -> Answer {
    let actor = asked.actor(checked_reason(from.reason)?);
    changed(&operation::set_granted(&app.store, &actor, id, &from.user_id, false).await?)
}
