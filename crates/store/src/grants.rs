//! `access_grant`: what a member, a team or the whole workspace may do with a connector instance.

use hookyard_domain::ids::{GrantId, InstanceId, MemberId, TeamId, WorkspaceId};
use hookyard_domain::role::InstanceRole;
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// To whom access is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grantee {
    Member(MemberId),
    Team(TeamId),
    /// Every member of the workspace.
    OrgWide,
}

/// Access to a connector instance, granted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    pub id: GrantId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub connector_instance_id: InstanceId,
    pub member_id: Option<MemberId>,
    pub team_id: Option<TeamId>,
    /// Whether it is every member's.
    pub org_wide: bool,
    /// The name of the member or the team.
    pub name: Option<String>,
    pub role: InstanceRole,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}

impl Grant {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: GrantId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            connector_instance_id: InstanceId(row.get("instance_id")),
            member_id: row.get::<_, Option<_>>("member_id").map(MemberId),
            team_id: row.get::<_, Option<_>>("team_id").map(TeamId),
            org_wide: row.get("org_wide"),
            name: row.get("name"),
            role: row.get::<_, &str>("role").parse()?,
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            removed_at: row.get("removed_at"),
        })
    }
}

/// Grants a role; who has one on the instance gets this in its place. The grant's id, which is `id` or the old one.
pub async fn put(
    db: &impl Db,
    id: GrantId,
    instance: (WorkspaceId, InstanceId),
    grantee: Grantee,
    role: InstanceRole,
) -> Result<GrantId, StoreError> {
    const TO_MEMBER: &str = "-- grants::put (member)
        insert into access_grant (id, workspace_id, instance_id, member_id, role) values ($1, $2, $3, $5, $4)
        on conflict (instance_id, member_id) where member_id is not null
        do update set role = excluded.role, removed_at = null, updated_at = now()
        returning id";
    const TO_TEAM: &str = "-- grants::put (team)
        insert into access_grant (id, workspace_id, instance_id, team_id, role) values ($1, $2, $3, $5, $4)
        on conflict (instance_id, team_id) where team_id is not null
        do update set role = excluded.role, removed_at = null, updated_at = now()
        returning id";
    const ORG_WIDE: &str = "-- grants::put (everybody)
        insert into access_grant (id, workspace_id, instance_id, org_wide, role) values ($1, $2, $3, true, $4)
        on conflict (instance_id) where org_wide
        do update set role = excluded.role, removed_at = null, updated_at = now()
        returning id";
    let (workspace, instance) = (instance.0.0, instance.1.0);
    let role = role.as_str();
    let row = match grantee {
        Grantee::Member(to) => {
            db.row(TO_MEMBER, &[&id.0, &workspace, &instance, &role, &to.0]).await?
        }
        Grantee::Team(to) => db.row(TO_TEAM, &[&id.0, &workspace, &instance, &role, &to.0]).await?,
        Grantee::OrgWide => db.row(ORG_WIDE, &[&id.0, &workspace, &instance, &role]).await?,
    };
    Ok(GrantId(row.get("id")))
}

/// The grant of this id, revoked or not.
pub async fn by_id(db: &impl Db, id: GrantId) -> Result<Option<Grant>, StoreError> {
    const SQL: &str = "-- grants::by_id
        select granted.id, granted.workspace_id, granted.instance_id, granted.member_id, granted.team_id,
               granted.org_wide, coalesce(member.name, team.name) as name, granted.role, granted.created_at,
               granted.updated_at, granted.removed_at
          from access_grant granted
          left join member on member.id = granted.member_id
          left join team on team.id = granted.team_id
         where granted.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Grant::read).transpose()
}

/// The grants on an instance, newest first; revoked ones are left out.
pub async fn of_instance(
    db: &impl Db,
    instance: InstanceId,
    page: PageRequest<GrantId>,
) -> Result<Page<Grant, GrantId>, StoreError> {
    const SQL: &str = "-- grants::of_instance
        select granted.id, granted.workspace_id, granted.instance_id, granted.member_id, granted.team_id,
               granted.org_wide, coalesce(member.name, team.name) as name, granted.role, granted.created_at,
               granted.updated_at, granted.removed_at
          from access_grant granted
          left join member on member.id = granted.member_id
          left join team on team.id = granted.team_id
         where granted.id < $1 and granted.instance_id = $2 and granted.removed_at is null
         order by granted.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = db.rows(SQL, &[/* before */ &before, /* instance */ &instance.0]).await?;
    let items = rows.iter().map(Grant::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// Revokes a grant. False if it is revoked already.
pub async fn revoke(db: &impl Db, id: GrantId) -> Result<bool, StoreError> {
    const SQL: &str = "-- grants::revoke
        update access_grant set removed_at = now(), updated_at = now() where id = $1 and removed_at is null";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}
