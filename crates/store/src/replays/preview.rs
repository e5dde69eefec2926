//! How many deliveries a replay would concern: counted along the index of each filter that can lead, and never through.

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::WorkspaceId;
use uuid::Uuid;

use super::ReplayFilter;
use crate::walk::Param;
use crate::{Db, StoreError};

/// What a replay would concern now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Those that match among the [`EXPECTED_MAX`](super::EXPECTED_MAX) newest that were looked at.
    pub count: i64,
    /// Whether there are more to look at; some of them may match, too.
    pub more: bool,
}

// In every statement: $1 workspace, $2 states, $3 receiver, $4 event type, $5 since, $6 until, $7 and $8 the lowest and
// the highest id.
macro_rules! counted {
    ($name:literal, $arms:literal, $leading:literal, $order:literal) => {
        concat!(
            "-- ",
            $name,
            "
    select coalesce(sum(matching), 0)::int8 as count, coalesce(bool_or(is_full), false) as more
      from (select count(*) filter (where workspace_id = $1 and state = any($2) and ($3::uuid is null or receiver_id = $3)
                                      and ($4::text is null or event_type = $4)
                                      and ($5::timestamptz is null or state_at >= $5)
                                      and ($6::timestamptz is null or state_at <= $6)) as matching,
                   count(*) >= 50000 as is_full
              from ",
            $arms,
            "
              cross join lateral (
                    select workspace_id, state, receiver_id, event_type, state_at from delivery
                     where ",
            $leading,
            "
                     order by ",
            $order,
            " limit 50000) looked
             group by wanted.value) counted"
        )
    };
}

const OF_SETBACKS: &str = counted!(
    "replays::preview (of unusual states)",
    "unnest($2::text[]) as wanted (value)",
    "setback is not null and (workspace_id, setback, id) < ($1, wanted.value, $8)
                       and (workspace_id, setback, id) >= ($1, wanted.value, $7)",
    "workspace_id desc, setback desc, id desc"
);

const OF_TYPE: &str = counted!(
    "replays::preview (of a type)",
    "(values (1)) as wanted (value)",
    "(event_type, workspace_id, id) < ($4, $1, $8) and (event_type, workspace_id, id) >= ($4, $1, $7)",
    "event_type desc, workspace_id desc, id desc"
);

const OF_RECEIVER: &str = counted!(
    "replays::preview (of a receiver)",
    "(values (1)) as wanted (value)",
    "(receiver_id, id) < ($3, $8) and (receiver_id, id) >= ($3, $7)",
    "receiver_id desc, id desc"
);

const OF_WORKSPACE: &str = counted!(
    "replays::preview (of a workspace)",
    "(values (1)) as wanted (value)",
    "(workspace_id, id) < ($1, $8) and (workspace_id, id) >= ($1, $7)",
    "workspace_id desc, id desc"
);

/// How many deliveries a replay would concern now.
pub async fn preview(
    db: &impl Db,
    workspace: WorkspaceId,
    filter: &ReplayFilter,
) -> Result<Expected, StoreError> {
    let params: [Param<'_>; 8] = [
        /* workspace */ &workspace.0,
        /* states */ &filter.over(),
        /* receiver */ &filter.receiver,
        /* event type */ &filter.event_type,
        /* since */ &filter.since,
        /* until */ &filter.until,
        /* lowest */ &Uuid::nil(),
        /* highest */ &Uuid::max(),
    ];
    let mut best = Expected { count: 0, more: true };
    for sql in leading(filter) {
        let row = db.row(sql, &params).await?;
        let found = Expected { count: row.get("count"), more: row.get("more") };
        if !found.more {
            return Ok(found);
        }
        best.count = best.count.max(found.count);
    }
    Ok(best)
}

/// The statements whose filters are given, those first that let the fewest rows pass as a rule.
fn leading(filter: &ReplayFilter) -> Vec<&'static str> {
    let delivered = DeliveryState::Delivered.as_str();
    let only_setbacks = filter.over().iter().all(|state| *state != delivered);
    let candidates = [
        (only_setbacks, OF_SETBACKS),
        (filter.event_type.is_some(), OF_TYPE),
        (filter.receiver.is_some(), OF_RECEIVER),
        (true, OF_WORKSPACE),
    ];
    candidates.into_iter().filter(|(given, _)| *given).map(|(_, sql)| sql).collect()
}
