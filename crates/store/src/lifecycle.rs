//! What a change of an installation or a repository does to what is tracked.
//!
//! Objects stay as they are. Events are told apart by their ids, which sort by arrival: workers may route them in
//! another order.

use hookyard_domain::github_event::RepositoryName;
use hookyard_domain::ids::{EventId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncTrigger;
use hookyard_domain::target::{AccountStatus, TargetStatus};
use uuid::Uuid;

use crate::{Db, StoreError, Tx};

/// What an event may speak of: an installation, and of a workspace's own source only that workspace's part in it.
///
/// Whoever owns a source knows its secret and can sign anything, other workspaces' installations included.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    pub installation_id: i64,
    /// The workspace whose own source took the event; none for the deployment's.
    pub workspace: Option<WorkspaceId>,
}

impl Reach {
    fn workspace(&self) -> Option<Uuid> {
        self.workspace.map(|it| it.0)
    }
}

/// The workspaces within reach that have connected the installation.
pub async fn workspaces_of(tx: &Tx<'_>, reach: &Reach) -> Result<Vec<WorkspaceId>, StoreError> {
    const SQL: &str = "-- lifecycle::workspaces_of
        select distinct workspace_id from connector_account
         where installation_id = $1 and ($2::uuid is null or workspace_id = $2)";
    let rows = tx
        .rows(
            SQL,
            &[
                /* installation */ &reach.installation_id,
                /* workspace */ &reach.workspace(),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| WorkspaceId(row.get("workspace_id"))).collect())
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
            /* workspace */ &reach.workspace(),
            /* event */ &event.0,
        ],
    )
    .await
    .map(drop)
}

/// The targets within reach, of these repositories or of all.
pub async fn targets_of(
    tx: &Tx<'_>,
    reach: &Reach,
    repositories: Option<&[RepositoryName]>,
) -> Result<Vec<TargetId>, StoreError> {
    // In one order, so that two lifecycle events cannot wait for each other.
    const SQL: &str = "-- lifecycle::targets_of
        select target.id
          from connector_target target
          join connector_instance instance on instance.id = target.instance_id
          join connector_account account on account.id = instance.account_id
         where account.installation_id = $1 and ($2::int8[] is null or target.repository_id = any($2))
           and ($3::uuid is null or account.workspace_id = $3)
         order by target.id for no key update of target";
    let ids: Option<Vec<i64>> = repositories.map(|list| list.iter().map(|it| it.id).collect());
    let rows = tx
        .rows(
            SQL,
            &[
                /* installation */ &reach.installation_id,
                /* repositories */ &ids,
                /* workspace */ &reach.workspace(),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| TargetId(row.get("id"))).collect())
}

/// Moves targets from one of these states to another, unless a later event decided already; returns those that
/// moved.
pub async fn set_targets(
    tx: &Tx<'_>,
    targets: &[TargetId],
    event: EventId,
    from: &[TargetStatus],
    to: TargetStatus,
) -> Result<Vec<TargetId>, StoreError> {
    const SQL: &str = "-- lifecycle::set_targets
        with held as (
            select id, status from connector_target
             where id = any($1) and (status_event_id is null or status_event_id <= $4)
        )
        update connector_target target
           set status = case when held.status = any($2) then $3 else held.status end, status_event_id = $4,
               updated_at = now()
          from held where target.id = held.id
     returning target.id, held.status = any($2) as moved";
    let from: Vec<&str> = from.iter().map(|it| it.as_str()).collect();
    let rows = tx
        .rows(
            SQL,
            &[
                /* targets */ &ids(targets),
                /* from */ &from,
                /* to */ &to.as_str(),
                /* event */ &event.0,
            ],
        )
        .await?;
    Ok(rows.iter().filter(|row| row.get("moved")).map(|row| TargetId(row.get("id"))).collect())
}

/// Writes a repository's new name to its targets; returns those whose name was another.
pub async fn rename(
    tx: &Tx<'_>,
    targets: &[TargetId],
    full_name: &str,
) -> Result<Vec<TargetId>, StoreError> {
    const SQL: &str = "-- lifecycle::rename
        update connector_target set repository = $2, updated_at = now()
         where id = any($1) and repository <> $2 returning id";
    let rows = tx.rows(SQL, &[/* targets */ &ids(targets), /* name */ &full_name]).await?;
    Ok(rows.iter().map(|row| TargetId(row.get("id"))).collect())
}

/// Writes whether the targets' repository is archived.
pub async fn set_archived(
    tx: &Tx<'_>,
    targets: &[TargetId],
    archived: bool,
) -> Result<(), StoreError> {
    const SQL: &str = "-- lifecycle::set_archived
        update connector_target set archived = $2, updated_at = now() where id = any($1)";
    tx.execute(SQL, &[/* targets */ &ids(targets), /* archived */ &archived]).await?;
    Ok(())
}

/// Writes the targets' repository's default branch.
pub async fn set_default_branch(
    tx: &Tx<'_>,
    targets: &[TargetId],
    branch: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "-- lifecycle::set_default_branch
        update connector_target set default_branch = $2, updated_at = now() where id = any($1)";
    tx.execute(SQL, &[/* targets */ &ids(targets), /* branch */ &branch]).await?;
    Ok(())
}

/// Queues a sync of each target that has none queued. One that runs may have read the branch already.
pub async fn queue_unless_pending(
    tx: &Tx<'_>,
    targets: &[TargetId],
    trigger: SyncTrigger,
    event: EventId,
) -> Result<(), StoreError> {
    const SQL: &str = "-- lifecycle::queue_unless_pending
        with syncs as (
            insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, repository, git_ref,
                                    delivery_id, event_type)
            select uuid_v7(now()), target.workspace_id, target.id, $2, $3, 'queued', target.repository,
                   target.git_ref, event.provider_delivery_id, event.type
              from connector_target target left join event on event.id = $2
             where target.id = any($1) and target.status not in ('disabled', 'repository_removed')
               and not exists (select 1 from sync_event
                                where target_id = target.id and status = 'queued')
         returning id, workspace_id
        )
        insert into job (subject_id, workspace_id, kind, state, due_at)
        select id, workspace_id, 'sync', 'scheduled', now() from syncs";
    tx.execute(
        SQL,
        &[
            /* targets */ &ids(targets),
            /* event */ &event.0,
            /* trigger */ &trigger.as_str(),
        ],
    )
    .await?;
    Ok(())
}

fn ids(targets: &[TargetId]) -> Vec<Uuid> {
    targets.iter().map(|it| it.0).collect()
}
