//! The ids of a page of deliveries, by walks along the index of each filter that can lead.
//!
//! What is pending or being delivered is found through its job as well: no index tells it from what was delivered.

use hookyard_domain::delivery::DeliveryState;
use uuid::Uuid;

use super::DeliveryFilter;
use crate::walk::{Param, Walked, furthest, walk};
use crate::{Db, StoreError};

// In every statement: $1 before, $2 state, $3 event type, $4 workspace, $5 receiver, $6 event, $7 from.
macro_rules! matching {
    () => {
        "($3::text is null or event_type = $3) and ($4::uuid is null or workspace_id = $4)
                    and ($5::uuid is null or receiver_id = $5) and ($6::uuid is null or event_id = $6)
                    and ($2::text is null
                         or case $2 when 'delivering' then state in ('pending', 'failed') and leased
                                    when 'pending' then state = 'pending' and not leased
                                    else state = $2 end)"
    };
}

// Whether it is leased is asked where it matters only: it is a look at the job of each row.
macro_rules! looked {
    ($leading:literal) => {
        concat!(
            "select id, event_type, workspace_id, receiver_id, event_id, state, setback,
                                   case when $2 in ('pending', 'delivering') and state in ('pending', 'failed') then
                                        exists (select from job where job.subject_id = delivery.id and kind = 'delivery'
                                                                  and lease_owner is not null offset 0) end as leased
                              from delivery
                             where ",
            $leading
        )
    };
}

/// All, or those of an event: its time is a range of ids.
const ALL: &str = walk!(
    "delivery_list::ids (all)",
    matching!(),
    looked!("id < $1 and (id, id) >= ($7, $7)"),
    "id desc"
);

const OF_RECEIVER: &str = walk!(
    "delivery_list::ids (of a receiver)",
    matching!(),
    looked!("(receiver_id, id) < ($5, $1) and (receiver_id, id) >= ($5, $7)"),
    "receiver_id desc, id desc"
);

const OF_SETBACK: &str = walk!(
    "delivery_list::ids (of a workspace and an unusual state)",
    matching!(),
    looked!(
        "setback is not null and (workspace_id, setback, id) < ($4, $2, $1)
                               and (workspace_id, setback, id) >= ($4, $2, $7)"
    ),
    "workspace_id desc, setback desc, id desc"
);

const OF_TYPE: &str = walk!(
    "delivery_list::ids (of a workspace and a type)",
    matching!(),
    looked!(
        "(event_type, workspace_id, id) < ($3, $4, $1)
                               and (event_type, workspace_id, id) >= ($3, $4, $7)"
    ),
    "event_type desc, workspace_id desc, id desc"
);

const OF_WORKSPACE: &str = walk!(
    "delivery_list::ids (of a workspace)",
    matching!(),
    looked!("(workspace_id, id) < ($4, $1) and (workspace_id, id) >= ($4, $7)"),
    "workspace_id desc, id desc"
);

/// Those that have a job, of all workspaces: what is unfinished is little, as a rule.
const OPEN: &str = walk!(
    "delivery_list::ids (with a job)",
    "kind = 'delivery' and ($4::uuid is null or workspace_id = $4) and leased = ($2 = 'delivering')
                    and exists (select from delivery
                                 where delivery.id = looked.id
                                   and (state = 'pending' or $2 = 'delivering' and state = 'failed')
                                   and ($3::text is null or event_type = $3) and ($5::uuid is null or receiver_id = $5)
                                   and ($6::uuid is null or event_id = $6) offset 0)",
    "select subject_id as id, kind, workspace_id, lease_owner is not null as leased from job
                             where subject_id < $1 and (subject_id, subject_id) >= ($7, $7)",
    "id desc"
);

/// The workers hold a bounded number of a workspace's deliveries. Where there are more, this walk stops at once.
const LEASED: &str = "-- delivery_list::ids (being delivered)
    with held as materialized (
        select subject_id from job
         where workspace_id = $4 and lane_id is not null and lease_owner is not null limit 2001
    )
    select id, matches, last
      from (select id, true as matches, false as last from delivery
             where id = any(array(select subject_id from held)) and (select count(*) from held) <= 2000
               and $2 = 'delivering' and state in ('pending', 'failed') and id < $1 and (id, id) >= ($7, $7)
               and ($3::text is null or event_type = $3) and ($5::uuid is null or receiver_id = $5)
               and ($6::uuid is null or event_id = $6)
            union all
            select $1, false, true where (select count(*) from held) > 2000) walked
     order by id desc limit 101";

/// The ids below `before`, newest first.
pub(super) async fn ids(
    db: &impl Db,
    filter: &DeliveryFilter,
    before: Uuid,
) -> Result<Walked, StoreError> {
    let (from, end) = filter.event.map_or((Uuid::nil(), Uuid::max()), |id| ids_of_time(id.0));
    let before = before.min(end);
    let state = filter.state.map(DeliveryState::as_str);
    let workspace = filter.workspace.map(|id| id.0);
    let event = filter.event.map(|id| id.0);
    let params: [Param<'_>; 7] = [
        /* before */ &before,
        /* state */ &state,
        /* event type */ &filter.event_type,
        /* workspace */ &workspace,
        /* receiver */ &filter.receiver,
        /* event */ &event,
        /* from */ &from,
    ];
    furthest(db, &leading(filter), &params).await
}

/// The statements whose filters are given, those first that let the fewest rows pass as a rule.
fn leading(filter: &DeliveryFilter) -> Vec<&'static str> {
    // Its time leaves few.
    if filter.event.is_some() {
        return vec![ALL];
    }
    let of_workspace = filter.workspace.is_some();
    let (mut setback, mut delivering, mut pending) = (false, false, false);
    match filter.state {
        Some(DeliveryState::Failed | DeliveryState::Dead | DeliveryState::Cancelled) => {
            setback = true;
        }
        Some(DeliveryState::Delivering) => delivering = true,
        Some(DeliveryState::Pending) => pending = true,
        Some(DeliveryState::Delivered) | None => {}
    }
    let candidates = [
        (of_workspace && setback, OF_SETBACK),
        (of_workspace && delivering, LEASED),
        (delivering || pending, OPEN),
        (of_workspace && filter.event_type.is_some(), OF_TYPE),
        (filter.receiver.is_some(), OF_RECEIVER),
        (of_workspace, OF_WORKSPACE),
    ];
    let given: Vec<_> =
        candidates.into_iter().filter(|(given, _)| *given).map(|(_, sql)| sql).collect();
    if given.is_empty() { vec![ALL] } else { given }
}

/// The first id of an event's millisecond, and the first one of the next: a delivery's id begins with the six bytes of
/// its event's time.
fn ids_of_time(event: Uuid) -> (Uuid, Uuid) {
    /// The bits of a UUIDv7 below its milliseconds.
    const BITS_BELOW_TIME: u32 = 80;
    let time = event.as_u128() >> BITS_BELOW_TIME;
    let first_of = |time: u128| Uuid::from_u128(time << BITS_BELOW_TIME);
    (first_of(time), first_of(time + 1))
}
