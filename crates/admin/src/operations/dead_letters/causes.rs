//! All open dead letters of one cause, replayed or let be.

use hookyard_domain::ids::{DeadLetterId, WorkspaceId};
use hookyard_domain::workspace::Slug;
use hookyard_store::dead_letters::{self, Cause, Counted, DeadLetter, Settlement};
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
/// How often it is looked for them, 800 open dead letters a time.
const LOOKS_MAX: usize = 500;

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

/// How many open dead letters a cause has.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLettersPreview)]
pub struct Preview {
    pub cause: Cause,
    /// Among the newest 10,000 open ones.
    pub count: i64,
    /// Whether there are more open ones than that; some of them may have this cause, too.
    pub more: bool,
    /// Later ones are not included.
    pub until: Timestamp,
}

/// Counts the open dead letters of a cause; changes nothing.
pub async fn preview(store: &Store, of: &OfOneCause) -> Result<Preview, OperationError> {
    let conn = store.conn().await?;
    let workspace = workspaces::require(&conn, &of.workspace).await?;
    let counted = dead_letters::count_of(&conn, workspace.id, &of.cause, of.until).await?;
    let Counted { count, more } = counted;
    Ok(Preview { cause: of.cause.clone(), count, more, until: of.until })
}

/// The same as a number.
pub async fn count(store: &Store, of: &OfOneCause) -> Result<i64, OperationError> {
    Ok(preview(store, of).await?.count)
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
    let mut room = usize::try_from(SETTLED_MAX).unwrap_or_default();
    for _ in 0..LOOKS_MAX {
        let tx = conn.begin().await?;
        let taken = dead_letters::take_of(&tx, workspace, &of.cause, (before, of.until)).await?;
        let portion = &taken.letters[..taken.letters.len().min(room)];
        let mut came_to = SettledMany::default();
        for letter in portion {
            if settle_one(&tx, letter, how).await? {
                came_to.settled += 1;
            } else {
                came_to.left_out += 1;
            }
        }
        if came_to.settled > 0 {
            actor.record(&tx, change(workspace, of, how, came_to)).await?;
        }
        tx.commit().await?;
        settled.settled += came_to.settled;
        settled.left_out += came_to.left_out;
        if portion.len() < taken.letters.len() {
            settled.more = true;
            return Ok(settled);
        }
        room -= portion.len();
        let Some(next) = taken.next else { return Ok(settled) };
        before = next;
    }
    settled.more = true;
    Ok(settled)
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
