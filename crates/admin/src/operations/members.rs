//! Members: who works in a workspace, and as what.

use hookyard_domain::connection::Name;
use hookyard_domain::ids::MemberId;
use hookyard_domain::role::MemberRole;
use hookyard_domain::workspace::Slug;
use hookyard_store::members::{self, Member};
use hookyard_store::{Db, Store};
use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError, workspaces};

/// Adds a member. `rank` is what whoever asks is in the workspace: nobody makes somebody above.
pub async fn add(
    store: &Store,
    actor: &Actor,
    rank: MemberRole,
    workspace: &Slug,
    name: &Name,
    role: MemberRole,
) -> Result<Member, OperationError> {
    check_rank(rank, role)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let workspace = workspaces::require(&tx, workspace).await?;
    let id = MemberId(Uuid::now_v7());
    if !members::insert(&tx, id, workspace.id, name, role).await? {
        return Err(OperationError::conflict(format!(
            "the workspace has a member of the name {} already; choose another name",
            name.as_str()
        )));
    }
    let view = require(&tx, id).await?;
    let after = json!({ "name": view.name, "role": view.role });
    actor.record(&tx, change("member.add", &view, None, Some(after))).await?;
    tx.commit().await?;
    Ok(view)
}

/// Gives a member another role. The last owner of a workspace stays one.
pub async fn set_role(
    store: &Store,
    actor: &Actor,
    rank: MemberRole,
    id: MemberId,
    role: MemberRole,
) -> Result<Member, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = locked(&tx, id).await?;
    check_rank(rank, before.role.max(role))?;
    if before.role == role {
        return Ok(before);
    }
    check_not_last_owner(&tx, &before).await?;
    members::set_role(&tx, id, role).await?;
    let view = require(&tx, id).await?;
    let (was, is) = (json!({ "role": before.role }), json!({ "role": view.role }));
    actor.record(&tx, change("member.set_role", &view, Some(was), Some(is))).await?;
    tx.commit().await?;
    Ok(view)
}

/// Removes a member, with all tokens, sessions, grants and places in teams. The last owner cannot be removed.
pub async fn remove(
    store: &Store,
    actor: &Actor,
    rank: MemberRole,
    id: MemberId,
) -> Result<Member, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = locked(&tx, id).await?;
    check_rank(rank, before.role)?;
    check_not_last_owner(&tx, &before).await?;
    members::remove(&tx, id).await?;
    let view = any(&tx, id).await?;
    let was = json!({ "name": before.name, "role": before.role });
    actor.record(&tx, change("member.remove", &view, Some(was), None)).await?;
    tx.commit().await?;
    Ok(view)
}

/// The member of this id, which must exist and not be removed.
pub async fn require(db: &impl Db, id: MemberId) -> Result<Member, OperationError> {
    let found = members::by_id(db, id).await?.filter(|member| member.removed_at.is_none());
    found.ok_or_else(|| OperationError::not_found("member", &id))
}

/// The member of this id, removed or not.
pub(super) async fn any(db: &impl Db, id: MemberId) -> Result<Member, OperationError> {
    let found = members::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("member", &id))
}

/// Nobody acts for, or makes, somebody above: an admin would become an owner that way.
pub(super) fn check_rank(rank: MemberRole, concerned: MemberRole) -> Result<(), OperationError> {
    if rank >= concerned {
        Ok(())
    } else {
        Err(OperationError::Forbidden("only an owner of the workspace may do this to an owner"))
    }
}

/// The member, while no other transaction changes who owns the workspace: two owners that remove each other at once
/// would leave none.
async fn locked(db: &impl Db, id: MemberId) -> Result<Member, OperationError> {
    let member = require(db, id).await?;
    members::lock_owners(db, member.workspace_id).await?;
    require(db, id).await
}

async fn check_not_last_owner(db: &impl Db, member: &Member) -> Result<(), OperationError> {
    let is_owner = member.role == MemberRole::Owner;
    if is_owner && members::other_owners(db, member.workspace_id, member.id).await? == 0 {
        return Err(OperationError::conflict(
            "a workspace keeps at least one owner; make somebody else an owner first".to_owned(),
        ));
    }
    Ok(())
}

fn change(
    action: &'static str,
    view: &Member,
    before: Option<Value>,
    after: Option<Value>,
) -> Change {
    let subject = view.id.to_string();
    Change { action, workspace: Some(view.workspace_id), subject, before, after }
}
