//! `connector_target`: the branches that are tracked.

use hookyard_domain::ids::{InstanceId, TargetId, WorkspaceId};
use hookyard_domain::target::{RepositoryFullName, TargetStatus};
use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError, Tx};

mod heads;
mod release;
mod seen;

pub use heads::{Head, LastSync, heads};
pub use release::Released;
pub(crate) use release::release;
pub use seen::{OF_EACH_INSTANCE_MAX, TALLY_MAX, list_within, newest_of_instances, tally};

/// A branch to be tracked.
#[derive(Debug, Clone)]
pub struct NewTarget {
    pub id: TargetId,
    pub instance: InstanceId,
    pub repository_id: i64,
    pub repository: RepositoryFullName,
    /// `refs/heads/...`
    pub git_ref: String,
}

/// One branch of one repository, and which commit its config objects stand at.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub id: TargetId,
    #[serde(skip)]
    #[schema(ignore)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub instance_id: InstanceId,
    pub repository_id: i64,
    pub repository: String,
    #[serde(rename = "ref")]
    pub git_ref: String,
    pub status: TargetStatus,
    /// GitHub says that the repository is archived: nothing will change there.
    pub archived: bool,
    pub default_branch: Option<String>,
    pub mapping_revision: i64,
    pub applied_sha: Option<String>,
    pub applied_mapping_revision: Option<i64>,
    pub applied_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Target {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: TargetId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            instance_id: InstanceId(row.get("instance_id")),
            repository_id: row.get("repository_id"),
            repository: row.get("repository"),
            git_ref: row.get("git_ref"),
            status: row.get::<_, &str>("status").parse()?,
            archived: row.get("archived"),
            default_branch: row.get("default_branch"),
            mapping_revision: row.get("mapping_revision"),
            applied_sha: row.get("applied_sha"),
            applied_mapping_revision: row.get("applied_mapping_revision"),
            applied_at: row.get("applied_at"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
        })
    }
}

/// Adds an active target to an instance, in the instance's workspace. False if the instance tracks the branch
/// already.
pub async fn insert(db: &impl Db, target: &NewTarget) -> Result<bool, StoreError> {
    const SQL: &str = "-- targets::insert
        insert into connector_target (id, workspace_id, instance_id, repository_id, repository, git_ref, status)
        select $1, workspace_id, id, $3, $4, $5, 'active' from connector_instance where id = $2
        on conflict (instance_id, repository_id, git_ref) do nothing";
    let inserted = db
        .execute(
            SQL,
            &[
                /* id */ &target.id.0,
                /* instance */ &target.instance.0,
                /* repository id */ &target.repository_id,
                /* repository */ &target.repository.as_str(),
                /* ref */ &target.git_ref,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Locks a target for the rest of the transaction, so that what is read of it next still holds at the change.
pub async fn lock(tx: &Tx<'_>, id: TargetId) -> Result<(), StoreError> {
    const SQL: &str = "-- targets::lock
        select 1 as held from connector_target where id = $1 for no key update";
    tx.row_opt(SQL, &[/* id */ &id.0]).await.map(drop)
}

/// The target of this id.
pub async fn by_id(db: &impl Db, id: TargetId) -> Result<Option<Target>, StoreError> {
    const SQL: &str = "-- targets::by_id
        select target.* from connector_target_standing target
         where target.id = $1";
    let row = db.row_opt(SQL, &[/* id */ &id.0]).await?;
    row.as_ref().map(Target::read).transpose()
}

/// The targets of one workspace, or all.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<TargetId>,
) -> Result<Page<Target, TargetId>, StoreError> {
    const ALL: &str = "-- targets::list (all)
        select target.* from connector_target_standing target
         where target.id < $1
         order by target.id desc limit 101";
    const OF_WORKSPACE: &str = "-- targets::list (of a workspace)
        select target.* from connector_target_standing target
         where target.id < $1 and target.workspace_id = $2
         order by target.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    let items = rows.iter().map(Target::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// The targets of an instance, newest first.
pub async fn list_of_instance(
    db: &impl Db,
    instance: InstanceId,
    page: PageRequest<TargetId>,
) -> Result<Page<Target, TargetId>, StoreError> {
    const SQL: &str = "-- targets::list_of_instance
        select target.* from connector_target_standing target
         where target.id < $1 and target.instance_id = $2
         order by target.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = db.rows(SQL, &[/* before */ &before, /* instance */ &instance.0]).await?;
    let items = rows.iter().map(Target::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// The constraint that refuses a second target of a branch.
pub const BRANCH_TAKEN: &str = "connector_target_branch";

/// Has the target follow another branch; fails with the constraint [`BRANCH_TAKEN`] if its instance tracks that already.
///
/// What is applied came from the branch before, so it no longer counts as current: as with changed mappings.
pub async fn set_branch(db: &impl Db, id: TargetId, git_ref: &str) -> Result<bool, StoreError> {
    const SQL: &str = "-- targets::set_branch
        update connector_target
           set git_ref = $2, mapping_revision = mapping_revision + 1, applied_etag = null, updated_at = now(),
               status = case when status in ('branch_deleted', 'needs_confirmation') then 'active' else status end
         where id = $1 and git_ref <> $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* ref */ &git_ref]).await? == 1)
}

/// Remembers which plugins a repository offers, and the digest of what they were looked for in: they are not new any
/// more. Those of earlier looks stay known, as long as they are not too many.
pub async fn know_plugins(
    db: &impl Db,
    id: TargetId,
    seen: &[u8],
    offered: &[&str],
) -> Result<(), StoreError> {
    const SQL: &str = "-- targets::know_plugins
        update connector_target
           set plugins_seen = $2,
               plugins_known = case when cardinality(plugins_known) > 1000 then $3
                                    else array(select unnest(plugins_known) union select unnest($3::text[])) end
         where id = $1";
    db.execute(SQL, &[/* id */ &id.0, /* seen */ &seen, /* offered */ &offered]).await.map(drop)
}

/// Records that the target's mappings changed, so that what is applied no longer counts as current.
pub async fn bump_mapping_revision(db: &impl Db, id: TargetId) -> Result<i64, StoreError> {
    const SQL: &str = "-- targets::bump_mapping_revision
        update connector_target set mapping_revision = mapping_revision + 1, updated_at = now()
         where id = $1
        returning mapping_revision";
    Ok(db.row(SQL, &[/* id */ &id.0]).await?.get("mapping_revision"))
}

/// Switches a target off, or on again. False if there was nothing to change.
pub async fn set_disabled(db: &impl Db, id: TargetId, disabled: bool) -> Result<bool, StoreError> {
    const SQL: &str = "-- targets::set_disabled
        update connector_target set status = case when $2 then 'disabled' else 'active' end, updated_at = now()
         where id = $1 and (status = 'disabled') <> $2";
    Ok(db.execute(SQL, &[/* id */ &id.0, /* disabled */ &disabled]).await? == 1)
}
