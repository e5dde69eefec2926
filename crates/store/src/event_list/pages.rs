//! The ids of a page of events, by one statement for each filter that can lead.
//!
//! The leading filter walks an index that is already in the list's order; the others only look at the rows that it
//! meets. Partitions are ranges of ids, so they are walked one after the other, newest first.
//!
//! The lower bound is a comparison of rows: between two plain bounds that it does not know, the planner expects next to
//! nothing, and would read and sort everything there.

use hookyard_domain::event::EventOutcome;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::EventFilter;
use crate::uuid_time::first_id_of;
use crate::{Db, StoreError};

const ALL: &str = "-- event_list::ids (all)
    select id from event
     where id < $1 and (id, id) >= ($2, $2) and ($3::timestamptz is null or received_at >= $3)
     order by id desc limit 101";

const OF_SOURCE: &str = "-- event_list::ids (of a source)
    select id from event
     where source_id = $4 and id < $1 and (id, id) >= ($2, $2) and ($3::timestamptz is null or received_at >= $3)
     order by id desc limit 101";

const OF_TYPE: &str = "-- event_list::ids (of a type)
    select id from event
     where type = $4 and id < $1 and (id, id) >= ($2, $2) and ($3::timestamptz is null or received_at >= $3)
       and ($5::uuid is null or source_id = $5)
     order by id desc limit 101";

const OF_OUTCOME: &str = "-- event_list::ids (of an outcome)
    select id from event
     where outcome = $4 and id < $1 and (id, id) >= ($2, $2) and ($3::timestamptz is null or received_at >= $3)
       and ($5::uuid is null or source_id = $5) and ($6::text is null or type = $6)
     order by id desc limit 101";

const OF_WORKSPACE: &str = "-- event_list::ids (of a workspace)
    select event.id
      from event_workspace concerned
      cross join lateral (
            select id from event
             where id = concerned.event_id and ($3::timestamptz is null or received_at >= $3)
               and ($5::uuid is null or source_id = $5) and ($6::text is null or type = $6)
               and ($7::text is null or outcome = $7)
             offset 0) event
     where concerned.workspace_id = $4 and concerned.event_id < $1
       and (concerned.event_id, concerned.event_id) >= ($2, $2)
     order by concerned.event_id desc limit 101";

/// Few events fail: among all of a workspace's they would be looked for in vain.
const OF_WORKSPACE_AND_FAILED: &str = "-- event_list::ids (of a workspace, failed)
    select id from event
     where outcome = $7 and id < $1 and (id, id) >= ($2, $2) and ($3::timestamptz is null or received_at >= $3)
       and ($5::uuid is null or source_id = $5) and ($6::text is null or type = $6)
       and exists (select from event_workspace concerned
                    where concerned.workspace_id = $4 and concerned.event_id = event.id offset 0)
     order by id desc limit 101";

const OF_DELIVERY: &str = "-- event_list::ids (of a delivery)
    select id from event
     where provider_delivery_id = $4 and id < $1 and (id, id) >= ($2, $2) and ($3::timestamptz is null or received_at >= $3)
       and ($5::uuid is null or source_id = $5) and ($6::text is null or type = $6)
       and ($7::text is null or outcome = $7)
       and ($8::uuid is null or exists (select from event_workspace
                                         where workspace_id = $8 and event_id = event.id))
     order by id desc limit 101";

/// Up to 101 ids below `before`, newest first.
pub(super) async fn ids(
    db: &impl Db,
    filter: &EventFilter,
    before: Uuid,
) -> Result<Vec<Uuid>, StoreError> {
    let before: &(dyn ToSql + Sync) = &before;
    let floor: &(dyn ToSql + Sync) = &filter.since.map_or(Uuid::nil(), first_id_of);
    let since: &(dyn ToSql + Sync) = &filter.since;
    let workspace = &filter.workspace.map(|id| id.0);
    let source = &filter.source.map(|id| id.0);
    let event_type = &filter.event_type.as_deref();
    let outcome = &filter.outcome.map(EventOutcome::as_str);
    let rows = if let Some(delivery) = &filter.delivery_id {
        db.rows(
            OF_DELIVERY,
            &[before, floor, since, delivery, source, event_type, outcome, workspace],
        )
        .await?
    } else if workspace.is_some() {
        let failed = filter.outcome == Some(EventOutcome::Failed);
        let sql = if failed { OF_WORKSPACE_AND_FAILED } else { OF_WORKSPACE };
        db.rows(sql, &[before, floor, since, workspace, source, event_type, outcome]).await?
    } else if outcome.is_some() {
        db.rows(OF_OUTCOME, &[before, floor, since, outcome, source, event_type]).await?
    } else if event_type.is_some() {
        db.rows(OF_TYPE, &[before, floor, since, event_type, source]).await?
    } else if source.is_some() {
        db.rows(OF_SOURCE, &[before, floor, since, source]).await?
    } else {
        db.rows(ALL, &[before, floor, since]).await?
    };
    Ok(rows.iter().map(|row| row.get("id")).collect())
}
