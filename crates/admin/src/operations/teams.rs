//! Teams: members that are granted access together.

use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TeamId};
use hookyard_domain::workspace::Slug;
use hookyard_store::teams::{self, Team};
use hookyard_store::{Db, Store};
use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError, members, workspaces};

/// Adds a team without members.
pub async fn create(
    store: &Store,
    actor: &Actor,
    workspace: &Slug,
    name: &Name,
) -> Result<Team, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let workspace = workspaces::require(&tx, workspace).await?;
    let id = TeamId(Uuid::now_v7());
    if !teams::insert(&tx, id, workspace.id, name).await? {
        return Err(OperationError::conflict(format!(
            "the workspace has a team of the name {} already; choose another name",
            name.as_str()
        )));
    }
    let view = require(&tx, id).await?;
    let after = json!({ "name": view.name });
    actor.record(&tx, change("team.create", &view, None, Some(after))).await?;
    tx.commit().await?;
    Ok(view)
}

/// Takes a member into a team of the same workspace. Who is in there stays.
pub async fn add_member(
    store: &Store,
    actor: &Actor,
    id: TeamId,
    member: MemberId,
) -> Result<Team, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    let joining = members::require(&tx, member).await?;
    if joining.workspace_id != before.workspace_id {
        return Err(OperationError::not_found("member", &member));
    }
    let added = teams::add_member(&tx, id, member).await?;
    let view = require(&tx, id).await?;
    if added {
        let after = json!({ "memberId": member });
        actor.record(&tx, change("team.add_member", &view, None, Some(after))).await?;
    }
    tx.commit().await?;
    Ok(view)
}

/// Takes a member out of a team.
pub async fn remove_member(
    store: &Store,
    actor: &Actor,
    id: TeamId,
    member: MemberId,
) -> Result<Team, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    require(&tx, id).await?;
    if !teams::remove_member(&tx, id, member).await? {
        return Err(OperationError::not_found("member of the team", &member));
    }
    let view = require(&tx, id).await?;
    let was = json!({ "memberId": member });
    actor.record(&tx, change("team.remove_member", &view, Some(was), None)).await?;
    tx.commit().await?;
    Ok(view)
}

/// Removes a team with its grants.
pub async fn remove(store: &Store, actor: &Actor, id: TeamId) -> Result<Team, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    teams::remove(&tx, id).await?;
    let was = json!({ "name": before.name, "members": before.members });
    actor.record(&tx, change("team.remove", &before, Some(was), None)).await?;
    tx.commit().await?;
    Ok(before)
}

/// The team of this id, which must exist and not be removed.
pub async fn require(db: &impl Db, id: TeamId) -> Result<Team, OperationError> {
    let found = teams::by_id(db, id).await?.filter(|team| team.removed_at.is_none());
    found.ok_or_else(|| OperationError::not_found("team", &id))
}

fn change(
    action: &'static str,
    view: &Team,
    before: Option<Value>,
    after: Option<Value>,
) -> Change {
    let subject = view.id.to_string();
    Change { action, workspace: Some(view.workspace_id), subject, before, after }
}
