//! `team` and `team_member`: members that are granted access together.

use hookyard_domain::connection::Name;
use hookyard_domain::ids::{MemberId, TeamId, WorkspaceId};
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// The most members of a team that are shown with it.
pub const MEMBERS_SHOWN_MAX: u16 = 1000;

/// A team of a workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    pub id: TeamId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub name: String,
    /// Up to a thousand, in the order in which they became members of the workspace.
    pub members: Vec<MemberId>,
    pub created_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}

impl Team {
    fn read(row: &Row) -> Self {
        let members: Vec<Uuid> = row.get("members");
        Self {
            id: TeamId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            name: row.get("name"),
            members: members.into_iter().map(MemberId).collect(),
            created_at: row.get("created_at"),
            removed_at: row.get("removed_at"),
        }
    }
}

/// Adds a team; false if one of the workspace has the name already.
pub async fn insert(
    db: &impl Db,
    id: TeamId,
    workspace: WorkspaceId,
    name: &Name,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- teams::insert
        insert into team (id, workspace_id, name) values ($1, $2, $3)
        on conflict (workspace_id, lower(name)) where removed_at is null do nothing";
    let added = db
        .execute(
            SQL,
            &[
                /* id */ &id.0,
                /* workspace */ &workspace.0,
                /* name */ &name.as_str(),
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The team of this id, removed or not.
pub async fn by_id(db: &impl Db, id: TeamId) -> Result<Option<Team>, StoreError> {
    const SQL: &str = "-- teams::by_id
        select team.id, team.workspace_id, workspace.slug as workspace, team.name, team.created_at, team.removed_at,
               array(select member_id from team_member where team_id = team.id order by member_id limit 1000) as members
          from team join workspace on workspace.id = team.workspace_id
         where team.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    Ok(row.as_ref().map(Team::read))
}

/// The teams of a workspace, newest first; removed ones are left out.
pub async fn list(
    db: &impl Db,
    workspace: WorkspaceId,
    page: PageRequest<TeamId>,
) -> Result<Page<Team, TeamId>, StoreError> {
    const SQL: &str = "-- teams::list
        select team.id, team.workspace_id, workspace.slug as workspace, team.name, team.created_at, team.removed_at,
               array(select member_id from team_member where team_id = team.id order by member_id limit 1000) as members
          from team join workspace on workspace.id = team.workspace_id
         where team.id < $1 and team.workspace_id = $2 and team.removed_at is null
         order by team.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = db.rows(SQL, &[/* before */ &before, /* workspace */ &workspace.0]).await?;
    Ok(page.cut(rows.iter().map(Team::read).collect(), |item| item.id))
}

/// The teams of a member, the first hundred by their names.
pub async fn of_member(
    db: &impl Db,
    member: MemberId,
) -> Result<Vec<(TeamId, String)>, StoreError> {
    const SQL: &str = "-- teams::of_member
        select team.id, team.name from team_member join team on team.id = team_member.team_id
         where team_member.member_id = $1 and team.removed_at is null
         order by lower(team.name) limit 100";
    let rows = db.rows(SQL, &[/* member */ &member.0]).await?;
    Ok(rows.iter().map(|row| (TeamId(row.get("id")), row.get("name"))).collect())
}

/// Takes a member into a team. False if it is in there, or one of the two is removed.
pub async fn add_member(db: &impl Db, team: TeamId, member: MemberId) -> Result<bool, StoreError> {
    const SQL: &str = "-- teams::add_member
        insert into team_member (team_id, member_id)
        select team.id, member.id from team join member on member.workspace_id = team.workspace_id
         where team.id = $1 and member.id = $2 and team.removed_at is null and member.removed_at is null
        on conflict do nothing";
    Ok(db.execute(SQL, &[/* team */ &team.0, /* member */ &member.0]).await? == 1)
}

/// Takes a member out of a team. False if it is not in there.
pub async fn remove_member(
    db: &impl Db,
    team: TeamId,
    member: MemberId,
) -> Result<bool, StoreError> {
    const SQL: &str = "-- teams::remove_member
        delete from team_member where team_id = $1 and member_id = $2";
    Ok(db.execute(SQL, &[/* team */ &team.0, /* member */ &member.0]).await? == 1)
}

/// Removes a team with its grants. False if it is removed already.
pub async fn remove(db: &impl Db, id: TeamId) -> Result<bool, StoreError> {
    const SQL: &str = "-- teams::remove
        with gone as (
            update team set removed_at = now() where id = $1 and removed_at is null returning id),
        grants as (
            update access_grant set removed_at = now(), updated_at = now() from gone
             where access_grant.team_id = gone.id and access_grant.removed_at is null),
        members as (
            delete from team_member using gone where team_member.team_id = gone.id)
        select id from gone";
    Ok(db.row_opt(SQL, &[/* id */ &id.0]).await?.is_some())
}
