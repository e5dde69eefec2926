//! Jobs that wait for a place: which lanes have any, and leasing the oldest of them.

use hookyard_domain::connection::CLIENT_CONCURRENCY;
use tokio_postgres::Row;
use uuid::Uuid;

use super::lease::{lane_of, lease_of, lease_seconds, work_of};
use super::{Lane, Limits, Work};
use crate::{Db, StoreError};

/// Lanes that one look finds in a workspace at most, on either of its two walks.
const LANES_PER_WORKSPACE: i64 = 32;
/// Workspaces that one look passes through at most.
const WORKSPACES_PER_LOOK: i64 = 256;

/// Where the next look for parked jobs goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneCursor {
    /// The last workspace of the look before; nil: from the start.
    workspace: Uuid,
}

/// Leases the oldest parked jobs of these lanes, as far as there are places, and `limit` in all.
pub async fn lease_parked(
    db: &impl Db,
    lanes: &[Lane],
    owner: Uuid,
    limit: i64,
    limits: Limits,
) -> Result<Vec<Work>, StoreError> {
    // Lanes take turns: the first of each before the second of any.
    const SQL: &str = "-- delivery_jobs::lease_parked
        with lane as materialized (
            select counted.workspace_id, counted.lane_id,
                   -- Asked for one by one: joined, all connections there are might be read.
                   greatest(coalesce((select concurrency_max from connection where connection.id = counted.lane_id), $5)
                            - counted.leased, 0) as places,
                   $6 - counted.workspace_leased as workspace_places
              from lane_leased($1, $2, $6) counted
        ), waiting as materialized (
            select lane.workspace_id, lane.workspace_places, waiting.id, waiting.subject_id,
                   row_number() over (partition by lane.lane_id order by waiting.subject_id) as nth
              from lane
              cross join lateral (
                    select id, subject_id from job
                     where state = 'parked' and workspace_id = lane.workspace_id and lane_id = lane.lane_id
                     order by subject_id limit least(lane.places, $7) for update skip locked) waiting
             where lane.places > 0 and lane.workspace_places > 0
        ), chosen as materialized (
            select id, nth,
                   row_number() over (partition by workspace_id order by nth, subject_id) <= workspace_places as fits
              from waiting
        )
        update job
           set state = 'leased', lease_owner = $3, due_at = now() + make_interval(secs => $4::float8),
               lease_epoch = lease_epoch + 1, runs = runs + 1
         where id = any(array(select id from chosen where fits order by nth, id limit $7))
     returning id, subject_id, lease_epoch, runs";
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    let (workspaces, receivers): (Vec<Uuid>, Vec<Uuid>) =
        lanes.iter().map(|lane| (lane.workspace.0, lane.receiver)).unzip();
    let rows = db
        .rows(
            SQL,
            &[
                /* workspaces */ &workspaces,
                /* lanes */ &receivers,
                /* owner */ &owner,
                /* seconds */ &lease_seconds(),
                /* places of a client */ &CLIENT_CONCURRENCY,
                /* places of a workspace */ &i64::from(limits.workspace_leased_max),
                /* limit */ &limit,
            ],
        )
        .await?;
    work_of(db, rows.iter().map(lease_of).collect()).await
}

/// Lanes that have parked jobs, a bounded number of each workspace, workspace after workspace; and where to go on.
///
/// Every lane has its turn: of a workspace with many, each look takes the first ones and those after `start`, which
/// the caller draws at random.
pub async fn parked_lanes(
    db: &impl Db,
    cursor: LaneCursor,
    start: Uuid,
) -> Result<(Vec<Lane>, LaneCursor), StoreError> {
    // Each step of the recursion jumps over all other jobs of a workspace or a lane: the cost is that of the lanes
    // found, not of the jobs that wait.
    const SQL: &str = "-- delivery_jobs::parked_lanes
        with recursive workspace as (
            (select workspace_id from job where state = 'parked' and workspace_id > $1 order by workspace_id limit 1)
             union all
            select next.workspace_id
              from workspace
              cross join lateral (select workspace_id from job
                                   where state = 'parked' and workspace_id > workspace.workspace_id
                                   order by workspace_id limit 1) next
        )
        select workspace_id, lane_id
          from (select workspace_id from workspace limit $3) workspace
          cross join lateral (
                with recursive lane as (
                    (select lane_id from job
                      where state = 'parked' and workspace_id = workspace.workspace_id
                      order by lane_id limit 1)
                     union all
                    select next.lane_id
                      from lane
                      cross join lateral (select lane_id from job
                                           where state = 'parked' and workspace_id = workspace.workspace_id
                                             and job.lane_id > lane.lane_id
                                           order by job.lane_id limit 1) next
                )
                select lane_id from lane limit $4) first
         union
        select workspace_id, lane_id
          from (select workspace_id from workspace limit $3) workspace
          cross join lateral (
                with recursive lane as (
                    (select lane_id from job
                      where state = 'parked' and workspace_id = workspace.workspace_id and job.lane_id > $2
                      order by lane_id limit 1)
                     union all
                    select next.lane_id
                      from lane
                      cross join lateral (select lane_id from job
                                           where state = 'parked' and workspace_id = workspace.workspace_id
                                             and job.lane_id > lane.lane_id
                                           order by job.lane_id limit 1) next
                )
                select lane_id from lane limit $4) further
         order by workspace_id";
    let rows = db
        .rows(
            SQL,
            &[
                /* after */ &cursor.workspace,
                /* start */ &start,
                /* workspaces */ &WORKSPACES_PER_LOOK,
                /* lanes */ &LANES_PER_WORKSPACE,
            ],
        )
        .await?;
    let lanes: Vec<Lane> = rows.iter().map(|row: &Row| lane_of(row)).collect();
    let last = lanes.last().map_or(Uuid::nil(), |lane| lane.workspace.0);
    let mut workspaces: Vec<_> = lanes.iter().map(|lane| lane.workspace).collect();
    workspaces.dedup();
    let full = i64::try_from(workspaces.len()).unwrap_or(i64::MAX) >= WORKSPACES_PER_LOOK;
    Ok((lanes, LaneCursor { workspace: if full { last } else { Uuid::nil() } }))
}
