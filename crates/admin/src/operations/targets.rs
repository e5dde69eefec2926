//! Connector targets: the branches that are tracked.

use hookyard_domain::ids::{InstanceId, JobId, SyncEventId, TargetId};
use hookyard_domain::sync_event::SyncTrigger;
use hookyard_domain::target::{AccountStatus, InstanceStatus, RepositoryFullName, TargetStatus};
use hookyard_store::dead_letters::Subject;
use hookyard_store::sync_events::{self, NewSync};
use hookyard_store::targets::{self, NewTarget, Target};
use hookyard_store::{Db, Store, Tx, job_list};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError, connectors};

/// The longest branch name, in bytes: Git stores it as a file name.
const BRANCH_BYTES_MAX: usize = 244;

/// A branch to be tracked.
#[derive(Debug, Clone)]
pub struct AddTarget {
    pub instance: InstanceId,
    pub repository: RepositoryFullName,
    pub repository_id: i64,
    /// Without `refs/heads/`.
    pub branch: String,
}

/// A sync that was queued.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedSync {
    pub ok: bool,
    pub queued: bool,
    /// The sync event.
    pub id: SyncEventId,
    pub job: JobRef,
    /// What the operator should know before the result is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A job, by its id.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct JobRef {
    pub id: JobId,
}

/// Tracks a branch. Nothing is synchronised until it has a mapping.
pub async fn add(store: &Store, actor: &Actor, new: AddTarget) -> Result<Target, OperationError> {
    if new.repository_id <= 0 {
        return Err(OperationError::Invalid(
            "a repository id is a positive number; GitHub's API shows it".to_owned(),
        ));
    }
    check_branch(&new.branch)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let instance = connectors::require_instance(&tx, new.instance).await?;
    if instance.status == InstanceStatus::Archived {
        return Err(OperationError::Conflict(format!(
            "{} is archived; add another instance",
            instance.id
        )));
    }
    let target = NewTarget {
        id: TargetId(Uuid::now_v7()),
        instance: instance.id,
        repository_id: new.repository_id,
        git_ref: format!("refs/heads/{}", new.branch),
        repository: new.repository,
    };
    if !targets::insert(&tx, &target).await? {
        return Err(OperationError::Conflict(format!(
            "the instance tracks {} of {} already; see `hookyard-admin connector target list`",
            new.branch, target.repository
        )));
    }
    let change = Change {
        action: "connector_target.add",
        workspace: Some(instance.workspace_id),
        subject: target.id.to_string(),
        before: None,
        after: Some(json!({
            "instanceId": instance.id, "repository": target.repository.as_str(),
            "repositoryId": target.repository_id, "ref": target.git_ref,
        })),
    };
    actor.record(&tx, change).await?;
    let target = require(&tx, target.id).await?;
    tx.commit().await?;
    Ok(target)
}

/// Queues a sync of the target, whether anything changed or not.
pub async fn resync(
    store: &Store,
    actor: &Actor,
    id: TargetId,
    allow_deletions: bool,
) -> Result<QueuedSync, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let target = require(&tx, id).await?;
    check_syncable(&tx, &target).await?;
    let sync = NewSync {
        id: SyncEventId(Uuid::now_v7()),
        target: id,
        trigger: SyncTrigger::ManualResync,
        allow_deletions,
        event: None,
    };
    let mut queued = queue(&tx, &sync).await?;
    queued.note = note(&target, allow_deletions);
    let change = Change {
        action: "connector_target.resync",
        workspace: Some(target.workspace_id),
        subject: id.to_string(),
        before: None,
        after: Some(json!({ "syncEventId": queued.id, "allowDeletions": allow_deletions })),
    };
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(queued)
}

/// Stops following a branch, or follows it again; its config objects stay as they are.
pub async fn set_disabled(
    store: &Store,
    actor: &Actor,
    id: TargetId,
    disabled: bool,
) -> Result<Target, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    let changed = targets::set_disabled(&tx, id, disabled).await?;
    let target = require(&tx, id).await?;
    if changed {
        // Nobody knows what was pushed meanwhile.
        if !disabled {
            follow(&tx, &target).await?;
        }
        let change = Change {
            action: if disabled { "connector_target.disable" } else { "connector_target.enable" },
            workspace: Some(target.workspace_id),
            subject: id.to_string(),
            before: Some(json!({ "status": before.status })),
            after: Some(json!({ "status": target.status })),
        };
        actor.record(&tx, change).await?;
    }
    tx.commit().await?;
    Ok(target)
}

/// The target of this id, which must exist.
pub async fn require(db: &impl Db, id: TargetId) -> Result<Target, OperationError> {
    let found = targets::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("connector target", &id))
}

/// Queues the sync that a changed mapping asks for, unless it would be ignored.
pub(super) async fn follow(
    tx: &Tx<'_>,
    target: &Target,
) -> Result<Option<QueuedSync>, OperationError> {
    match check_syncable(tx, target).await {
        Ok(()) => {}
        Err(OperationError::Conflict(_)) => return Ok(None),
        Err(error) => return Err(error),
    }
    let sync = NewSync {
        id: SyncEventId(Uuid::now_v7()),
        target: target.id,
        trigger: SyncTrigger::ManualResync,
        allow_deletions: false,
        event: None,
    };
    queue(tx, &sync).await.map(Some)
}

/// Queues a sync; a worker's sweep finds its job at once.
pub(super) async fn queue(tx: &Tx<'_>, sync: &NewSync) -> Result<QueuedSync, OperationError> {
    let id = sync_events::queue(tx, sync).await?;
    let job = job_list::of_subject(tx, Subject::Sync(id)).await?;
    let job = job
        .ok_or_else(|| OperationError::Conflict(format!("{id} was queued and is gone already")))?;
    Ok(QueuedSync { ok: true, queued: true, id, job: JobRef { id: job }, note: None })
}

/// Fails when a sync of this target would be ignored.
pub(super) async fn check_syncable(db: &impl Db, target: &Target) -> Result<(), OperationError> {
    let id = target.id;
    if target.status == TargetStatus::Disabled {
        return Err(OperationError::Conflict(format!(
            "{id} is disabled; run `hookyard-admin connector target enable {id}` first"
        )));
    }
    if target.status == TargetStatus::RepositoryRemoved {
        return Err(OperationError::Conflict(format!(
            "the installation of {id} may not see {} any more; add the repository to it on GitHub first",
            target.repository
        )));
    }
    let instance = connectors::require_instance(db, target.instance_id).await?;
    let account = connectors::require_account(db, instance.account_id).await?;
    match (account.status, instance.status) {
        (AccountStatus::Active, InstanceStatus::Active) => Ok(()),
        (AccountStatus::Active, status) => Err(OperationError::Conflict(format!(
            "the instance {} of {id} is {status}",
            instance.id
        ))),
        (status @ (AccountStatus::Suspended | AccountStatus::Disconnected), _) => {
            Err(OperationError::Conflict(format!("the account {} of {id} is {status}", account.id)))
        }
    }
}

/// What an operator should know of a sync that is queued.
fn note(target: &Target, allow_deletions: bool) -> Option<String> {
    let waits = target.status == TargetStatus::NeedsConfirmation && !allow_deletions;
    waits.then(|| {
        format!(
            "the last sync would have deleted much of {}, and this one will stop again if it would; to let it, run \
             `hookyard-admin connector target resync {} --allow-deletions`",
            target.repository, target.id
        )
    })
}

/// A branch's name by Git's rules (`git check-ref-format`).
fn check_branch(branch: &str) -> Result<(), OperationError> {
    let part = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none()
    };
    let forbidden = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let good = (1..=BRANCH_BYTES_MAX).contains(&branch.len())
        && branch.split('/').all(part)
        && !branch.chars().any(forbidden)
        && !branch.contains("..")
        && !branch.contains("@{")
        && !branch.ends_with('.')
        && !branch.starts_with('-')
        && branch != "@";
    if branch.starts_with("refs/") {
        return Err(OperationError::Invalid(
            "write the branch without refs/heads/, such as main".to_owned(),
        ));
    }
    if good {
        Ok(())
    } else {
        Err(OperationError::Invalid(format!("{branch:?} is no name that Git gives a branch")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_named_by_gits_rules() {
        for good in ["main", "feature/x-1", "v1.2", "übung"] {
            assert!(check_branch(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/a", "a/", "a//b", ".a", "a/.b", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*",
            "a[b", "a\\b",
        ] {
            assert!(check_branch(bad).is_err(), "{bad}");
        }
        for bad in ["a.lock", "a.lock/b", "a.", "@", "a@{1}", "-a", "refs/heads/main", "a\u{7f}"] {
            assert!(check_branch(bad).is_err(), "{bad}");
        }
    }
}
