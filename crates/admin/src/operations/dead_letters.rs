//! Dead letters: work that ended for good without success, and what an operator does about it.

use hookyard_domain::ids::DeadLetterId;
use hookyard_store::dead_letters::{self, DeadLetter, Settlement, Subject};
use hookyard_store::{Db, Store, Tx};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::actor::Change;
use super::targets::JobRef;
use super::{Actor, OperationError, deliveries, events, sync_events};

pub mod causes;

/// A settled dead letter.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SettledDeadLetter)]
pub struct Settled {
    pub ok: bool,
    pub id: DeadLetterId,
    /// Whether a new job does the work once more.
    pub queued: bool,
    /// What the new job is about: the event, the delivery, or the new sync event.
    pub subject_id: Subject,
    pub job: Option<JobRef>,
}

/// Makes a new job of a dead letter.
pub async fn replay(
    store: &Store,
    actor: &Actor,
    id: DeadLetterId,
) -> Result<Settled, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let letter = require(&tx, id).await?;
    settle(&tx, &letter, Settlement::Replayed).await?;
    let (subject_id, job) = again(&tx, &letter).await?;
    let settled = Settled { ok: true, id, queued: true, subject_id, job: Some(job) };
    actor.record(&tx, change("dead_letter.replay", &letter, &settled)).await?;
    tx.commit().await?;
    Ok(settled)
}

/// Makes a new job of the work; what it is about then, which is a new sync event for a sync.
async fn again(tx: &Tx<'_>, letter: &DeadLetter) -> Result<(Subject, JobRef), OperationError> {
    match letter.subject_id {
        Subject::Event(event) => Ok((letter.subject_id, events::replay_in(tx, event).await?.job)),
        Subject::Sync(sync) => {
            let (queued, _) = sync_events::retry_in(tx, sync).await?;
            Ok((Subject::Sync(queued.id), queued.job))
        }
        Subject::Delivery(delivery) => {
            Ok((letter.subject_id, deliveries::replay_in(tx, delivery).await?))
        }
        // A replay of many deliveries has no dead letter: what it cannot finish, it goes on with.
        Subject::Replay(replay) => Err(OperationError::not_found("dead letter", &replay)),
    }
}

/// Lets a dead letter be.
pub async fn drop_letter(
    store: &Store,
    actor: &Actor,
    id: DeadLetterId,
) -> Result<Settled, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let letter = require(&tx, id).await?;
    settle(&tx, &letter, Settlement::Dropped).await?;
    let settled = Settled { ok: true, id, queued: false, subject_id: letter.subject_id, job: None };
    actor.record(&tx, change("dead_letter.drop", &letter, &settled)).await?;
    tx.commit().await?;
    Ok(settled)
}

fn change(action: &'static str, letter: &DeadLetter, settled: &Settled) -> Change {
    Change {
        action,
        workspace: letter.workspace_id,
        subject: letter.id.to_string(),
        before: Some(json!({ "subjectId": letter.subject_id, "reason": letter.reason })),
        after: Some(
            json!({ "subjectId": settled.subject_id, "jobId": settled.job.map(|job| job.id) }),
        ),
    }
}

async fn settle(db: &impl Db, letter: &DeadLetter, how: Settlement) -> Result<(), OperationError> {
    if dead_letters::settle(db, letter.id, how).await? {
        return Ok(());
    }
    let before = letter.settled_how.as_deref().unwrap_or("settled by somebody else just now");
    Err(OperationError::conflict(format!("{} is settled already: {before}", letter.id)))
}

async fn require(db: &impl Db, id: DeadLetterId) -> Result<DeadLetter, OperationError> {
    let found = dead_letters::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("dead letter", &id))
}
