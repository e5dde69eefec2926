//! `member`: who works in a workspace.

use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TeamId, WorkspaceId};
use hookyard_domain::role::MemberRole;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// A member of a workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub id: MemberId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub name: String,
    pub role: MemberRole,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub removed_at: Option<Timestamp>,
    /// The last day, in UTC, on which the member was here.
    pub last_seen_on: Option<Date>,
}

impl Member {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: MemberId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            name: row.get("name"),
            role: row.get::<_, &str>("role").parse()?,
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            removed_at: row.get("removed_at"),
            last_seen_on: row.get("last_seen_on"),
        })
    }
}

/// Adds a member; false if somebody of the workspace has the name already.
pub async fn insert(
    db: &impl Db,
    id: MemberId,
    workspace: WorkspaceId,
    name: &Name,
    role: MemberRole,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- members::insert
        insert into member (id, workspace_id, name, role) values ($1, $2, $3, $4)
        on conflict (workspace_id, lower(name)) where removed_at is null do nothing";
    let added = db
        .execute(
            SQL,
            &[
                /* id */ &id.0,
                /* workspace */ &workspace.0,
                /* name */ &name.as_str(),
                /* role */ &role.as_str(),
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The member of this id, removed or not.
pub async fn by_id(db: &impl Db, id: MemberId) -> Result<Option<Member>, StoreError> {
    const SQL: &str = "-- members::by_id
        select member.id, member.workspace_id, workspace.slug as workspace, member.name, member.role,
               member.created_at, member.updated_at, member.removed_at,
               (select max(day) from day_seen where id = member.id) as last_seen_on
          from member join workspace on workspace.id = member.workspace_id
         where member.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Member::read).transpose()
}

/// The members of one workspace, or all, newest first; removed ones are left out.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<MemberId>,
) -> Result<Page<Member, MemberId>, StoreError> {
    const ALL: &str = "-- members::list (all)
        select member.id, member.workspace_id, workspace.slug as workspace, member.name, member.role,
               member.created_at, member.updated_at, member.removed_at,
               (select max(day) from day_seen where id = member.id) as last_seen_on
          from member join workspace on workspace.id = member.workspace_id
         where member.id < $1 and member.removed_at is null
         order by member.id desc limit 101";
    const OF_WORKSPACE: &str = "-- members::list (of a workspace)
        select member.id, member.workspace_id, workspace.slug as workspace, member.name, member.role,
               member.created_at, member.updated_at, member.removed_at,
               (select max(day) from day_seen where id = member.id) as last_seen_on
          from member join workspace on workspace.id = member.workspace_id
         where member.id < $1 and member.workspace_id = $2 and member.removed_at is null
         order by member.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(Member::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// The members of a team, in the order in which they became members of the workspace.
pub async fn of_team(db: &impl Db, team: TeamId) -> Result<Vec<Member>, StoreError> {
    const SQL: &str = "-- members::of_team
        select member.id, member.workspace_id, workspace.slug as workspace, member.name, member.role,
               member.created_at, member.updated_at, member.removed_at,
               (select max(day) from day_seen where id = member.id) as last_seen_on
          from team_member
          join member on member.id = team_member.member_id
          join workspace on workspace.id = member.workspace_id
         where team_member.team_id = $1
         order by team_member.member_id limit 1000";
    let rows = db.rows(SQL, &[/* team */ &team.0]).await?;
    rows.iter().map(Member::read).collect()
}

/// Lets one change at a time be made to who owns a workspace, until the transaction ends.
pub async fn lock_owners(db: &impl Db, workspace: WorkspaceId) -> Result<(), StoreError> {
    const SQL: &str = "-- members::lock_owners
        select id from workspace where id = $1 for no key update";
    db.row_opt(SQL, &[/* workspace */ &workspace.0]).await.map(drop)
}

/// How many owners a workspace has beside this member.
pub async fn other_owners(
    db: &impl Db,
    workspace: WorkspaceId,
    member: MemberId,
) -> Result<i64, StoreError> {
    const SQL: &str = "-- members::other_owners
        select count(*) as owners from member
         where workspace_id = $1 and id <> $2 and role = 'owner' and removed_at is null";
    let row = db.row(SQL, &[/* workspace */ &workspace.0, /* member */ &member.0]).await?;
    Ok(row.get("owners"))
}

/// Gives a member another role. False if it is removed.
pub async fn set_role(db: &impl Db, id: MemberId, role: MemberRole) -> Result<bool, StoreError> {
    const SQL: &str = "-- members::set_role
        update member set role = $2, updated_at = now() where id = $1 and removed_at is null";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* role */ &role.as_str()]).await? == 1)
}

/// Removes a member: from its teams, with its tokens, sessions and grants. False if it is removed already.
pub async fn remove(db: &impl Db, id: MemberId) -> Result<bool, StoreError> {
    const SQL: &str = "-- members::remove
        with gone as (
            update member set removed_at = now(), updated_at = now() where id = $1 and removed_at is null
            returning id),
        tokens as (
            update token set revoked_at = now() from gone where token.member_id = gone.id and revoked_at is null),
        sessions as (
            update console_session set ended_at = now() from gone
             where console_session.member_id = gone.id and ended_at is null),
        grants as (
            update access_grant set removed_at = now(), updated_at = now() from gone
             where access_grant.member_id = gone.id and access_grant.removed_at is null),
        teams as (
            delete from team_member using gone where team_member.member_id = gone.id)
        select id from gone";
    Ok(db.row_opt(SQL, &[/* id */ &id.0]).await?.is_some())
}
