//! `members`: who works in a workspace, and as what.

use axum::extract::State;
use hookyard_domain::ids::MemberId;
use hookyard_domain::role::MemberRole;
use hookyard_store::members::{self, Member};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::{ReasonQuery, checked_reason, parsed};
use super::{
    Answer, Because, Body, Doc, InPath, Query, changed, created, gone, item, list as listed,
    page_of,
};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::members as operation;
use crate::operations::sign_in::{self, SignInLink};
use crate::routes::Routes;

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("members")
        .get(
            "/v1/workspaces/{slug}/members",
            Need::Member,
            list,
            Doc::list::<Member>("List members, newest first").query::<ListQuery>(),
        )
        .get(
            "/v1/workspaces/{slug}/members/{member}",
            Need::Member,
            show,
            Doc::item::<Member>("Show a member"),
        )
        .post(
            "/v1/workspaces/{slug}/members",
            Need::Admin,
            add,
            Doc::created::<Member>("Add a member; only an owner adds owners").body::<New>(),
        )
        .patch(
            "/v1/workspaces/{slug}/members/{member}",
            Need::Owner,
            set_role,
            Doc::changed::<Member>("Give a member another role").body::<Change>(),
        )
        .delete(
            "/v1/workspaces/{slug}/members/{member}",
            Need::Admin,
            remove,
            Doc::gone(
                "Remove a member with tokens, sessions and grants; only an owner removes owners",
            )
            .query::<ReasonQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/members/{member}/sign-in-link",
            Need::Admin,
            sign_in_link,
            Doc::created::<SignInLink>("Make a link that signs a member in, once").because(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<MemberId>,
}

/// A member to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewMember)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    /// What to call the member; 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    role: MemberRole,
    reason: Option<String>,
}

/// What becomes of a member.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = MemberChange)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    role: MemberRole,
    reason: Option<String>,
}

async fn list(State(app): State<App>, asked: Asked, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    let conn = app.store.conn().await?;
    listed(&members::list(&conn, Some(asked.workspace().id), page).await?)
}

async fn show(State(app): State<App>, InPath(id): InPath<MemberId>) -> Answer {
    item(&operation::require(&app.store.conn().await?, id).await?)
}

async fn add(State(app): State<App>, asked: Asked, Body(body): Body<New>) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    let name = parsed("name", &body.name)?;
    let slug = asked.slug();
    created(&operation::add(&app.store, &actor, asked.rank(), &slug, &name, body.role).await?)
}

async fn set_role(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<MemberId>,
    Body(body): Body<Change>,
) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    changed(&operation::set_role(&app.store, &actor, asked.rank(), id, body.role).await?)
}

async fn remove(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<MemberId>,
    Query(query): Query<ReasonQuery>,
) -> Answer {
    let actor = asked.actor(checked_reason(query.reason)?);
    operation::remove(&app.store, &actor, asked.rank(), id).await?;
    gone()
}

async fn sign_in_link(
    State(app): State<App>,
    asked: Asked,
    InPath(id): InPath<MemberId>,
    Because(reason): Because,
) -> Answer {
    created(&sign_in::make_link(&app.store, &asked.actor(reason), asked.rank(), id).await?)
}
