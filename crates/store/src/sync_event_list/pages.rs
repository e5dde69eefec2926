//! The ids of a page of sync events, by one statement for each filter that can lead.
//!
//! The leading filter walks an index that is already in the list's order; the others only look at the rows that it
//! meets.

use hookyard_domain::sync_event::SyncStatus;
use uuid::Uuid;

use super::{Search, SyncEventFilter};
use crate::{Db, StoreError};

const ALL: &str = "-- sync_event_list::ids (all)
    select id from sync_event
     where id < $1 and ($2::text is null or $2 in (event_type, trigger))
     order by id desc limit 101";

const OF_STATUS: &str = "-- sync_event_list::ids (of a status)
    select id from sync_event
     where status = $2 and id < $1 and ($3::text is null or $3 in (event_type, trigger))
     order by id desc limit 101";

const OF_WORKSPACE: &str = "-- sync_event_list::ids (of a workspace)
    select id from sync_event
     where workspace_id = $2 and id < $1
       and ($3::text is null or status = $3) and ($4::text is null or $4 in (event_type, trigger))
     order by id desc limit 101";

const OF_TARGET: &str = "-- sync_event_list::ids (of a target)
    select id from sync_event
     where target_id = $2 and id < $1 and ($3::uuid is null or workspace_id = $3)
       and ($4::text is null or status = $4) and ($5::text is null or $5 in (event_type, trigger))
     order by id desc limit 101";

const OF_REPOSITORY: &str = "-- sync_event_list::ids (of a repository)
    select sync.id
      from connector_target target
      cross join lateral (
            select id from sync_event
             where target_id = target.id and id < $1
               and ($5::text is null or status = $5) and ($6::text is null or $6 in (event_type, trigger))
             order by id desc limit 101) sync
     where target.repository = $2
       and ($3::uuid is null or target.workspace_id = $3) and ($4::uuid is null or target.id = $4)
     order by sync.id desc limit 101";

const OF_DELIVERY: &str = "-- sync_event_list::ids (of a delivery)
    select id from sync_event
     where delivery_id = $2 and id < $1
       and ($3::uuid is null or workspace_id = $3) and ($4::uuid is null or target_id = $4)
       and ($5::text is null or status = $5) and ($6::text is null or $6 in (event_type, trigger))
     order by id desc limit 101";

/// `$7` is the first text after all that begin with `$2`.
const OF_DELIVERY_OR_COMMIT: &str = "-- sync_event_list::ids (of a delivery or a commit)
    select sync.id
      from (select id from sync_event where delivery_id = $2
             union
            select id from sync_event where announced_sha >= $8 and announced_sha < $7
             union
            select id from sync_event where applied_sha >= $8 and applied_sha < $7) found
      join sync_event sync on sync.id = found.id
     where sync.id < $1
       and ($3::uuid is null or sync.workspace_id = $3) and ($4::uuid is null or sync.target_id = $4)
       and ($5::text is null or sync.status = $5)
       and ($6::text is null or $6 in (sync.event_type, sync.trigger))
     order by sync.id desc limit 101";

/// Up to 101 ids below `before`, newest first.
pub(super) async fn ids(
    db: &impl Db,
    filter: &SyncEventFilter,
    before: Uuid,
) -> Result<Vec<Uuid>, StoreError> {
    let before = &before;
    let workspace = &filter.workspace.map(|id| id.0);
    let target = &filter.target.map(|id| id.0);
    let status = &filter.status.map(SyncStatus::as_str);
    let event_type = &filter.event_type.as_deref();
    let rows = match (&filter.search, target, workspace, status) {
        (Some(Search::Repository(name)), ..) => {
            db.rows(OF_REPOSITORY, &[before, &name.as_str(), workspace, target, status, event_type])
                .await?
        }
        (Some(Search::Delivery(delivery)), ..) => {
            db.rows(OF_DELIVERY, &[before, delivery, workspace, target, status, event_type]).await?
        }
        (Some(Search::DeliveryOrCommit(text)), ..) => {
            let from = &text.to_ascii_lowercase();
            let to = &prefix_end(from);
            db.rows(
                OF_DELIVERY_OR_COMMIT,
                &[before, text, workspace, target, status, event_type, to, from],
            )
            .await?
        }
        (None, Some(target), ..) => {
            db.rows(OF_TARGET, &[before, target, workspace, status, event_type]).await?
        }
        (None, None, Some(workspace), _) => {
            db.rows(OF_WORKSPACE, &[before, workspace, status, event_type]).await?
        }
        (None, None, None, Some(status)) => {
            db.rows(OF_STATUS, &[before, status, event_type]).await?
        }
        (None, None, None, None) => db.rows(ALL, &[before, event_type]).await?,
    };
    Ok(rows.iter().map(|row| row.get("id")).collect())
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
