//! `replay`: making many deliveries pending once more, in portions, by a job of its own.
//!
//! A replay counts the deliveries that were over when it was made. It walks them by id and keeps its place, so that a
//! worker that dies loses nothing: a portion and the new place are one statement.

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::{ReplayId, WorkspaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::jobs::{Ended, Lease};
use crate::paging::{Page, PageRequest};
use crate::{Conn, Db, StoreError};

mod preview;

pub use preview::{Expected, preview};

/// Among how many deliveries of each filter a preview counts.
pub const EXPECTED_MAX: i64 = 50_000;
/// The most deliveries of one portion.
pub const PORTION_MAX: i64 = 1_000;
/// The most deliveries that are looked at for one portion.
const LOOKED_MAX: i64 = 50_000;

/// Which deliveries of a workspace are replayed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ReplayFilter {
    /// `delivered`, `dead` or `cancelled`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Those that came to their state then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl ReplayFilter {
    /// The states, those of no unusual kind left out; all that are over if none is named.
    fn over(&self) -> Vec<&'static str> {
        let over = DeliveryState::ALL.iter().filter(|state| state.is_over());
        over.map(|state| state.as_str())
            .filter(|state| self.states.is_empty() || self.states.iter().any(|it| it == state))
            .collect()
    }
}

/// Where a replay stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    pub id: ReplayId,
    #[serde(skip)]
    pub workspace_id: WorkspaceId,
    pub workspace: String,
    pub filter: Value,
    /// How many matched when it was made, as far as was counted: 50,000 deliveries by each of the filters.
    pub expected: i64,
    pub replayed: i64,
    pub per_s: i32,
    /// `running`, `completed` or `cancelled`.
    pub state: String,
    pub actor: String,
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Replay {
    fn read(row: &Row) -> Self {
        Self {
            id: ReplayId(row.get("id")),
            workspace_id: WorkspaceId(row.get("workspace_id")),
            workspace: row.get("workspace"),
            filter: row.get("filter"),
            expected: row.get("expected"),
            replayed: row.get("replayed"),
            per_s: row.get("per_s"),
            state: row.get("state"),
            actor: row.get("actor"),
            reason: row.get("reason"),
            created_at: row.get("created_at"),
            ended_at: row.get("ended_at"),
        }
    }
}

/// A replay to be made.
#[derive(Debug, Clone)]
pub struct NewReplay<'a> {
    pub id: ReplayId,
    pub workspace: WorkspaceId,
    pub filter: &'a ReplayFilter,
    /// As previewed.
    pub expected: i64,
    /// How many deliveries become pending in a second at most.
    pub per_s: i32,
    pub actor: &'a str,
    pub reason: Option<&'a str>,
}

/// Makes a replay with its job, which is due at once.
pub async fn insert(db: &impl Db, replay: &NewReplay<'_>) -> Result<(), StoreError> {
    const SQL: &str = "-- replays::insert
        with made as (
            insert into replay (id, workspace_id, filter, expected, per_s, state, actor, reason)
            values ($1, $2, $3, $4, $5, 'running', $6, $7)
         returning id, workspace_id
        )
        insert into job (subject_id, workspace_id, kind, state, due_at)
        select id, workspace_id, 'replay', 'scheduled', now() from made";
    let filter = serde_json::to_value(replay.filter).map_err(StoreError::ReplayFilter)?;
    db.execute(
        SQL,
        &[
            /* id */ &replay.id.0,
            /* workspace */ &replay.workspace.0,
            /* filter */ &filter,
            /* expected */ &replay.expected,
            /* per second */ &replay.per_s,
            /* actor */ &replay.actor,
            /* reason */ &replay.reason,
        ],
    )
    .await
    .map(drop)
}

/// What a portion came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// So many deliveries are pending; the next portion is due when their time is over.
    More { replayed: u64 },
    /// These were the last, and the job is gone.
    Completed { replayed: u64 },
    /// The replay was cancelled; the job is gone.
    Cancelled,
    /// The lease had run out: nothing was changed.
    Fenced,
}

/// Each look is bounded: what is looked for may be rare among millions.
const NEXT_PORTION: &str = "-- replays::next_portion
    with looked as materialized (
        select id, state, receiver_id, event_type, state_at from delivery
         where workspace_id = $2 and (id, id) > ($3, $3)
         order by id limit $10
    ), wanted as materialized (
        select id from looked
         where state = any($4) and ($5::uuid is null or receiver_id = $5) and ($6::text is null or event_type = $6)
           and ($7::timestamptz is null or state_at >= $7) and state_at <= $8
         order by id limit $9
    ), pending as (
        update delivery
           set state = 'pending', state_at = now(), attempts_before = attempts, next_attempt_at = null,
               cancel_requested_at = null
         where id = any(array(select id from wanted)) and state = any($4)
           and exists (select from event where event.id = delivery.event_id and event.body is not null)
     returning id, workspace_id, receiver_id
    ), queued as (
        insert into job (subject_id, workspace_id, lane_id, kind, state, due_at)
        select id, workspace_id, receiver_id, 'delivery', 'parked', now() from pending order by id
            on conflict (subject_id, kind) do nothing
    ), letter as (
        update dead_letter set settled_at = now(), settled_how = 'replayed'
         where kind = 'delivery' and settled_at is null and subject_id = any(array(select id from pending))
    ), place as materialized (
        select (select count(*) from pending) as pending, (select count(*) from wanted) < $9 as all_wanted,
               (select count(*) from looked) < $10 as all_looked,
               (select id from looked order by id desc limit 1) as looked_id,
               (select id from wanted order by id desc limit 1) as wanted_id
    )
    update replay
       set replayed = replayed + place.pending,
           cursor = coalesce(case when all_wanted then looked_id else wanted_id end, cursor),
           state = case when all_wanted and all_looked then 'completed' else state end,
           ended_at = case when all_wanted and all_looked then now() end
      from place
     where id = $1 and state = 'running'
 returning place.pending, state";

/// Makes the next portion of a leased replay pending, and puts the job off for as long as that may take, or
/// ends it.
///
/// Deliveries whose event has no body any more are passed over. The new jobs are parked, so that a large replay takes
/// its turn behind what is ready.
pub async fn next_portion(conn: &mut Conn, lease: &Lease) -> Result<Portion, StoreError> {
    let tx = conn.begin().await?;
    if crate::jobs::lock(&tx, lease).await? == Ended::Fenced {
        return Ok(Portion::Fenced);
    }
    let Some(place) = place(&tx, lease.subject).await? else {
        if crate::jobs::finish(&tx, lease).await? == Ended::Held {
            tx.commit().await?;
        }
        return Ok(Portion::Cancelled);
    };
    let until = place.filter.until.map_or(place.frozen_at, |it| it.min(place.frozen_at));
    let portion = i64::from(place.per_s).min(PORTION_MAX);
    let row = tx
        .row(
            NEXT_PORTION,
            &[
                /* replay */ &lease.subject,
                /* workspace */ &place.workspace,
                /* after */ &place.cursor,
                /* states */ &place.filter.over(),
                /* receiver */ &place.filter.receiver,
                /* event type */ &place.filter.event_type,
                /* since */ &place.filter.since,
                /* until */ &until,
                /* portion */ &portion,
                /* looked at */ &LOOKED_MAX,
            ],
        )
        .await?;
    let replayed = u64::try_from(row.get::<_, i64>("pending")).unwrap_or(0);
    let more = row.get::<_, &str>("state") == "running";
    let ended = if more {
        crate::jobs::park(&tx, lease, pause_ms(replayed, place.per_s)).await?
    } else {
        crate::jobs::finish(&tx, lease).await?
    };
    if ended == Ended::Fenced {
        return Ok(Portion::Fenced);
    }
    tx.commit().await?;
    Ok(if more { Portion::More { replayed } } else { Portion::Completed { replayed } })
}

/// How long so many deliveries take at so many a second, in milliseconds.
fn pause_ms(replayed: u64, per_s: i32) -> u64 {
    replayed.saturating_mul(1_000) / u64::try_from(per_s).unwrap_or(1).max(1)
}

/// Where a running replay goes on.
struct Place {
    workspace: Uuid,
    filter: ReplayFilter,
    frozen_at: Timestamp,
    cursor: Uuid,
    per_s: i32,
}

async fn place(db: &impl Db, id: Uuid) -> Result<Option<Place>, StoreError> {
    const SQL: &str = "-- replays::place
        select workspace_id, filter, frozen_at, cursor, per_s from replay
         where id = $1 and state = 'running' for no key update";
    let row = db.row_opt(SQL, &[/* id */ &id]).await?;
    let read = |row: Row| {
        Ok(Place {
            workspace: row.get("workspace_id"),
            filter: serde_json::from_value(row.get("filter")).map_err(StoreError::ReplayFilter)?,
            frozen_at: row.get("frozen_at"),
            cursor: row.get::<_, Option<Uuid>>("cursor").unwrap_or_default(),
            per_s: row.get("per_s"),
        })
    };
    row.map(read).transpose()
}

/// Cancels a running replay: no further portion. What is pending by now stays so. False if it is over.
pub async fn cancel(db: &impl Db, id: ReplayId) -> Result<bool, StoreError> {
    const SQL: &str = "-- replays::cancel
        update replay set state = 'cancelled', ended_at = now() where id = $1 and state = 'running'";
    Ok(db.execute(SQL, &[/* id */ &id.0]).await? == 1)
}

/// The replay of this id.
pub async fn by_id(db: &impl Db, id: ReplayId) -> Result<Option<Replay>, StoreError> {
    const SQL: &str = "-- replays::by_id
        select replay.id, replay.workspace_id, workspace.slug as workspace, replay.filter, replay.expected,
               replay.replayed, replay.per_s, replay.state, replay.actor, replay.reason, replay.created_at,
               replay.ended_at
          from replay join workspace on workspace.id = replay.workspace_id
         where replay.id = $1";
    Ok(db.row_opt(SQL, &[/* id */ &id.0]).await?.as_ref().map(Replay::read))
}

/// The replays of one workspace, or all, newest first.
pub async fn list(
    db: &impl Db,
    workspace: Option<WorkspaceId>,
    page: PageRequest<ReplayId>,
) -> Result<Page<Replay, ReplayId>, StoreError> {
    const ALL: &str = "-- replays::list (all)
        select replay.id, replay.workspace_id, workspace.slug as workspace, replay.filter, replay.expected,
               replay.replayed, replay.per_s, replay.state, replay.actor, replay.reason, replay.created_at,
               replay.ended_at
          from replay join workspace on workspace.id = replay.workspace_id
         where replay.id < $1
         order by replay.id desc limit 101";
    const OF_WORKSPACE: &str = "-- replays::list (of a workspace)
        select replay.id, replay.workspace_id, workspace.slug as workspace, replay.filter, replay.expected,
               replay.replayed, replay.per_s, replay.state, replay.actor, replay.reason, replay.created_at,
               replay.ended_at
          from replay join workspace on workspace.id = replay.workspace_id
         where replay.id < $1 and replay.workspace_id = $2
         order by replay.id desc limit 101";
    let before = page.bound(|id| id.0);
    let rows = match workspace {
        None => db.rows(ALL, &[/* before */ &before]).await?,
        Some(id) => db.rows(OF_WORKSPACE, &[/* before */ &before, /* workspace */ &id.0]).await?,
    };
    Ok(page.cut(rows.iter().map(Replay::read).collect(), |item| item.id))
}
