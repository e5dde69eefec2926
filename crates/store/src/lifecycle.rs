//! What a change of an installation or a repository does to what is tracked.
//!
//! Objects stay as they are. Events are told apart by their ids, which sort by arrival: workers may route them in
//! another order.

use std::collections::BTreeSet;

use hookyard_domain::ids::{EventId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncTrigger;
use hookyard_domain::target::{AccountStatus, TargetStatus};
use uuid::Uuid;

use crate::{Db, StoreError, Tx};

/// What an event may speak of: an installation, and of a workspace's own source only that workspace's part in it.
///
/// Whoever owns a source knows its secret and can sign anything, other workspaces' installations included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    pub installation_id: i64,
    /// The workspace whose own source took the event; none for the deployment's.
    pub workspace: Option<WorkspaceId>,
}

/// A workspace that has connected an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub installation_id: i64,
    pub workspace: WorkspaceId,
}

impl Reach {
    /// Whether what a workspace tracks of an installation is within reach.
    pub fn covers(&self, owner: &Owner) -> bool {
        self.installation_id == owner.installation_id
            && self.workspace.is_none_or(|it| it == owner.workspace)
    }
}

/// The targets of a repository within reach; of every repository where none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    pub reach: Reach,
    pub repository_id: Option<i64>,
}

/// A target as far as events change it.
#[derive(Debug, Clone)]
pub struct Target {
    pub id: TargetId,
    pub owner: Owner,
    pub repository_id: i64,
    pub repository: String,
    pub status: TargetStatus,
    /// The last event that decided the status: an earlier one that comes later decides nothing.
    pub decided_by: Option<EventId>,
    pub archived: bool,
    pub default_branch: Option<String>,
}

/// Who has connected these installations.
pub async fn owners_of(
    tx: &Tx<'_>,
    installations: &BTreeSet<i64>,
) -> Result<Vec<Owner>, StoreError> {
    const SQL: &str = "-- lifecycle::owners_of
        select distinct installation_id, workspace_id from connector_account where installation_id = any($1)";
    let installations: Vec<i64> = installations.iter().copied().collect();
    let rows = tx.rows(SQL, &[/* installations */ &installations]).await?;
    Ok(rows.iter().map(owner_of).collect())
}

fn owner_of(row: &tokio_postgres::Row) -> Owner {
    Owner {
        installation_id: row.get("installation_id"),
        workspace: WorkspaceId(row.get("workspace_id")),
    }
}

/// Moves the accounts within reach from one of these states to another, unless a later event decided already.
pub async fn set_accounts(
    tx: &Tx<'_>,
    reach: &Reach,
    event: EventId,
    from: &[AccountStatus],
    to: AccountStatus,
) -> Result<(), StoreError> {
    const SQL: &str = "-- lifecycle::set_accounts
        update connector_account
           set status = case when status = any($2) then $3 else status end, status_event_id = $5, updated_at = now()
         where installation_id = $1 and ($4::uuid is null or workspace_id = $4)
           and (status_event_id is null or status_event_id <= $5)";
    let from: Vec<&str> = from.iter().map(|it| it.as_str()).collect();
    tx.execute(
        SQL,
        &[
            /* installation */ &reach.installation_id,
            /* from */ &from,
            /* to */ &to.as_str(),
            /* workspace */ &reach.workspace.map(|it| it.0),
            /* event */ &event.0,
        ],
    )
    .await
    .map(drop)
}

/// What to do about targets that somebody else has locked, for as long as applying a sync may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// Wait, as long as a statement may take.
    Wait,
    /// Give up at once.
    GiveUp,
}

/// Locks targets for the rest of the transaction and reads them; none if one of them was not to be had.
pub async fn lock_targets(
    tx: &Tx<'_>,
    wanted: &BTreeSet<Wanted>,
    busy: Busy,
) -> Result<Option<Vec<Target>>, StoreError> {
    const FIND: &str = "-- lifecycle::find_targets
        select distinct target.id
          from unnest($1::int8[], $2::uuid[], $3::int8[]) as wanted(installation_id, workspace_id, repository_id)
          join connector_account account
            on account.installation_id = wanted.installation_id
           and (wanted.workspace_id is null or account.workspace_id = wanted.workspace_id)
          join connector_instance instance on instance.account_id = account.id
          join connector_target target
            on target.instance_id = instance.id
           and (wanted.repository_id is null or target.repository_id = wanted.repository_id)";
    // In one order, so that two transactions cannot wait for each other.
    const WAIT: &str = "-- lifecycle::lock_targets (wait)
        select id from connector_target where id = any($1) order by id for no key update";
    const GIVE_UP: &str = "-- lifecycle::lock_targets (give up)
        select id from connector_target where id = any($1) order by id for no key update skip locked";
    let installations: Vec<i64> = wanted.iter().map(|it| it.reach.installation_id).collect();
    let workspaces: Vec<Option<Uuid>> =
        wanted.iter().map(|it| it.reach.workspace.map(|workspace| workspace.0)).collect();
    let repositories: Vec<Option<i64>> = wanted.iter().map(|it| it.repository_id).collect();
    let found = tx
        .rows(
            FIND,
            &[
                /* installations */ &installations,
                /* workspaces */ &workspaces,
                /* repositories */ &repositories,
            ],
        )
        .await?;
    let ids: Vec<Uuid> = found.iter().map(|row| row.get("id")).collect();
    if ids.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let lock = match busy {
        Busy::Wait => WAIT,
        Busy::GiveUp => GIVE_UP,
    };
    let locked = tx.rows(lock, &[/* targets */ &ids]).await?;
    if locked.len() < ids.len() {
        return Ok(None);
    }
    read_targets(tx, &ids).await.map(Some)
}

/// Reads targets that are locked, in a statement of its own: what was committed while the locks were waited for is
/// seen.
async fn read_targets(tx: &Tx<'_>, ids: &[Uuid]) -> Result<Vec<Target>, StoreError> {
    const SQL: &str = "-- lifecycle::read_targets
        select target.id, account.installation_id, account.workspace_id, target.repository_id, target.repository,
               target.status, target.status_event_id, target.archived, target.default_branch
          from connector_target target
          join connector_instance instance on instance.id = target.instance_id
          join connector_account account on account.id = instance.account_id
         where target.id = any($1)
         order by target.id";
    let rows = tx.rows(SQL, &[/* targets */ &ids]).await?;
    rows.iter()
        .map(|row| {
            Ok(Target {
                id: TargetId(row.get("id")),
                owner: owner_of(row),
                repository_id: row.get("repository_id"),
                repository: row.get("repository"),
                status: row.get::<_, &str>("status").parse()?,
                decided_by: row.get::<_, Option<Uuid>>("status_event_id").map(EventId),
                archived: row.get("archived"),
                default_branch: row.get("default_branch"),
            })
        })
        .collect()
}

/// Writes targets that are locked.
pub async fn write_targets(tx: &Tx<'_>, targets: &[&Target]) -> Result<(), StoreError> {
    const SQL: &str = "-- lifecycle::write_targets
        update connector_target target
           set repository = changed.repository, status = changed.status, status_event_id = changed.decided_by,
               archived = changed.archived, default_branch = changed.default_branch, updated_at = now()
          from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bool[], $6::text[])
            as changed(id, repository, status, decided_by, archived, default_branch)
         where target.id = any($1) and target.id = changed.id";
    let ids: Vec<Uuid> = targets.iter().map(|it| it.id.0).collect();
    let repositories: Vec<&str> = targets.iter().map(|it| it.repository.as_str()).collect();
    let statuses: Vec<&str> = targets.iter().map(|it| it.status.as_str()).collect();
    let decided_by: Vec<Option<Uuid>> =
        targets.iter().map(|it| it.decided_by.map(|event| event.0)).collect();
    let archived: Vec<bool> = targets.iter().map(|it| it.archived).collect();
    let branches: Vec<Option<&str>> =
        targets.iter().map(|it| it.default_branch.as_deref()).collect();
    tx.execute(
        SQL,
        &[
            /* ids */ &ids,
            /* repositories */ &repositories,
            /* statuses */ &statuses,
            /* decided by */ &decided_by,
            /* archived */ &archived,
            /* default branches */ &branches,
        ],
    )
    .await
    .map(drop)
}

/// A sync that an event asks for.
#[derive(Debug, Clone, Copy)]
pub struct AskedSync {
    pub target: TargetId,
    pub trigger: SyncTrigger,
    pub event: EventId,
}

/// Queues the first sync asked for of each target that has none queued. One that runs may have read the branch
/// already.
pub async fn queue_unless_pending(tx: &Tx<'_>, syncs: &[AskedSync]) -> Result<(), StoreError> {
    const SQL: &str = "-- lifecycle::queue_unless_pending
        with asked as (
            select distinct on (target_id) *
              from unnest($1::uuid[], $2::uuid[], $3::text[]) with ordinality as asked(target_id, event_id, trigger, n)
             order by target_id, n
        ), syncs as (
            insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, repository, git_ref,
                                    delivery_id, event_type)
            select uuid_v7(now()), target.workspace_id, target.id, asked.event_id, asked.trigger, 'queued',
                   target.repository, target.git_ref, event.provider_delivery_id, event.type
              from asked
              join connector_target target on target.id = asked.target_id and target.id = any($1)
              left join event on event.id = asked.event_id and event.id = any($2)
             where not exists (select 1 from sync_event where target_id = target.id and status = 'queued')
             order by asked.n
         returning id, workspace_id
        )
        insert into job (subject_id, workspace_id, kind, state, due_at)
        select id, workspace_id, 'sync', 'scheduled', now() from syncs";
    let targets: Vec<Uuid> = syncs.iter().map(|it| it.target.0).collect();
    let events: Vec<Uuid> = syncs.iter().map(|it| it.event.0).collect();
    let triggers: Vec<&str> = syncs.iter().map(|it| it.trigger.as_str()).collect();
    tx.execute(SQL, &[/* targets */ &targets, /* events */ &events, /* triggers */ &triggers])
        .await
        .map(drop)
}
