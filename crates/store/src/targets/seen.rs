//! The targets that somebody may see who may not see all: those of the instances that they were granted.

use hookyard_domain::ids::{InstanceId, TargetId, WorkspaceId};
use hookyard_domain::target::TargetStatus;
use uuid::Uuid;

use super::Target;
use crate::paging::{Page, PageRequest};
use crate::{Db, StoreError};

/// How many targets of each instance [`newest_of_instances`] reads: one more than a page shows of an instance.
pub const OF_EACH_INSTANCE_MAX: usize = 11;
/// Where [`tally`] ends: more are not counted.
pub const TALLY_MAX: i64 = 1_000;

/// The targets of a workspace, newest first: all of them, or those that belong to one of these instances.
pub async fn list_within(
    db: &impl Db,
    workspace: WorkspaceId,
    instances: Option<&[InstanceId]>,
    page: PageRequest<TargetId>,
) -> Result<Page<Target, TargetId>, StoreError> {
    const SQL: &str = "-- targets::list_within
        select target.*
          from unnest($3::uuid[]) as seen (instance_id)
          cross join lateral (
                select id from connector_target
                 where instance_id = seen.instance_id and id < $1 and workspace_id = $2
                 order by id desc limit 101) found
          join connector_target_standing target on target.id = found.id
         order by target.id desc limit 101";
    let Some(instances) = instances else {
        return super::list(db, Some(workspace), page).await;
    };
    let before = page.bound(|id| id.0);
    let instances: Vec<Uuid> = instances.iter().map(|id| id.0).collect();
    let rows = db
        .rows(
            SQL,
            &[
                /* before */ &before,
                /* workspace */ &workspace.0,
                /* instances */ &instances,
            ],
        )
        .await?;
    let items = rows.iter().map(Target::read).collect::<Result<_, _>>()?;
    Ok(page.cut(items, |item| item.id))
}

/// The newest targets of each of these instances, up to [`OF_EACH_INSTANCE_MAX`] of each, newest first.
pub async fn newest_of_instances(
    db: &impl Db,
    instances: &[InstanceId],
) -> Result<Vec<Target>, StoreError> {
    const SQL: &str = "-- targets::newest_of_instances
        select target.*
          from unnest($1::uuid[]) as wanted (instance_id)
          cross join lateral (
                select id from connector_target
                 where instance_id = wanted.instance_id
                 order by id desc limit 11) found
          join connector_target_standing target on target.id = found.id
         order by target.id desc";
    let instances: Vec<Uuid> = instances.iter().map(|id| id.0).collect();
    let rows = db.rows(SQL, &[/* instances */ &instances]).await?;
    rows.iter().map(Target::read).collect()
}

/// How many of a workspace's newest thousand targets stand where; of all of them, or of these instances'.
///
/// One more than [`TALLY_MAX`] are counted, to learn that there are more.
pub async fn tally(
    db: &impl Db,
    workspace: WorkspaceId,
    instances: Option<&[InstanceId]>,
) -> Result<Vec<(TargetStatus, i64)>, StoreError> {
    const OF_WORKSPACE: &str = "-- targets::tally (of a workspace)
        select status, count(*) as targets
          from connector_target_standing
         where id = any(array(select id from connector_target where workspace_id = $1 order by id desc limit 1001))
         group by status";
    const WITHIN: &str = "-- targets::tally (of instances)
        select status, count(*) as targets
          from connector_target_standing
         where id = any(array(
                select target.id
                  from unnest($2::uuid[]) as seen (instance_id)
                  cross join lateral (
                        select id from connector_target
                         where instance_id = seen.instance_id and workspace_id = $1
                         order by id desc limit 1001) target
                 limit 1001))
         group by status";
    let rows = match instances {
        None => db.rows(OF_WORKSPACE, &[/* workspace */ &workspace.0]).await?,
        Some(instances) => {
            let instances: Vec<Uuid> = instances.iter().map(|id| id.0).collect();
            db.rows(WITHIN, &[/* workspace */ &workspace.0, /* instances */ &instances]).await?
        }
    };
    rows.iter().map(|row| Ok((row.get::<_, &str>("status").parse()?, row.get("targets")))).collect()
}
