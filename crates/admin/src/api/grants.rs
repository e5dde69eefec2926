//! `connector-instances/.../access`: who may do what with a connector instance.

use axum::extract::State;
use hookyard_domain::ids::{GrantId, InstanceId, MemberId, TeamId};
use hookyard_domain::role::InstanceRole;
use hookyard_store::grants::{self, Grant, Grantee};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::{ReasonQuery, checked_reason};
use super::{Answer, ApiError, Body, Doc, InPath, Query, created, gone, list as listed, page_of};
use crate::App;
use crate::access::{Asked, Need};
use crate::operations::grants as operation;
use crate::routes::Routes;

const MANAGER: Need = Need::Instance(InstanceRole::Manager);

/// The routes of this noun.
pub(super) fn routes() -> Routes {
    Routes::api("access")
        .get(
            "/v1/workspaces/{slug}/connector-instances/{instance}/access",
            MANAGER,
            list,
            Doc::list::<Grant>("List who was granted access to an instance").query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces/{slug}/connector-instances/{instance}/access",
            MANAGER,
            put,
            Doc::created::<Grant>(
                "Grant a role; who has one on the instance gets this in its place",
            )
            .body::<New>(),
        )
        .delete(
            "/v1/workspaces/{slug}/connector-instances/{instance}/access/{grant}",
            MANAGER,
            revoke,
            Doc::gone("Revoke a grant").query::<ReasonQuery>(),
        )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<GrantId>,
}

/// To exactly one of a member, a team, or everybody.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewGrant)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    member_id: Option<MemberId>,
    team_id: Option<TeamId>,
    /// To every member of the workspace.
    org_wide: Option<bool>,
    role: InstanceRole,
    reason: Option<String>,
}

async fn list(
    State(app): State<App>,
    InPath(instance): InPath<InstanceId>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    listed(&grants::of_instance(&app.store.conn().await?, instance, page).await?)
}

async fn put(
    State(app): State<App>,
    asked: Asked,
    InPath(instance): InPath<InstanceId>,
    Body(body): Body<New>,
) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    let grantee = match (body.member_id, body.team_id, body.org_wide.unwrap_or_default()) {
        (Some(member), None, false) => Grantee::Member(member),
        (None, Some(team), false) => Grantee::Team(team),
        (None, None, true) => Grantee::OrgWide,
        _ => {
            let message = "name exactly one of memberId, teamId and orgWide: true";
            return Err(ApiError::field("memberId", message));
        }
    };
    created(&operation::put(&app.store, &actor, instance, grantee, body.role).await?)
}

async fn revoke(
    State(app): State<App>,
    asked: Asked,
    InPath(instance): InPath<InstanceId>,
    InPath(id): InPath<GrantId>,
    Query(query): Query<ReasonQuery>,
) -> Answer {
    let actor = asked.actor(checked_reason(query.reason)?);
    let grant = operation::require(&app.store.conn().await?, id).await?;
    if grant.connector_instance_id != instance {
        return Err(ApiError::not_found("access grant", &id.to_string()));
    }
    operation::revoke(&app.store, &actor, id).await?;
    gone()
}
