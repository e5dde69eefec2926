//! `teams`: members that are granted access together.

use axum::extract::State;
use hookyard_domain::ids::{MemberId, TeamId};
use hookyard_store::teams::{self, Team};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::{ReasonQuery, checked_reason, parsed};
use super::{
    Answer, Because, Body, Doc, InPath, Query, changed, created, gone, item, list as listed,
    page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::teams as operation;
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("teams")
        .get(
            "/v1/workspaces/{slug}/teams",
            Need::Member,
            list,
            Doc::list::<Team>("List teams, newest first").query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/teams/{team}",
            Need::Member,
            show,
            Doc::item::<Team>("Show a team and its members"),
        )
        .post(
            "/v1/workspaces/{slug}/teams",
            Need::Admin,
            create,
            Doc::created::<Team>("Add a team").body::<New>(),
        )
        .delete(
            "/v1/workspaces/{slug}/teams/{team}",
            Need::Admin,
            remove,
            Doc::gone("Remove a team with its grants").query::<ReasonQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/teams/{team}/members/{member}",
            Need::Admin,
            add_member,
            Doc::changed::<Team>("Take a member into a team").because(),
        )
        .delete(
            "/v1/workspaces/{slug}/teams/{team}/members/{member}",
            Need::Admin,
            remove_member,
            Doc::gone("Take a member out of a team").query::<ReasonQuery>(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<TeamId>,
}

/// A team to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewTeam)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    /// What to call it; 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    reason: Option<String>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    listed(&teams::list(&app.store.conn().await?, asked.workspace().id, page).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<TeamId>) -> Answer {
    item(&operation::require(&app.store.conn().await?, id).await?)
}

async fn create(State(app): State<App>, asked: Asked, Body(body): Body<New>) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    let name = parsed("name", &body.name)?;
    created(&operation::create(&app.store, &actor, &asked.slug(), &name).await?)
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<TeamId>,
    Query(query): Query<ReasonQuery>,
) -> Answer {
    let actor = asked.actor(checked_reason(query.reason)?);
    operation::remove(&app.store, &actor, id).await?;
    gone()
}

async fn add_member(
    State(app): State<App>,
    asked: Asked,
    InPath(team): InPath<TeamId>,
    InPath(member): InPath<MemberId>,
    Because(reason): Because,
) -> Answer {
    changed(&operation::add_member(&app.store, &asked.actor(reason), team, member).await?)
}

async fn remove_member(
    State(app): State<App>,
    asked: Asked,
    InPath(team): InPath<TeamId>,
    InPath(member): InPath<MemberId>,
    Query(query): Query<ReasonQuery>,
) -> Answer {
    let actor = asked.actor(checked_reason(query.reason)?);
    operation::remove_member(&app.store, &actor, team, member).await?;
    gone()
}
