//! The ids of a page of config objects, by walks along the index of each filter that can lead.

use hookyard_domain::config_object::{ObjectStatus, ObjectType};
use uuid::Uuid;

use super::ConfigObjectFilter;
use crate::walk::{Param, TARGETS_APART_MAX, Walked, arms, furthest, walk};
use crate::{Db, StoreError};

// In every statement: $1 before, $2 type, $3 status, $4 workspace, $5 targets, $6 path, $7 the lowest id.
macro_rules! matching {
    () => {
        "($2::text is null or object_type = $2) and ($3::text is null or status = $3)
                    and ($4::uuid is null or workspace_id = $4) and ($5::uuid[] is null or target_id = any($5))
                    and ($6::text is null or path = $6)"
    };
}

macro_rules! looked {
    ($leading:literal) => {
        concat!(
            "select id, workspace_id, target_id, object_type, status, path from config_object
                             where ",
            $leading
        )
    };
}

const ALL: &str = walk!(
    "config_object_list::ids (all)",
    matching!(),
    looked!("id < $1 and (id, id) >= ($7, $7)"),
    "id desc"
);

const OF_WORKSPACE: &str = walk!(
    "config_object_list::ids (of a workspace)",
    matching!(),
    looked!("(workspace_id, id) < ($4, $1) and (workspace_id, id) >= ($4, $7)"),
    "workspace_id desc, id desc"
);

const OF_TYPE: &str = walk!(
    "config_object_list::ids (of a workspace and a type)",
    matching!(),
    looked!(
        "(workspace_id, object_type, id) < ($4, $2, $1)
                               and (workspace_id, object_type, id) >= ($4, $2, $7)"
    ),
    "workspace_id desc, object_type desc, id desc"
);

const OF_TARGET: &str = arms!(
    "config_object_list::ids (of a target)",
    "unnest($5::uuid[]) as wanted (value)",
    matching!(),
    looked!("(target_id, id) < (wanted.value, $1) and (target_id, id) >= (wanted.value, $7)"),
    "target_id desc, id desc",
    "800"
);

const OF_TARGETS: &str = arms!(
    "config_object_list::ids (of targets)",
    "unnest($5::uuid[]) as wanted (value)",
    matching!(),
    looked!("(target_id, id) < (wanted.value, $1) and (target_id, id) >= (wanted.value, $7)"),
    "target_id desc, id desc",
    "101"
);

const OF_PATH: &str = walk!(
    "config_object_list::ids (of a path)",
    matching!(),
    looked!("(path, id) < ($6, $1) and (path, id) >= ($6, $7)"),
    "path desc, id desc"
);

/// The ids below `before`, newest first.
pub(super) async fn ids(
    db: &impl Db,
    filter: &ConfigObjectFilter,
    before: Uuid,
) -> Result<Walked, StoreError> {
    let object_type = filter.object_type.map(ObjectType::as_str);
    let status = filter.status.map(ObjectStatus::as_str);
    let workspace = filter.workspace.map(|id| id.0);
    let targets = targets_of(db, filter).await?;
    let params: [Param<'_>; 7] = [
        /* before */ &before,
        /* type */ &object_type,
        /* status */ &status,
        /* workspace */ &workspace,
        /* targets */ &targets,
        /* path */ &filter.path,
        /* floor */ &Uuid::nil(),
    ];
    furthest(db, &leading(filter, targets.as_deref()), &params).await
}

/// The statements whose filters are given, those first that let the fewest rows pass as a rule.
fn leading(filter: &ConfigObjectFilter, targets: Option<&[Uuid]>) -> Vec<&'static str> {
    let of_workspace = filter.workspace.is_some();
    let few = targets.is_some_and(|them| (2..=TARGETS_APART_MAX).contains(&them.len()));
    let candidates = [
        (filter.path.is_some(), OF_PATH),
        (targets.is_some_and(|them| them.len() <= 1), OF_TARGET),
        (few, OF_TARGETS),
        (of_workspace && filter.object_type.is_some(), OF_TYPE),
        (of_workspace, OF_WORKSPACE),
    ];
    let given: Vec<_> =
        candidates.into_iter().filter(|(given, _)| *given).map(|(_, sql)| sql).collect();
    if given.is_empty() { vec![ALL] } else { given }
}

/// The targets that a filter names, by themselves or by their instances; none when it names none.
async fn targets_of(
    db: &impl Db,
    filter: &ConfigObjectFilter,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    const SQL: &str = "-- config_object_list::targets (of instances)
        select id from connector_target where instance_id = any($1)";
    let target = filter.target.map(|id| id.0);
    let Some(instances) = &filter.instances else { return Ok(target.map(|id| vec![id])) };
    let instances: Vec<Uuid> = instances.iter().map(|id| id.0).collect();
    let rows = db.rows(SQL, &[/* instances */ &instances]).await?;
    let within = rows.iter().map(|row| row.get("id"));
    Ok(Some(within.filter(|id| target.is_none_or(|wanted| wanted == *id)).collect()))
}
