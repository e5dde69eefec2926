//! The ids of a page of sync events, by walks along the index of each filter that can lead.

use hookyard_domain::sync_event::{SyncStatus, SyncTrigger};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Search, SyncEventFilter};
use crate::uuid_time::{first_id_of, id_at};
use crate::walk::{Param, TARGETS_APART_MAX, Walked, arms, furthest, walk};
use crate::{Db, StoreError};

/// The event type of pushes, which is in no index.
const PUSHED: &str = "github.push";

// In every statement: $1 before, $2 and $3 since, $4 workspace, $5 statuses, $6 event type or trigger, $7 targets,
// $8 what is searched as a delivery, $9 where the commits that begin with it begin, $10 the first text after them.
macro_rules! matching {
    () => {
        "($3::timestamptz is null or queued_at >= $3) and ($4::uuid is null or workspace_id = $4)
                    and ($5::text[] is null or status = any($5)) and ($6::text is null or trigger = $6 or event_type = $6)
                    and ($7::uuid[] is null or target_id = any($7))
                    and ($8::text is null or delivery_id = $8 or announced_sha >= $9 and announced_sha < $10
                         or applied_sha >= $9 and applied_sha < $10)"
    };
}

macro_rules! columns {
    () => {
        "id, queued_at, workspace_id, status, trigger, event_type, target_id, delivery_id,
                                    announced_sha, applied_sha"
    };
}

macro_rules! looked {
    ($leading:literal) => {
        concat!("select ", columns!(), " from sync_event where ", $leading)
    };
}

const ALL: &str = walk!(
    "sync_event_list::ids (all)",
    matching!(),
    looked!("id < $1 and (id, id) >= ($2, $2)"),
    "id desc"
);

const OF_WORKSPACE: &str = walk!(
    "sync_event_list::ids (of a workspace)",
    matching!(),
    looked!("(workspace_id, id) < ($4, $1) and (workspace_id, id) >= ($4, $2)"),
    "workspace_id desc, id desc"
);

const OF_STATUSES: &str = arms!(
    "sync_event_list::ids (of statuses)",
    "unnest($5::text[]) as wanted (value)",
    matching!(),
    looked!("(status, id) < (wanted.value, $1) and (status, id) >= (wanted.value, $2)"),
    "status desc, id desc",
    "1000"
);

const OF_SETBACKS: &str = arms!(
    "sync_event_list::ids (of a workspace, ended badly)",
    "unnest($5::text[]) as wanted (value)",
    matching!(),
    looked!(
        "status in ('failed', 'partial') and (workspace_id, status, id) < ($4, wanted.value, $1)
                                       and (workspace_id, status, id) >= ($4, wanted.value, $2)"
    ),
    "workspace_id desc, status desc, id desc",
    "1000"
);

const OF_TARGET: &str = arms!(
    "sync_event_list::ids (of a target)",
    "unnest($7::uuid[]) as wanted (value)",
    matching!(),
    looked!("(target_id, id) < (wanted.value, $1) and (target_id, id) >= (wanted.value, $2)"),
    "target_id desc, id desc",
    "800"
);

const OF_TARGETS: &str = arms!(
    "sync_event_list::ids (of targets)",
    "unnest($7::uuid[]) as wanted (value)",
    matching!(),
    looked!("(target_id, id) < (wanted.value, $1) and (target_id, id) >= (wanted.value, $2)"),
    "target_id desc, id desc",
    "101"
);

/// What is not about a push, by its trigger; the index has no pushes.
const OF_TRIGGER: &str = walk!(
    "sync_event_list::ids (of a workspace and a rare trigger)",
    matching!(),
    looked!(
        "trigger <> 'push' and (trigger, workspace_id, id) < ($6, $4, $1)
                               and (trigger, workspace_id, id) >= ($6, $4, $2)"
    ),
    "trigger desc, workspace_id desc, id desc"
);

/// The same by the type of the event.
const OF_EVENT_TYPE: &str = walk!(
    "sync_event_list::ids (of a workspace and a rare event type)",
    matching!(),
    looked!(
        "event_type <> 'github.push' and (event_type, workspace_id, id) < ($6, $4, $1)
                               and (event_type, workspace_id, id) >= ($6, $4, $2)"
    ),
    "event_type desc, workspace_id desc, id desc"
);

/// Few syncs are of one delivery or of one commit. Where there are more, this walk stops at once.
const OF_DELIVERY_OR_COMMIT: &str = concat!(
    "-- sync_event_list::ids (of a delivery or a commit)
    with found as materialized (
        (select id from sync_event where delivery_id = $8 limit 2001)
        union all
        (select id from sync_event where announced_sha >= $9 and announced_sha < $10 limit 2001)
        union all
        (select id from sync_event where applied_sha >= $9 and applied_sha < $10 limit 2001)
    )
    select id, matches, last
      from (select id, (",
    matching!(),
    ") as matches, false as last from sync_event
             where id = any(array(select id from found limit 2000)) and (select count(*) from found) <= 2000
               and id < $1 and (id, id) >= ($2, $2)
            union all
            select $1, false, true where (select count(*) from found) > 2000) walked
     where matches or last
     order by id desc limit 101"
);

/// The ids below `before`, newest first.
pub(super) async fn ids(
    db: &impl Db,
    filter: &SyncEventFilter,
    before: Uuid,
) -> Result<Walked, StoreError> {
    let before = filter.until.map_or(before, |until| before.min(id_at(until)));
    let floor = filter.since.map_or(Uuid::nil(), first_id_of);
    let workspace = filter.workspace.map(|id| id.0);
    let statuses: Vec<&str> = filter.statuses.iter().map(|it| it.as_str()).collect();
    let statuses = Some(statuses).filter(|them| !them.is_empty());
    let targets = targets_of(db, filter).await?;
    let (delivery, from, to) = match &filter.search {
        Some(Search::Delivery(delivery)) => (Some(delivery), None, None),
        Some(Search::DeliveryOrCommit(text)) => {
            let from = text.to_ascii_lowercase();
            let to = prefix_end(&from);
            (Some(text), Some(from), Some(to))
        }
        // The repository's targets are among the targets.
        None | Some(Search::Repository(_)) => (None, None, None),
    };
    let params: [Param<'_>; 10] = [
        /* before */ &before,
        /* floor */ &floor,
        /* since */ &filter.since,
        /* workspace */ &workspace,
        /* statuses */ &statuses,
        /* event type or trigger */ &filter.event_type,
        /* targets */ &targets,
        /* delivery */ &delivery,
        /* commits from */ &from,
        /* to */ &to,
    ];
    furthest(db, &leading(filter, targets.as_deref()), &params).await
}

/// The statements whose filters are given, those first that let the fewest rows pass as a rule.
fn leading(filter: &SyncEventFilter, targets: Option<&[Uuid]>) -> Vec<&'static str> {
    const UNFINISHED: [SyncStatus; 2] = [SyncStatus::Queued, SyncStatus::Running];
    const SETBACKS: [SyncStatus; 2] = [SyncStatus::Failed, SyncStatus::Partial];
    let only = |them: &[SyncStatus]| {
        !filter.statuses.is_empty() && filter.statuses.iter().all(|it| them.contains(it))
    };
    let of_workspace = filter.workspace.is_some();
    let searched = matches!(filter.search, Some(Search::Delivery(_) | Search::DeliveryOrCommit(_)));
    let rare = filter.event_type.as_deref().and_then(rare);
    let few = targets.is_some_and(|them| (2..=TARGETS_APART_MAX).contains(&them.len()));
    let candidates = [
        (searched, OF_DELIVERY_OR_COMMIT),
        (of_workspace && only(&SETBACKS), OF_SETBACKS),
        (targets.is_some_and(|them| them.len() <= 1), OF_TARGET),
        (few, OF_TARGETS),
        (only(&UNFINISHED), OF_STATUSES),
        (rare.is_some() && of_workspace, rare.unwrap_or_default()),
        (of_workspace, OF_WORKSPACE),
        (!filter.statuses.is_empty() && !only(&UNFINISHED), OF_STATUSES),
    ];
    let given: Vec<_> =
        candidates.into_iter().filter(|(given, _)| *given).map(|(_, sql)| sql).collect();
    if given.is_empty() { vec![ALL] } else { given }
}

/// The statement of an event type, or of a trigger, that most syncs do not have. No trigger is called as a type is.
fn rare(event_type_or_trigger: &str) -> Option<&'static str> {
    match event_type_or_trigger.parse() {
        Ok(SyncTrigger::Push) => None,
        Ok(_) => Some(OF_TRIGGER),
        Err(_) => (event_type_or_trigger != PUSHED).then_some(OF_EVENT_TYPE),
    }
}

/// The targets that a filter names in one way or another; none when it names none.
async fn targets_of(
    db: &impl Db,
    filter: &SyncEventFilter,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    const OF_INSTANCES: &str = "-- sync_event_list::targets (of instances)
        select id from connector_target where instance_id = any($1)";
    const OF_REPOSITORY: &str = "-- sync_event_list::targets (of a repository)
        select id from connector_target where repository = $1 and ($2::uuid is null or workspace_id = $2)";
    let mut targets: Option<Vec<Uuid>> = filter.target.map(|id| vec![id.0]);
    let mut narrow = |to: Vec<Uuid>| {
        targets = Some(match targets.take() {
            None => to,
            Some(them) => them.into_iter().filter(|it| to.contains(it)).collect(),
        });
    };
    if let Some(instances) = &filter.instances {
        let instances: Vec<Uuid> = instances.iter().map(|id| id.0).collect();
        let rows = db.rows(OF_INSTANCES, &[/* instances */ &instances]).await?;
        narrow(rows.iter().map(|row| row.get("id")).collect());
    }
    if let Some(Search::Repository(name)) = &filter.search {
        let workspace = filter.workspace.map(|id| id.0);
        let params: [&(dyn ToSql + Sync); 2] =
            [/* repository */ &name.as_str(), /* workspace */ &workspace];
        let rows = db.rows(OF_REPOSITORY, &params).await?;
        narrow(rows.iter().map(|row| row.get("id")).collect());
    }
    Ok(targets)
}

/// The first text, in byte order, after all hexadecimal texts that begin with `prefix`.
fn prefix_end(prefix: &str) -> String {
    /// Follows every hexadecimal digit.
    const AFTER_HEX: char = 'g';
    format!("{prefix}{AFTER_HEX}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_follows_all_that_begin_with_it_and_precedes_the_next() {
        let end = prefix_end("0a1b2cf");
        assert!("0a1b2cf" < end.as_str() && "0a1b2cfffff" < end.as_str());
        assert!(end.as_str() < "0a1b2d0");
    }
}
