//! All open dead letters of one cause, replayed or let be.

use hookyard_domain::ids::{DeadLetterId, WorkspaceId};
use hookyard_domain::workspace::Slug;
use hookyard_store::dead_letters::{self, Cause, DeadLetter, Settlement};
use hookyard_store::{Store, Tx};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Actor, Change, OperationError, again, settle};
use crate::operations::workspaces;

/// The most dead letters that are settled at once; whoever has more asks again.
pub const SETTLED_MAX: i64 = 1_000;
/// How many of them one transaction settles.
const PORTION: i64 = 100;

/// Dead letters of one cause in a workspace, written until a time.
#[derive(Debug, Clone)]
pub struct OfOneCause {
    pub workspace: Slug,
    pub cause: Cause,
    /// Later ones are not included.
    pub until: Timestamp,
}

/// What became of the dead letters of a cause.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SettledDeadLetters)]
pub struct SettledMany {
    /// Replayed, or let be.
    pub settled: u64,
    /// They cannot be replayed: what they are about is not stored any more, or may not run. They stay open.
    pub left_out: u64,
    /// Whether there are more of this cause than are settled at once.
    pub more: bool,
}

/// How many open dead letters there are of a cause; counted up to one more than are settled at once.
pub async fn count(store: &Store, of: &OfOneCause) -> Result<i64, OperationError> {
    let conn = store.conn().await?;
    let workspace = workspaces::require(&conn, &of.workspace).await?;
    let max = SETTLED_MAX + 1;
    Ok(dead_letters::count_of(&conn, workspace.id, &of.cause, of.until, max).await?)
}

/// Settles up to [`SETTLED_MAX`] dead letters of a cause, in portions. Whoever does it again settles what is left.
pub async fn settle_all(
    store: &Store,
    actor: &Actor,
    of: &OfOneCause,
    how: Settlement,
) -> Result<SettledMany, OperationError> {
    let mut conn = store.conn().await?;
    let workspace = workspaces::require(&conn, &of.workspace).await?.id;
    let mut settled = SettledMany::default();
    let mut before = DeadLetterId(Uuid::max());
    let mut looked = 0;
    loop {
        let tx = conn.begin().await?;
        let at = (before, of.until);
        let letters = dead_letters::take_of(&tx, workspace, &of.cause, at, PORTION).await?;
        let Some(last) = letters.last().map(|letter| letter.id) else { return Ok(settled) };
        if looked >= SETTLED_MAX {
            settled.more = true;
            return Ok(settled);
        }
        looked += PORTION;
        before = last;
        let mut portion = SettledMany::default();
        for letter in &letters {
            if settle_one(&tx, letter, how).await? {
                portion.settled += 1;
            } else {
                portion.left_out += 1;
            }
        }
        if portion.settled > 0 {
            actor.record(&tx, change(workspace, of, how, portion)).await?;
        }
        tx.commit().await?;
        settled.settled += portion.settled;
        settled.left_out += portion.left_out;
    }
}

/// False: it cannot be replayed, and nothing was changed. The letter is locked: nobody else settles it.
async fn settle_one(
    tx: &Tx<'_>,
    letter: &DeadLetter,
    how: Settlement,
) -> Result<bool, OperationError> {
    if how == Settlement::Replayed {
        match again(tx, letter).await {
            Ok(_) => {}
            // Each says so before it changes anything.
            Err(OperationError::Conflict(_) | OperationError::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    match settle(tx, letter, how).await {
        // A delivery's replay settles its letter by itself.
        Ok(()) | Err(OperationError::Conflict(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

fn change(
    workspace: WorkspaceId,
    of: &OfOneCause,
    how: Settlement,
    portion: SettledMany,
) -> Change {
    let action = match how {
        Settlement::Replayed => "dead_letter.replay_many",
        Settlement::Dropped => "dead_letter.drop_many",
    };
    let subject = workspace.to_string();
    let before =
        json!({ "kind": of.cause.kind, "reason": of.cause.reason, "error": of.cause.error });
    Change {
        action,
        workspace: Some(workspace),
        subject,
        before: Some(before),
        after: Some(json!({ "settled": portion.settled, "leftOut": portion.left_out })),
    }
}
