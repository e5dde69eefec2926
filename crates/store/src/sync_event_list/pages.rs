//! The ids of a page of sync events, by one statement for each filter that can lead.
//!
//! The leading filter walks an index that is already in the list's order; the others only look at the rows that it
//! meets.

use hookyard_domain::sync_event::SyncStatus;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Search, SyncEventFilter};
use crate::uuid_time::{first_id_of, id_at};
use crate::{Db, StoreError};

/// How many targets are looked into one by one, a page of each; with more, most of a workspace's rows are theirs.
const TARGETS_APART_MAX: usize = 50;

// In every statement: $1 before, $2 and $3 since, $4 workspace, $5 statuses, $6 event type or trigger, $7 targets.

const ALL: &str = "-- sync_event_list::ids (all)
    select id from sync_event
     where id < $1 and (id, id) >= ($2, $2) and coalesce(queued_at >= $3, true)
       and coalesce(workspace_id = $4, true) and coalesce(status = any($5), true)
       and coalesce($6 in (event_type, trigger), true) and coalesce(target_id = any($7), true)
     order by id desc limit 101";

const OF_WORKSPACE: &str = "-- sync_event_list::ids (of a workspace)
    select id from sync_event
     where workspace_id = $4 and id < $1 and (id, id) >= ($2, $2) and coalesce(queued_at >= $3, true)
       and coalesce(status = any($5), true) and coalesce($6 in (event_type, trigger), true)
       and coalesce(target_id = any($7), true)
     order by id desc limit 101";

/// By the small index of what is not finished, which has no order of its own: of a long queue all is sorted.
const UNFINISHED: &str = "-- sync_event_list::ids (unfinished)
    select id from sync_event
     where status in ('queued', 'running') and id < $1 and (id, id) >= ($2, $2) and coalesce(queued_at >= $3, true)
       and coalesce(workspace_id = $4, true) and coalesce(status = any($5), true)
       and coalesce($6 in (event_type, trigger), true) and coalesce(target_id = any($7), true)
     order by id desc limit 101";

const OF_STATUSES: &str = "-- sync_event_list::ids (of statuses)
    select sync.id
      from unnest($5::text[]) as wanted (status)
      cross join lateral (
            select id from sync_event
             where status = wanted.status and id < $1 and (id, id) >= ($2, $2) and coalesce(queued_at >= $3, true)
               and coalesce(workspace_id = $4, true) and coalesce($6 in (event_type, trigger), true)
               and coalesce(target_id = any($7), true)
             order by id desc limit 101) sync
     order by sync.id desc limit 101";

const OF_SETBACKS: &str = "-- sync_event_list::ids (of a workspace, ended badly)
    select sync.id
      from unnest($5::text[]) as wanted (status)
      cross join lateral (
            select id from sync_event
             where workspace_id = $4 and status in ('failed', 'partial') and status = wanted.status and id < $1
               and (id, id) >= ($2, $2) and coalesce(queued_at >= $3, true)
               and coalesce($6 in (event_type, trigger), true) and coalesce(target_id = any($7), true)
             order by id desc limit 101) sync
     order by sync.id desc limit 101";

const OF_TARGETS: &str = "-- sync_event_list::ids (of targets)
    select sync.id
      from unnest($7::uuid[]) as wanted (target_id)
      cross join lateral (
            select id from sync_event
             where target_id = wanted.target_id and id < $1 and (id, id) >= ($2, $2)
               and coalesce(queued_at >= $3, true) and coalesce(workspace_id = $4, true)
               and coalesce(status = any($5), true) and coalesce($6 in (event_type, trigger), true)
             order by id desc limit 101) sync
     order by sync.id desc limit 101";

const OF_DELIVERY: &str = "-- sync_event_list::ids (of a delivery)
    select id from sync_event
     where delivery_id = $8 and id < $1 and id >= $2 and ($3::timestamptz is null or queued_at >= $3)
       and ($4::uuid is null or workspace_id = $4) and ($5::text[] is null or status = any($5))
       and ($6::text is null or $6 in (event_type, trigger)) and ($7::uuid[] is null or target_id = any($7))
     order by id desc limit 101";

/// `$9` is where the texts that begin with `$8` begin, `$10` the first one after them.
const OF_DELIVERY_OR_COMMIT: &str = "-- sync_event_list::ids (of a delivery or a commit)
    select sync.id
      from (select id from sync_event where delivery_id = $8
             union
            select id from sync_event where announced_sha >= $9 and announced_sha < $10
             union
            select id from sync_event where applied_sha >= $9 and applied_sha < $10) found
      join sync_event sync on sync.id = found.id
     where sync.id < $1 and sync.id >= $2 and ($3::timestamptz is null or sync.queued_at >= $3)
       and ($4::uuid is null or sync.workspace_id = $4) and ($5::text[] is null or sync.status = any($5))
       and ($6::text is null or $6 in (sync.event_type, sync.trigger))
       and ($7::uuid[] is null or sync.target_id = any($7))
     order by sync.id desc limit 101";

/// Up to 101 ids below `before`, newest first.
pub(super) async fn ids(
    db: &impl Db,
    filter: &SyncEventFilter,
    before: Uuid,
) -> Result<Vec<Uuid>, StoreError> {
    let before = filter.until.map_or(before, |until| before.min(id_at(until)));
    let floor = filter.since.map_or(Uuid::nil(), first_id_of);
    let workspace = filter.workspace.map(|id| id.0);
    let statuses: Vec<&str> = filter.statuses.iter().map(|it| it.as_str()).collect();
    let statuses = Some(statuses).filter(|them| !them.is_empty());
    let targets = targets_of(db, filter).await?;
    let common: [&(dyn ToSql + Sync); 7] =
        [&before, &floor, &filter.since, &workspace, &statuses, &filter.event_type, &targets];
    let rows = match &filter.search {
        Some(Search::Delivery(delivery)) => {
            db.rows(OF_DELIVERY, &with(common, &[delivery])).await?
        }
        Some(Search::DeliveryOrCommit(text)) => {
            let from = text.to_ascii_lowercase();
            let to = prefix_end(&from);
            db.rows(OF_DELIVERY_OR_COMMIT, &with(common, &[text, &from, &to])).await?
        }
        // The repository's targets are among the targets.
        None | Some(Search::Repository(_)) => {
            db.rows(leading(filter, targets.as_deref()), &common).await?
        }
    };
    Ok(rows.iter().map(|row| row.get("id")).collect())
}

/// The statement whose filter lets the fewest rows pass.
fn leading(filter: &SyncEventFilter, targets: Option<&[Uuid]>) -> &'static str {
    let all_of = |them: &[SyncStatus]| {
        !filter.statuses.is_empty() && filter.statuses.iter().all(|it| them.contains(it))
    };
    if targets.is_some_and(|them| them.len() <= TARGETS_APART_MAX) {
        OF_TARGETS
    } else if all_of(&[SyncStatus::Queued, SyncStatus::Running]) {
        UNFINISHED
    } else if filter.workspace.is_some() {
        let setbacks = all_of(&[SyncStatus::Failed, SyncStatus::Partial]);
        if setbacks { OF_SETBACKS } else { OF_WORKSPACE }
    } else if filter.statuses.is_empty() {
        ALL
    } else {
        OF_STATUSES
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

/// The parameters that all statements share, and those of one.
fn with<'a>(
    common: [&'a (dyn ToSql + Sync); 7],
    own: &[&'a (dyn ToSql + Sync)],
) -> Vec<&'a (dyn ToSql + Sync)> {
    common.iter().chain(own).copied().collect()
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
