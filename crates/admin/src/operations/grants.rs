//! Grants: what a member, a team or everybody may do with a connector instance.

use hookyard_domain::ids::{GrantId, InstanceId};
use hookyard_domain::role::InstanceRole;
use hookyard_store::grants::{self, Grant, Grantee};
use hookyard_store::{Db, Store, instances};
use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError, members, teams};

/// Grants a role on an instance; who has one there gets this in its place.
pub async fn put(
    store: &Store,
    actor: &Actor,
    instance: InstanceId,
    grantee: Grantee,
    role: InstanceRole,
) -> Result<Grant, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let found = instances::by_id(&tx, instance).await?;
    let found = found.ok_or_else(|| OperationError::not_found("connector instance", &instance))?;
    let lives_here = match grantee {
        Grantee::Member(id) => members::require(&tx, id).await?.workspace_id == found.workspace_id,
        Grantee::Team(id) => teams::require(&tx, id).await?.workspace_id == found.workspace_id,
        Grantee::OrgWide => true,
    };
    if !lives_here {
        return Err(match grantee {
            Grantee::Member(id) => OperationError::not_found("member", &id),
            Grantee::Team(id) => OperationError::not_found("team", &id),
            Grantee::OrgWide => OperationError::not_found("workspace", &"of the instance"),
        });
    }
    let place = (found.workspace_id, instance);
    let id = grants::put(&tx, GrantId(Uuid::now_v7()), place, grantee, role).await?;
    let view = require(&tx, id).await?;
    let after = json!({
        "connectorInstanceId": instance, "memberId": view.member_id, "teamId": view.team_id,
        "orgWide": view.org_wide, "role": view.role,
    });
    actor.record(&tx, change("grant.put", &view, None, Some(after))).await?;
    tx.commit().await?;
    Ok(view)
}

/// Revokes a grant. What others give the same member stays.
pub async fn revoke(store: &Store, actor: &Actor, id: GrantId) -> Result<Grant, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    grants::revoke(&tx, id).await?;
    let was = json!({
        "connectorInstanceId": before.connector_instance_id, "memberId": before.member_id, "teamId": before.team_id,
        "orgWide": before.org_wide, "role": before.role,
    });
    actor.record(&tx, change("grant.revoke", &before, Some(was), None)).await?;
    tx.commit().await?;
    Ok(before)
}

/// The grant of this id, which must exist and not be revoked.
pub async fn require(db: &impl Db, id: GrantId) -> Result<Grant, OperationError> {
    let found = grants::by_id(db, id).await?.filter(|grant| grant.removed_at.is_none());
    found.ok_or_else(|| OperationError::not_found("access grant", &id))
}

fn change(
    action: &'static str,
    view: &Grant,
    before: Option<Value>,
    after: Option<Value>,
) -> Change {
    let subject = view.id.to_string();
    Change { action, workspace: Some(view.workspace_id), subject, before, after }
}
