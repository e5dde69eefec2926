//! `workspaces`, who asks, and the audit log.

use axum::extract::State;
use hookyard_domain::ids::{AuditId, MemberId, WorkspaceId};
use hookyard_domain::role::MemberRole;
use hookyard_domain::token::TokenScope;
use hookyard_domain::workspace::Plan;
use hookyard_store::audit::{self, AuditFilter, Entry};
use hookyard_store::workspaces::{self, Workspace};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{checked_reason, parsed};
use super::{Answer, Body, Doc, Query, created, item, list as listed, page_of, time_of};
use crate::App;
use crate::access::{Asked, CallerKind, Need};
use crate::operations::workspaces as operation;
use crate::routes::Routes;

/// The routes of these nouns.
pub(super) fn routes() -> Routes {
    Routes::api("workspaces")
        .get("/v1/me", Need::SignedIn, me, Doc::item::<Me>("Show who asks"))
        .get(
            "/v1/workspaces",
            Need::Operator,
            list,
            Doc::list::<Workspace>("List workspaces, newest first").query::<ListQuery>(),
        )
        .post(
            "/v1/workspaces",
            Need::Operator,
            create,
            Doc::created::<Workspace>("Add a workspace").body::<New>(),
        )
        .get(
            "/v1/workspaces/{slug}",
            Need::Member,
            show,
            Doc::item::<Workspace>("Show a workspace"),
        )
        .get(
            "/v1/workspaces/{slug}/audit-log",
            Need::Admin,
            audit_log,
            Doc::list::<Entry>("List who changed what, when and why, newest first")
                .query::<AuditQuery>(),
        )
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Me {
    /// `operator`, `member` or `application`.
    kind: &'static str,
    name: String,
    member_id: Option<MemberId>,
    role: Option<MemberRole>,
    scopes: Vec<TokenScope>,
    /// The slug of the one workspace that is open to it; none: all of them.
    workspace: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<WorkspaceId>,
}

/// A workspace to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewWorkspace)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    /// Its label in URLs: 1 to 63 of a-z, 0-9 and -.
    slug: String,
    /// Its name, for people.
    name: String,
    plan: Option<Plan>,
    reason: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuditQuery {
    /// Only those of this actor, exactly as the log has it.
    actor: Option<String>,
    /// Only those of this kind, such as `source.rotate`.
    action: Option<String>,
    /// Only changes of what has this id.
    subject: Option<String>,
    /// A time, or a span before now such as `24h`: those made then or later.
    since: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    cursor: Option<AuditId>,
}

async fn me(State(app): State<App>, asked: Asked) -> Answer {
    let caller = asked.caller();
    let workspace = match caller.workspace() {
        Some(id) => workspaces::by_id(&app.store.conn().await?, id).await?.map(|it| it.slug),
        None => None,
    };
    let none = (None, None, Vec::new());
    let (kind, name, (member_id, role, scopes)) = match &caller.kind {
        CallerKind::Operator { name } => ("operator", name, none),
        CallerKind::Member { id, name, role, .. } => {
            ("member", name, (Some(*id), Some(*role), Vec::new()))
        }
        CallerKind::Application { name, scopes, .. } => {
            ("application", name, (None, None, scopes.clone()))
        }
    };
    item(&Me { kind, name: name.clone(), member_id, role, scopes, workspace })
}

async fn list(State(app): State<App>, Query(query): Query<ListQuery>) -> Answer {
    let page = page_of(query.limit, query.cursor)?;
    listed(&workspaces::list(&app.store.conn().await?, page).await?)
}

async fn create(State(app): State<App>, asked: Asked, Body(body): Body<New>) -> Answer {
    let actor = asked.actor(checked_reason(body.reason)?);
    let slug = parsed("slug", &body.slug)?;
    let plan = body.plan.unwrap_or_default();
    created(&operation::create(&app.store, &actor, &slug, &body.name, plan).await?)
}

async fn show(asked: Asked) -> Answer {
    item(asked.workspace())
}

async fn audit_log(
    State(app): State<App>,
    asked: Asked,
    Query(query): Query<AuditQuery>,
) -> Answer {
    let filter = AuditFilter {
        workspace: Some(asked.workspace().id),
        actor: query.actor.as_deref(),
        action: query.action.as_deref(),
        subject: query.subject.as_deref(),
        since: time_of("since", query.since.as_deref(), app.now())?,
    };
    let page = page_of(query.limit, query.cursor)?;
    listed(&audit::list(&app.store.conn().await?, filter, page).await?)
}
