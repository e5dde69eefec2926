//! New sync events, from the operator or the worker. The ingress writes its own in its one statement.

use hookyard_domain::github_event::Push;
use hookyard_domain::ids::{EventId, InstanceId, SyncEventId, TargetId, WorkspaceId};
use hookyard_domain::sync_event::SyncTrigger;
use uuid::Uuid;

use crate::{Db, StoreError, Tx};

/// A sync to queue.
#[derive(Debug, Clone, Copy)]
pub struct NewSync {
    pub id: SyncEventId,
    pub target: TargetId,
    pub trigger: SyncTrigger,
    /// Whether the deletion guard is waived.
    pub allow_deletions: bool,
    /// The event that led to it.
    pub event: Option<EventId>,
}

/// Queues a sync of a target and its job, due now; fails when there is no such target.
pub async fn queue(db: &impl Db, sync: &NewSync) -> Result<SyncEventId, StoreError> {
    const SQL: &str = "-- sync_events::queue
        with queued as (
            insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, allow_deletions,
                                    repository, git_ref, delivery_id, event_type)
            select $1, target.workspace_id, target.id, $3, $4, 'queued', $5, target.repository, target.git_ref,
                   (select provider_delivery_id from event where id = $3), (select type from event where id = $3)
              from connector_target target where target.id = $2
         returning id, workspace_id
        )
        insert into job (subject_id, workspace_id, kind, state, due_at)
        select id, workspace_id, 'sync', 'scheduled', now() from queued
     returning subject_id";
    let row = db
        .row(
            SQL,
            &[
                /* id */ &sync.id.0,
                /* target */ &sync.target.0,
                /* event */ &sync.event.map(|it| it.0),
                /* trigger */ &sync.trigger.as_str(),
                /* allow deletions */ &sync.allow_deletions,
            ],
        )
        .await?;
    Ok(SyncEventId(row.get("subject_id")))
}

/// Queues a sync of every target of an instance that can be synchronised; returns how many.
///
/// Whether the instance itself is active is the caller's to know.
pub async fn queue_of_instance(
    tx: &Tx<'_>,
    instance: InstanceId,
    trigger: SyncTrigger,
) -> Result<u64, StoreError> {
    const SQL: &str = "-- sync_events::queue_of_instance
        with syncs as (
            insert into sync_event (id, workspace_id, target_id, trigger, status, repository, git_ref)
            select uuid_v7(now()), workspace_id, id, $2, 'queued', repository, git_ref
              from connector_target
             where instance_id = $1 and status not in ('disabled', 'repository_removed')
         returning id, workspace_id
        )
        insert into job (subject_id, workspace_id, kind, state, due_at)
        select id, workspace_id, 'sync', 'scheduled', now() from syncs";
    tx.execute(SQL, &[/* instance */ &instance.0, /* trigger */ &trigger.as_str()]).await
}

/// Queues a sync for every target that follows the pushed branch, redundant or not; returns their workspaces.
///
/// For events that are processed once more: that they were redundant or unwanted once decides nothing now.
pub async fn queue_for_push(
    tx: &Tx<'_>,
    event: EventId,
    own_workspace: Option<WorkspaceId>,
    push: &Push,
) -> Result<Vec<WorkspaceId>, StoreError> {
    const SQL: &str = "-- sync_events::queue_for_push
        with syncs as (
            insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, delivery_id, event_type,
                                    repository, git_ref, before_sha, announced_sha)
            select uuid_v7(now()), target.workspace_id, target.id, $1, 'push', 'queued', event.provider_delivery_id,
                   event.type, $2, target.git_ref, $3, $4
              from connector_target target
              join connector_instance instance on instance.id = target.instance_id and instance.status = 'active'
              join connector_account account
                on account.id = instance.account_id and account.installation_id = $5 and account.status = 'active'
              join event on event.id = $1
             where target.repository_id = $6 and target.git_ref = $7
               and target.status in ('active', 'branch_deleted', 'repository_gone', 'needs_confirmation')
               and ($8::uuid is null or target.workspace_id = $8)
         returning id, workspace_id
        ), jobs as (
            insert into job (subject_id, workspace_id, kind, state, due_at)
            select id, workspace_id, 'sync', 'scheduled', now() from syncs
        )
        select distinct workspace_id from syncs";
    let rows = tx
        .rows(
            SQL,
            &[
                /* event */ &event.0,
                /* repository */ &push.repository,
                /* before */ &push.before,
                /* head */ &push.after,
                /* installation */ &push.installation_id,
                /* repository id */ &push.repository_id,
                /* ref */ &push.git_ref,
                /* workspace */ &own_workspace.map(|it| it.0),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| WorkspaceId(row.get::<_, Uuid>("workspace_id"))).collect())
}

/// What an event says of a target's repository.
#[derive(Debug, Clone)]
pub struct Told {
    pub target: TargetId,
    pub trigger: SyncTrigger,
    pub event: EventId,
    /// The repository's name as of then.
    pub repository: String,
    pub what: String,
}

/// Records changes of targets' repositories, each as a completed sync event; nothing is reconciled.
pub async fn record(tx: &Tx<'_>, told: &[Told]) -> Result<(), StoreError> {
    const SQL: &str = "-- sync_events::record
        insert into sync_event (id, workspace_id, target_id, event_id, trigger, status, reason, error, repository, git_ref,
                                delivery_id, event_type, started_at, completed_at)
        select uuid_v7(now()), target.workspace_id, target.id, told.event_id, told.trigger, 'completed', 'recorded',
               told.what, told.repository, target.git_ref, event.provider_delivery_id, event.type, now(), now()
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) with ordinality
            as told(target_id, event_id, trigger, repository, what, n)
          join connector_target target on target.id = told.target_id and target.id = any($1)
          left join event on event.id = told.event_id and event.id = any($2)
         order by told.n";
    let targets: Vec<Uuid> = told.iter().map(|it| it.target.0).collect();
    let events: Vec<Uuid> = told.iter().map(|it| it.event.0).collect();
    let triggers: Vec<&str> = told.iter().map(|it| it.trigger.as_str()).collect();
    let repositories: Vec<&str> = told.iter().map(|it| it.repository.as_str()).collect();
    let whats: Vec<&str> = told.iter().map(|it| it.what.as_str()).collect();
    tx.execute(
        SQL,
        &[
            /* targets */ &targets,
            /* events */ &events,
            /* triggers */ &triggers,
            /* repositories */ &repositories,
            /* what */ &whats,
        ],
    )
    .await
    .map(drop)
}
