//! Connector targets: the branches that are tracked.

mod branch;

use hookyard_domain::ids::{InstanceId, JobId, SyncEventId, TargetId};
use hookyard_domain::sync_event::SyncTrigger;
use hookyard_domain::target::{AccountStatus, InstanceStatus, RepositoryFullName, TargetStatus};
use hookyard_store::dead_letters::Subject;
use hookyard_store::sync_events::{self, NewSync};
use hookyard_store::targets::{self, NewTarget, Target};
use hookyard_store::{Db, Store, Tx, job_list};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::{Actor, OperationError, Remedy, accounts, instances};

pub(super) use branch::check_branch;

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
    let instance = instances::require(&tx, new.instance).await?;
    if instance.status == InstanceStatus::Archived {
        return Err(OperationError::conflict(format!(
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
        let why = format!("the instance tracks {} of {} already", new.branch, target.repository);
        return Err(OperationError::remediable(why, Remedy::SeeTargets(instance.id)));
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

/// What is to be changed of a target; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateTarget {
    /// Another branch of the repository, without `refs/heads/`.
    pub branch: Option<String>,
    pub disabled: Option<bool>,
}

/// A target that was changed, and the sync that follows.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedTarget {
    #[serde(flatten)]
    pub target: Target,
    /// None when nothing changed, or the target is not synchronised at present.
    pub sync: Option<QueuedSync>,
}

/// Changes a target, if it is as the caller saw it at `expected`, and has it synchronised.
///
/// On another branch the sync that follows changes the config objects to what that branch holds.
pub async fn update(
    store: &Store,
    actor: &Actor,
    id: TargetId,
    to: UpdateTarget,
    expected: Option<Timestamp>,
) -> Result<ChangedTarget, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    targets::lock(&tx, id).await?;
    let before = require(&tx, id).await?;
    OperationError::check_fresh(&id, before.updated_at, expected)?;
    let mut changed = false;
    if let Some(branch) = &to.branch {
        check_branch(branch)?;
        let git_ref = format!("refs/heads/{branch}");
        let moved = targets::set_branch(&tx, id, &git_ref).await;
        changed |= moved.map_err(|error| {
            OperationError::taken(error, targets::BRANCH_TAKEN, || {
                format!("the instance tracks {branch} of {} already", before.repository)
            })
        })?;
    }
    if let Some(disabled) = to.disabled {
        changed |= targets::set_disabled(&tx, id, disabled).await?;
    }
    let target = require(&tx, id).await?;
    let sync = if changed { follow(&tx, &target).await? } else { None };
    if changed {
        let change = Change {
            action: "connector_target.update",
            workspace: Some(target.workspace_id),
            subject: id.to_string(),
            before: Some(json!({ "ref": before.git_ref, "status": before.status })),
            after: Some(json!({
                "ref": target.git_ref, "status": target.status, "syncEventId": sync.as_ref().map(|it| it.id),
            })),
        };
        actor.record(&tx, change).await?;
    }
    tx.commit().await?;
    Ok(ChangedTarget { target, sync })
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
        .ok_or_else(|| OperationError::conflict(format!("{id} was queued and is gone already")))?;
    Ok(QueuedSync { ok: true, queued: true, id, job: JobRef { id: job }, note: None })
}

/// Fails when a sync of this target would be ignored.
pub(super) async fn check_syncable(db: &impl Db, target: &Target) -> Result<(), OperationError> {
    let id = target.id;
    if target.status == TargetStatus::Disabled {
        let why = format!("{id} is disabled");
        return Err(OperationError::remediable(why, Remedy::Enable(id)));
    }
    if target.status == TargetStatus::RepositoryRemoved {
        return Err(OperationError::conflict(format!(
            "the installation of {id} may not see {} any more; add the repository to it on GitHub first",
            target.repository
        )));
    }
    let instance = instances::require(db, target.instance_id).await?;
    let account = accounts::require(db, instance.account_id).await?;
    match (account.status, instance.status) {
        (AccountStatus::Active, InstanceStatus::Active) => Ok(()),
        (AccountStatus::Active, status) => Err(OperationError::conflict(format!(
            "the instance {} of {id} is {status}",
            instance.id
        ))),
        (status @ (AccountStatus::Suspended | AccountStatus::Disconnected), _) => {
            Err(OperationError::conflict(format!("the account {} of {id} is {status}", account.id)))
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
