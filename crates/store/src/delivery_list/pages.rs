//! The ids of a page of deliveries, by one statement for each filter that can lead.
//!
//! The leading filter walks an index that is already in the list's order; the others only look at the rows that it
//! meets. They are written as `coalesce(... = $2, true)`, which the planner takes to let every second row pass: it would
//! take a filter that few rows pass for a reason to read and sort everything. What is pending or being delivered is found through its job: no index tells it from what was delivered.

use hookyard_domain::delivery::DeliveryState;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::DeliveryFilter;
use crate::{Db, StoreError};

const ALL: &str = "-- delivery_list::ids (all)
    select id from delivery
     where id < $1 and coalesce(state = $2, true) and coalesce(event_type = $3, true)
     order by id desc limit 101";

/// A delivery's id begins with the six bytes of its event's time.
const OF_EVENT: &str = "-- delivery_list::ids (of an event)
    select id from delivery
     where event_id = $4 and id < least($1::uuid, $6::uuid) and (id, id) >= ($5, $5)
       and ($2::text is null or state = $2) and ($3::text is null or event_type = $3)
       and ($7::uuid is null or workspace_id = $7) and ($8::uuid is null or receiver_id = $8)
     order by id desc limit 101";

const OF_RECEIVER: &str = "-- delivery_list::ids (of a receiver)
    select id from delivery
     where receiver_id = $4 and id < $1 and coalesce(state = $2, true) and coalesce(event_type = $3, true)
       and coalesce(workspace_id = $5, true)
     order by id desc limit 101";

const OF_SETBACK: &str = "-- delivery_list::ids (of a workspace and an unusual state)
    select id from delivery
     where workspace_id = $4 and setback = $2 and id < $1 and coalesce(event_type = $3, true)
     order by id desc limit 101";

const OF_WORKSPACE: &str = "-- delivery_list::ids (of a workspace)
    select id from delivery
     where workspace_id = $4 and id < $1 and coalesce(state = $2, true) and coalesce(event_type = $3, true)
     order by id desc limit 101";

const OPEN: &str = "-- delivery_list::ids (with a job)
    select delivery.id
      from job
      cross join lateral (
            select id from delivery
             where id = job.subject_id and state = any($2) and ($3::text is null or event_type = $3)
               and ($6::uuid is null or receiver_id = $6)
             offset 0) delivery
     where job.kind = 'delivery' and job.subject_id < $1 and ($4::uuid is null or job.workspace_id = $4)
       and (job.lease_owner is not null) = $5
     order by job.subject_id desc limit 101";

/// The ids of the page below `before`, and one more.
pub(super) async fn ids(
    db: &impl Db,
    filter: &DeliveryFilter,
    before: Uuid,
) -> Result<Vec<Uuid>, StoreError> {
    let before: &(dyn ToSql + Sync) = &before;
    let workspace = filter.workspace.map(|id| id.0);
    let (workspace, receiver) = (&workspace, &filter.receiver);
    let event_type: &(dyn ToSql + Sync) = &filter.event_type;
    let state = filter.state.map(DeliveryState::as_str);
    let setback = matches!(
        filter.state,
        Some(DeliveryState::Failed | DeliveryState::Dead | DeliveryState::Cancelled)
    );
    let leased = filter.state == Some(DeliveryState::Delivering);
    let rows = if let Some(event) = filter.event {
        let (first, end) = ids_of_time(event.0);
        // Being delivered is not stored: the line of the list says it.
        let state = state.map(|it| if leased { DeliveryState::Pending.as_str() } else { it });
        let params: [&(dyn ToSql + Sync); 8] =
            [before, &state, event_type, &event.0, &first, &end, workspace, receiver];
        db.rows(OF_EVENT, &params).await?
    } else if leased || filter.state == Some(DeliveryState::Pending) {
        let states: &[&str] = if leased { &["pending", "failed"] } else { &["pending"] };
        let params: [&(dyn ToSql + Sync); 6] =
            [before, &states, event_type, workspace, &leased, receiver];
        db.rows(OPEN, &params).await?
    } else if receiver.is_some() {
        let params: [&(dyn ToSql + Sync); 5] = [before, &state, event_type, receiver, workspace];
        db.rows(OF_RECEIVER, &params).await?
    } else if workspace.is_some() {
        let sql = if setback { OF_SETBACK } else { OF_WORKSPACE };
        db.rows(sql, &[before, &state, event_type, workspace]).await?
    } else {
        db.rows(ALL, &[before, &state, event_type]).await?
    };
    Ok(rows.iter().map(|row| row.get("id")).collect())
}

/// The first id of an event's millisecond, and the first one of the next.
fn ids_of_time(event: Uuid) -> (Uuid, Uuid) {
    /// The bits of a UUIDv7 below its milliseconds.
    const BITS_BELOW_TIME: u32 = 80;
    let time = event.as_u128() >> BITS_BELOW_TIME;
    let first_of = |time: u128| Uuid::from_u128(time << BITS_BELOW_TIME);
    (first_of(time), first_of(time + 1))
}
