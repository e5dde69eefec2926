//! Replays of many deliveries: counted first, then made pending in paced portions by the workers.

use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::ids::ReplayId;
use hookyard_domain::workspace::Slug;
use hookyard_store::replays::{self, Expected, NewReplay, Replay, ReplayFilter};
use hookyard_store::{Db, Store};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError, workspaces};

/// How many deliveries become pending in a second, unless whoever asks says otherwise.
pub const PER_S_DEFAULT: i32 = 100;
/// The most that may become pending in a second.
pub const PER_S_MAX: i32 = 10_000;

/// Which deliveries of a workspace to replay.
#[derive(Debug, Clone)]
pub struct Selection {
    pub workspace: Slug,
    pub states: Vec<DeliveryState>,
    /// A connection or an OAuth client.
    pub receiver: Option<Uuid>,
    pub event_type: Option<String>,
    /// Those that came to their state then or later.
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Selection {
    fn filter(&self) -> Result<ReplayFilter, OperationError> {
        if let Some(open) = self.states.iter().find(|state| !state.is_over()) {
            return Err(OperationError::Invalid(format!(
                "a delivery that is {open} is not over; delivered, dead and cancelled ones are replayed"
            )));
        }
        Ok(ReplayFilter {
            states: self.states.iter().map(|state| state.as_str().to_owned()).collect(),
            receiver: self.receiver,
            event_type: self.event_type.clone(),
            since: self.since,
            until: self.until,
        })
    }
}

/// What a replay would concern.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReplayPreview)]
pub struct Preview {
    pub workspace: String,
    pub filter: ReplayFilter,
    /// Deliveries that match now, as far as was counted: 50,000 by each of the filters.
    pub expected: i64,
    /// Whether there are more than were looked at; some of them may match, too.
    pub more: bool,
}

/// Counts what a replay would concern; changes nothing.
pub async fn preview(store: &Store, selection: &Selection) -> Result<Preview, OperationError> {
    let filter = selection.filter()?;
    let conn = store.conn().await?;
    let workspace = workspaces::require(&conn, &selection.workspace).await?;
    let Expected { count, more } = replays::preview(&conn, workspace.id, &filter).await?;
    Ok(Preview { workspace: workspace.slug, filter, expected: count, more })
}

/// Starts a replay of `per_s` deliveries a second at most.
pub async fn start(
    store: &Store,
    actor: &Actor,
    selection: &Selection,
    per_s: i32,
) -> Result<Replay, OperationError> {
    if !(1..=PER_S_MAX).contains(&per_s) {
        return Err(OperationError::Invalid(format!(
            "a replay makes 1 to {PER_S_MAX} deliveries a second pending"
        )));
    }
    let filter = selection.filter()?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let workspace = workspaces::require(&tx, &selection.workspace).await?;
    let Expected { count: expected, more } = replays::preview(&tx, workspace.id, &filter).await?;
    if expected == 0 && !more {
        return Err(OperationError::conflict(
            "no delivery matches; nothing was started".to_owned(),
        ));
    }
    let replay = NewReplay {
        id: ReplayId(Uuid::now_v7()),
        workspace: workspace.id,
        filter: &filter,
        expected,
        per_s,
        actor: &actor.name,
        reason: actor.reason.as_deref(),
    };
    replays::insert(&tx, &replay).await?;
    let view = require(&tx, replay.id).await?;
    let after = json!({ "filter": view.filter, "expected": expected, "perS": per_s });
    actor.record(&tx, change("replay.start", &view, after)).await?;
    tx.commit().await?;
    Ok(view)
}

/// Ends a running replay: what is pending by now stays so.
pub async fn cancel(store: &Store, actor: &Actor, id: ReplayId) -> Result<Replay, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    if !replays::cancel(&tx, id).await? {
        return Err(OperationError::conflict(format!("{id} is over already: {}", before.state)));
    }
    let view = require(&tx, id).await?;
    let after = json!({ "replayed": view.replayed, "expected": view.expected });
    actor.record(&tx, change("replay.cancel", &view, after)).await?;
    tx.commit().await?;
    Ok(view)
}

async fn require(db: &impl Db, id: ReplayId) -> Result<Replay, OperationError> {
    let found = replays::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("replay", &id))
}

fn change(action: &'static str, replay: &Replay, after: serde_json::Value) -> Change {
    let subject = replay.id.to_string();
    Change {
        action,
        workspace: Some(replay.workspace_id),
        subject,
        before: None,
        after: Some(after),
    }
}
