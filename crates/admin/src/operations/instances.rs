//! Connector instances: configured uses of an account.
//!
//! A disabled instance follows nothing, an archived one is put away as well; the config objects of both stay as they
//! are. A removed one is archived and its config objects are deleted. All three come back by enabling.

use hookyard_domain::ids::{AccountId, InstanceId};
use hookyard_domain::sync_event::SyncTrigger;
use hookyard_domain::target::{AccountStatus, InstanceStatus};
use hookyard_store::instances::{self, ConfiguredPlugin, Instance, InstanceCounts};
use hookyard_store::targets::Released;
use hookyard_store::{Db, Store, Tx, sync_events};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::actor::Change;
use super::workspaces::checked_name;
use super::{Actor, OperationError, Remedy, accounts};

/// Adds a configured use of an account, or brings the archived one of this name back with its targets and mappings.
pub async fn add(
    store: &Store,
    actor: &Actor,
    account: AccountId,
    name: &str,
) -> Result<Instance, OperationError> {
    let name = checked_name("an instance", name)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let account = accounts::require(&tx, account).await?;
    if account.status == AccountStatus::Disconnected {
        let why = format!("{} is disconnected", account.id);
        return Err(OperationError::remediable(why, Remedy::Reconnect(account.id)));
    }
    let new = InstanceId(Uuid::now_v7());
    let Some(id) = instances::insert(&tx, new, account.id, name).await? else {
        return Err(OperationError::conflict(format!(
            "the account has an instance of the name {name:?} already; choose another name"
        )));
    };
    let change = Change {
        action: "connector_instance.add",
        workspace: Some(account.workspace_id),
        subject: id.to_string(),
        before: None,
        after: Some(json!({ "accountId": account.id, "name": name })),
    };
    actor.record(&tx, change).await?;
    let instance = require(&tx, id).await?;
    tx.commit().await?;
    Ok(instance)
}

/// Renames an instance, if it is as the caller saw it at `expected`.
pub async fn rename(
    store: &Store,
    actor: &Actor,
    id: InstanceId,
    name: &str,
    expected: Option<Timestamp>,
) -> Result<Instance, OperationError> {
    let name = checked_name("an instance", name)?;
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    instances::lock(&tx, id).await?;
    let before = require(&tx, id).await?;
    OperationError::check_fresh(&id, before.updated_at, expected)?;
    let renamed = instances::rename(&tx, id, name).await.map_err(|error| {
        OperationError::taken(error, instances::NAME_TAKEN, || {
            format!("the account has an instance of the name {name:?} already; choose another name")
        })
    })?;
    let instance = require(&tx, id).await?;
    if renamed {
        let was = json!({ "name": before.name });
        let is = json!({ "name": instance.name });
        actor.record(&tx, change("connector_instance.rename", &instance, was, is)).await?;
    }
    tx.commit().await?;
    Ok(instance)
}

/// What becomes of plugins that are new in a repository, in words.
pub const fn new_plugins(auto_import: Option<bool>) -> &'static str {
    match auto_import {
        Some(true) => "come by themselves",
        Some(false) => "are chosen by hand",
        None => "come by themselves to targets that have plugins",
    }
}

/// Says whether plugins that are new in the repositories of an instance come by themselves, if it is as the caller saw
/// it at `expected`; none: in targets that have plugins already.
///
/// It takes effect with the next sync that reads a tree: by the next push, or by [`sync_now`].
pub async fn set_auto_import(
    store: &Store,
    actor: &Actor,
    id: InstanceId,
    to: Option<bool>,
    expected: Option<Timestamp>,
) -> Result<Instance, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let instance = auto_import(&tx, actor, id, to, expected).await?;
    tx.commit().await?;
    Ok(instance)
}

/// The same, in a transaction that does more.
pub(super) async fn auto_import(
    tx: &Tx<'_>,
    actor: &Actor,
    id: InstanceId,
    to: Option<bool>,
    expected: Option<Timestamp>,
) -> Result<Instance, OperationError> {
    instances::lock(tx, id).await?;
    let before = require(tx, id).await?;
    OperationError::check_fresh(&id, before.updated_at, expected)?;
    let changed = instances::set_auto_import(tx, id, to).await?;
    let instance = require(tx, id).await?;
    if changed {
        let was = json!({ "autoImportNewPlugins": before.auto_import_new_plugins });
        let is = json!({ "autoImportNewPlugins": to });
        actor.record(tx, change("connector_instance.auto_import", &instance, was, is)).await?;
    }
    Ok(instance)
}

/// Has an instance follow nothing any more. Its config objects stay as they are.
pub async fn disable(
    store: &Store,
    actor: &Actor,
    id: InstanceId,
) -> Result<Instance, OperationError> {
    let (action, to) = ("connector_instance.disable", InstanceStatus::Disabled);
    set_status(store, actor, id, action, to).await
}

/// Puts an instance away: it follows nothing any more. Its config objects stay as they are.
pub async fn archive(
    store: &Store,
    actor: &Actor,
    id: InstanceId,
) -> Result<Instance, OperationError> {
    let (action, to) = ("connector_instance.archive", InstanceStatus::Archived);
    set_status(store, actor, id, action, to).await
}

/// Has an instance follow its targets again, and synchronises them: nobody knows what was pushed meanwhile.
pub async fn enable(
    store: &Store,
    actor: &Actor,
    id: InstanceId,
) -> Result<Instance, OperationError> {
    let (action, to) = ("connector_instance.enable", InstanceStatus::Active);
    set_status(store, actor, id, action, to).await
}

async fn set_status(
    store: &Store,
    actor: &Actor,
    id: InstanceId,
    action: &'static str,
    to: InstanceStatus,
) -> Result<Instance, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    if to == InstanceStatus::Active {
        check_account(&tx, &before).await?;
    }
    if to == InstanceStatus::Disabled && before.status == InstanceStatus::Archived {
        return Err(OperationError::conflict(format!("{id} is archived")));
    }
    let changed = instances::set_status(&tx, id, to).await?;
    let instance = require(&tx, id).await?;
    if changed {
        let mut is = json!({ "status": instance.status });
        if to == InstanceStatus::Active {
            is["syncsQueued"] = queue_all(&tx, id).await?.into();
        }
        let was = json!({ "status": before.status });
        actor.record(&tx, change(action, &instance, was, is)).await?;
    }
    tx.commit().await?;
    Ok(instance)
}

/// An instance that was removed, and what went with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedInstance {
    #[serde(flatten)]
    pub instance: Instance,
    #[serde(flatten)]
    pub gone: Released,
}

/// Archives an instance and deletes its config objects. Their tombstones and the sync events stay.
pub async fn remove(
    store: &Store,
    actor: &Actor,
    id: InstanceId,
) -> Result<RemovedInstance, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let before = require(&tx, id).await?;
    let gone = instances::remove(&tx, id).await?;
    let instance = require(&tx, id).await?;
    let was = json!({ "status": before.status });
    actor.record(&tx, change("connector_instance.remove", &instance, was, json!(gone))).await?;
    tx.commit().await?;
    Ok(RemovedInstance { instance, gone })
}

/// The syncs that were queued for the targets of an instance.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedSyncs {
    pub ok: bool,
    /// False: the instance has no target that can be synchronised.
    pub queued: bool,
    pub syncs_queued: u64,
}

/// Queues a sync of each target of an instance, whether anything changed or not.
pub async fn sync_now(
    store: &Store,
    actor: &Actor,
    id: InstanceId,
) -> Result<QueuedSyncs, OperationError> {
    let mut conn = store.conn().await?;
    let tx = conn.begin().await?;
    let instance = require(&tx, id).await?;
    if instance.status != InstanceStatus::Active {
        return Err(OperationError::conflict(format!("{id} is {}", instance.status)));
    }
    check_account(&tx, &instance).await?;
    let syncs_queued = queue_all(&tx, id).await?;
    let is = json!({ "syncsQueued": syncs_queued });
    let mut change = change("connector_instance.sync_now", &instance, Value::Null, is);
    change.before = None;
    actor.record(&tx, change).await?;
    tx.commit().await?;
    Ok(QueuedSyncs { ok: true, queued: syncs_queued > 0, syncs_queued })
}

async fn queue_all(tx: &Tx<'_>, id: InstanceId) -> Result<u64, OperationError> {
    Ok(sync_events::queue_of_instance(tx, id, SyncTrigger::ManualResync).await?)
}

async fn check_account(db: &impl Db, instance: &Instance) -> Result<(), OperationError> {
    accounts::require_active(db, instance.account_id).await.map(drop)
}

/// What an instance is made of.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    pub connector_instance: Instance,
    #[serde(flatten)]
    pub counts: InstanceCounts,
    /// Whether plugins that are new in a repository are mapped by the sync that finds them: as it was set, or else
    /// whether there are plugins already. Unset, it holds for each target by itself.
    pub auto_import_new_plugins: bool,
    /// By target and key, the first 200.
    pub configured_plugins: Vec<ConfiguredPlugin>,
}

/// What an instance is made of.
pub async fn configuration(store: &Store, id: InstanceId) -> Result<Configuration, OperationError> {
    let conn = store.conn().await?;
    let connector_instance = require(&conn, id).await?;
    let counts = instances::counts(&conn, id).await?;
    let configured_plugins = instances::configured_plugins(&conn, id).await?;
    let is_set = connector_instance.auto_import_new_plugins;
    let auto_import_new_plugins = is_set.unwrap_or(!configured_plugins.is_empty());
    Ok(Configuration { connector_instance, counts, auto_import_new_plugins, configured_plugins })
}

fn change(action: &'static str, instance: &Instance, before: Value, after: Value) -> Change {
    Change {
        action,
        workspace: Some(instance.workspace_id),
        subject: instance.id.to_string(),
        before: Some(before),
        after: Some(after),
    }
}

/// The instance of this id, which must exist.
pub async fn require(db: &impl Db, id: InstanceId) -> Result<Instance, OperationError> {
    let found = instances::by_id(db, id).await?;
    found.ok_or_else(|| OperationError::not_found("connector instance", &id))
}
