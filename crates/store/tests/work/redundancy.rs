//! Which pushes queue a sync.

use hookyard_domain::github_event::Push;
use hookyard_domain::ids::WorkspaceId;
use hookyard_store::Db as _;
use hookyard_store::ingest::{Arrival, Committer, Recorded, Wish};
use uuid::Uuid;

use crate::support::{GRACE_MS, INSTALLATION, Yard, sha};

/// `queued`, or the reason why not.
async fn fate(committer: &Committer, arrival: Arrival) -> String {
    match committer.record(&[arrival], GRACE_MS).await.unwrap().remove(0) {
        Recorded::Accepted { syncs, .. } => {
            assert_eq!(syncs.len(), 1);
            "queued".to_owned()
        }
        Recorded::Ignored { reason } => reason,
        other @ (Recorded::Replay | Recorded::Duplicate | Recorded::Refused) => panic!("{other:?}"),
    }
}

fn with(arrival: Arrival, change: impl FnOnce(&mut Push)) -> Arrival {
    let Wish::Push(mut push) = arrival.wish else { panic!("no push") };
    change(&mut push);
    Arrival { wish: Wish::Push(push), ..arrival }
}

const APPLY_A: &str = "update connector_target
    set applied_sha = repeat('a', 40), applied_mapping_revision = mapping_revision, applied_etag = 'tag'";

#[tokio::test]
async fn there_and_back_again_queues_every_step() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    yard.run(APPLY_A).await;
    for (head, expected) in [('b', "queued"), ('a', "queued"), ('a', "redundant"), ('b', "queued")]
    {
        assert_eq!(fate(&committer, yard.push(&sha(head))).await, expected, "push of {head}");
    }
}

#[tokio::test]
async fn the_applied_head_is_redundant_only_at_rest_and_under_the_same_mappings() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    yard.run(APPLY_A).await;
    assert_eq!(fate(&committer, yard.push(&sha('a'))).await, "redundant");
    yard.run("update connector_target set mapping_revision = mapping_revision + 1").await;
    assert_eq!(fate(&committer, yard.push(&sha('a'))).await, "queued");
    yard.run("delete from sync_event").await;
    yard.run(APPLY_A).await;
    assert_eq!(fate(&committer, yard.push(&sha('b'))).await, "queued");
    yard.run("update sync_event set status = 'running'").await;
    assert_eq!(fate(&committer, yard.push(&sha('a'))).await, "queued", "b may be applied next");
    yard.run("delete from sync_event").await;
    yard.run("update connector_target set applied_etag = null").await;
    assert_eq!(fate(&committer, yard.push(&sha('a'))).await, "queued", "some files were not well");
    yard.run("delete from sync_event").await;
    yard.run(APPLY_A).await;
    yard.run("update connector_target set status = 'branch_deleted'").await;
    assert_eq!(fate(&committer, yard.push(&sha('a'))).await, "queued", "the branch is back");
}

#[tokio::test]
async fn only_what_an_active_target_tracks_is_queued() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let push = || yard.push(&sha('a'));
    let other_branch = with(push(), |push| push.git_ref = "refs/heads/other".to_owned());
    assert_eq!(fate(&committer, other_branch).await, "not_tracked");
    let other_repository = with(push(), |push| push.repository_id += 1);
    assert_eq!(fate(&committer, other_repository).await, "not_tracked");
    let other_installation = Arrival { installation_id: Some(INSTALLATION + 1), ..push() };
    assert_eq!(fate(&committer, other_installation).await, "not_tracked");
    let anothers_source = Arrival { workspace: Some(WorkspaceId(Uuid::now_v7())), ..push() };
    assert_eq!(fate(&committer, anothers_source).await, "not_tracked");
    for (off, on) in [
        (
            "update connector_account set status = 'suspended'",
            "update connector_account set status = 'active'",
        ),
        (
            "update connector_instance set status = 'disabled'",
            "update connector_instance set status = 'active'",
        ),
        (
            "update connector_target set status = 'disabled'",
            "update connector_target set status = 'active'",
        ),
    ] {
        yard.run(off).await;
        assert_eq!(fate(&committer, push()).await, "not_tracked", "after {off}");
        yard.run(on).await;
    }
    let own_source = Arrival { workspace: Some(yard.workspace), ..push() };
    assert_eq!(fate(&committer, own_source).await, "queued");
}

#[tokio::test]
async fn every_target_of_the_branch_gets_a_sync() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    yard.run(
        "with instance as (
             insert into connector_instance (id, workspace_id, account_id, name, status)
             select gen_random_uuid(), workspace_id, account_id, 'second', 'active' from connector_instance
             returning id, workspace_id
         )
         insert into connector_target (id, workspace_id, instance_id, repository_id, repository, git_ref, status)
         select gen_random_uuid(), instance.workspace_id, instance.id, repository_id, repository, git_ref, 'active'
           from connector_target, instance",
    )
    .await;
    let recorded = committer.record(&[yard.push(&sha('a'))], GRACE_MS).await.unwrap();
    let Recorded::Accepted { syncs, .. } = &recorded[0] else { panic!("{recorded:?}") };
    assert_eq!(syncs.len(), 2);
    assert_eq!(yard.count("select count(distinct target_id) from sync_event").await, 2);
    assert_eq!(yard.jobs().await, 2);
}

#[tokio::test]
async fn recording_waits_for_no_worker() {
    let mut yard = Yard::new().await;
    yard.queue_push(&sha('a')).await;
    let committer = yard.committer().await;
    let mut worker = yard.worker().await;
    let tx = worker.begin().await.unwrap();
    for locking in [
        "select 1 from connector_target for no key update",
        "select 1 from job for update",
        "select 1 from sync_event for update",
    ] {
        tx.rows(locking, &[]).await.unwrap();
    }
    // The worker's transaction is open all the while.
    assert_eq!(fate(&committer, yard.push(&sha('b'))).await, "queued");
    tx.commit().await.unwrap();
}
