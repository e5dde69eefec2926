//! The ids of a page of events, by walks along the index of each filter that can lead.
//!
//! Partitions are ranges of ids, so they are walked one after the other, newest first.
//!
//! Where no filter leads, the lower bound is a comparison of rows as well: between two plain bounds that it does not know,
//! the planner expects next to nothing, and would read and sort everything there.

use hookyard_domain::event::EventOutcome;
use uuid::Uuid;

use super::EventFilter;
use crate::uuid_time::first_id_of;
use crate::walk::{Param, Walked, furthest, walk};
use crate::{Db, StoreError};

// In every statement: $1 before, $2 and $3 since, $4 workspace, $5 source, $6 type, $7 outcome, $8 delivery.
macro_rules! matching {
    () => {
        "($3::timestamptz is null or received_at >= $3) and ($5::uuid is null or source_id = $5)
                    and ($6::text is null or type = $6) and ($7::text is null or outcome = $7)
                    and ($8::text is null or provider_delivery_id = $8)
                    and ($4::uuid is null or exists (select from event_workspace
                                                      where workspace_id = $4 and event_id = looked.id offset 0))"
    };
}

const ALL: &str = walk!(
    "event_list::ids (all)",
    matching!(),
    "select id, received_at, source_id, type, outcome, provider_delivery_id from event
                             where id < $1 and (id, id) >= ($2, $2)",
    "id desc"
);

const OF_SOURCE: &str = walk!(
    "event_list::ids (of a source)",
    matching!(),
    "select id, received_at, source_id, type, outcome, provider_delivery_id from event
                             where (source_id, id) < ($5, $1) and (source_id, id) >= ($5, $2)",
    "source_id desc, id desc"
);

const OF_TYPE: &str = walk!(
    "event_list::ids (of a type)",
    matching!(),
    "select id, received_at, source_id, type, outcome, provider_delivery_id from event
                             where (type, id) < ($6, $1) and (type, id) >= ($6, $2)",
    "type desc, id desc"
);

const OF_OUTCOME: &str = walk!(
    "event_list::ids (of an outcome)",
    matching!(),
    "select id, received_at, source_id, type, outcome, provider_delivery_id from event
                             where outcome is not null and (outcome, id) < ($7, $1) and (outcome, id) >= ($7, $2)",
    "outcome desc, id desc"
);

const OF_DELIVERY: &str = walk!(
    "event_list::ids (of a delivery)",
    matching!(),
    "select id, received_at, source_id, type, outcome, provider_delivery_id from event
                             where (provider_delivery_id, id) < ($8, $1) and (provider_delivery_id, id) >= ($8, $2)",
    "provider_delivery_id desc, id desc"
);

const OF_WORKSPACE: &str = walk!(
    "event_list::ids (of a workspace)",
    "exists (select from event
                             where event.id = looked.id
                               and ($3::timestamptz is null or received_at >= $3)
                               and ($5::uuid is null or source_id = $5) and ($6::text is null or type = $6)
                               and ($7::text is null or outcome = $7)
                               and ($8::text is null or provider_delivery_id = $8) offset 0)",
    "select workspace_id, event_id as id from event_workspace
                             where (workspace_id, event_id) < ($4, $1) and (workspace_id, event_id) >= ($4, $2)",
    "workspace_id desc, id desc"
);

/// The ids below `before`, newest first.
pub(super) async fn ids(
    db: &impl Db,
    filter: &EventFilter,
    before: Uuid,
) -> Result<Walked, StoreError> {
    let floor = filter.since.map_or(Uuid::nil(), first_id_of);
    let workspace = filter.workspace.map(|id| id.0);
    let source = filter.source.map(|id| id.0);
    let outcome = filter.outcome.map(EventOutcome::as_str);
    let params: [Param<'_>; 8] = [
        /* before */ &before,
        /* floor */ &floor,
        /* since */ &filter.since,
        /* workspace */ &workspace,
        /* source */ &source,
        /* type */ &filter.event_type,
        /* outcome */ &outcome,
        /* delivery */ &filter.delivery_id,
    ];
    furthest(db, &leading(filter), &params).await
}

/// The statements whose filters are given, those first that let the fewest rows pass as a rule.
fn leading(filter: &EventFilter) -> Vec<&'static str> {
    let unusual = filter.outcome.is_some_and(|it| it != EventOutcome::Ignored);
    let candidates = [
        (filter.delivery_id.is_some(), OF_DELIVERY),
        (unusual, OF_OUTCOME),
        (filter.event_type.is_some(), OF_TYPE),
        (filter.workspace.is_some(), OF_WORKSPACE),
        (filter.source.is_some(), OF_SOURCE),
        (filter.outcome.is_some() && !unusual, OF_OUTCOME),
    ];
    let given: Vec<_> =
        candidates.into_iter().filter(|(given, _)| *given).map(|(_, sql)| sql).collect();
    if given.is_empty() { vec![ALL] } else { given }
}
