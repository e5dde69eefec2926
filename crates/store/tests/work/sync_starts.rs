//! Starting a sync: the newest runs, the older ones end, one at a time.

use hookyard_domain::sync_event::SyncReason;
use hookyard_store::jobs::{Ended, lock};
use hookyard_store::sync_events::{End, Start, end, start};

use crate::support::{PARSER, Yard, sha};

#[tokio::test]
async fn the_newest_runs_and_the_older_ones_are_superseded() {
    let mut yard = Yard::new().await;
    let first = yard.queue_push(&sha('a')).await;
    let second = yard.queue_push(&sha('b')).await;
    let third = yard.queue_push(&sha('c')).await;
    let (_, work) = yard.start(third).await;
    assert_eq!((work.attempts, work.announced_sha), (1, Some(sha('c'))));
    assert_eq!(yard.sync(first).await, "ignored: superseded");
    assert_eq!(yard.sync(second).await, "ignored: superseded");
    assert_eq!(yard.sync(third).await, "running");
    assert_eq!(yard.count("select count(*) from job where kind = 'sync'").await, 1);
}

#[tokio::test]
async fn an_older_one_that_comes_first_ends_and_leaves_the_newest_waiting() {
    let mut yard = Yard::new().await;
    let older = yard.queue_push(&sha('a')).await;
    let newest = yard.queue_push(&sha('b')).await;
    let lease = yard.lease_sync(older).await;
    let started = start(&mut yard.worker().await, &lease, PARSER).await.unwrap();
    assert!(matches!(started, Start::Ended(SyncReason::Superseded)), "{started:?}");
    assert_eq!(yard.sync(older).await, "ignored: superseded");
    assert_eq!(yard.sync(newest).await, "queued");
    yard.start(newest).await;
}

#[tokio::test]
async fn a_superseded_one_that_is_leased_meanwhile_is_fenced() {
    let mut yard = Yard::new().await;
    let older = yard.queue_push(&sha('a')).await;
    let newest = yard.queue_push(&sha('b')).await;
    let lease = yard.lease_sync(older).await;
    yard.start(newest).await;
    let started = start(&mut yard.worker().await, &lease, PARSER).await.unwrap();
    assert!(matches!(started, Start::Fenced), "{started:?}");
    assert_eq!(yard.sync(older).await, "ignored: superseded");
}

#[tokio::test]
async fn while_one_runs_the_next_is_parked_and_its_end_wakes_it() {
    let mut yard = Yard::new().await;
    let running = yard.queue_push(&sha('a')).await;
    let (lease, work) = yard.start(running).await;
    let next = yard.queue_push(&sha('b')).await;
    let parked = yard.lease_sync(next).await;
    let started = start(&mut yard.worker().await, &parked, PARSER).await.unwrap();
    assert!(matches!(started, Start::Parked), "{started:?}");
    let until_the_others_lease_ends =
        "select count(*) from job parked join job other using (due_at)
        where parked.state = 'scheduled' and other.state = 'leased'";
    assert_eq!(yard.count(until_the_others_lease_ends).await, 1);
    let nothing =
        End::Ignored { reason: SyncReason::BranchDeleted, target: None, recheck_ms: None };
    let ended = end(&mut yard.worker().await, &lease, &work, &nothing, 1).await.unwrap();
    assert_eq!(ended, Ended::Held);
    let due = "select count(*) from job where state = 'scheduled' and due_at <= now()";
    assert_eq!(yard.count(due).await, 1);
    yard.start(next).await;
}

#[tokio::test]
async fn a_sync_whose_worker_died_runs_again_as_another_attempt() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push(&sha('a')).await;
    let (dead, _) = yard.start(sync).await;
    yard.run("update job set due_at = now() - interval '1 second' where kind = 'sync'").await;
    let (lease, work) = yard.start(sync).await;
    assert_eq!((work.attempts, lease.runs), (2, 2));
    let mut conn = yard.worker().await;
    let tx = conn.begin().await.unwrap();
    assert_eq!(lock(&tx, &dead).await.unwrap(), Ended::Fenced);
}

#[tokio::test]
async fn what_is_no_longer_tracked_ends_with_its_reason() {
    for (change, reason) in [
        ("update connector_account set status = 'suspended'", "installation_suspended"),
        ("update connector_account set status = 'disconnected'", "disconnected"),
        ("update connector_instance set status = 'archived'", "disconnected"),
        ("update connector_instance set status = 'disabled'", "target_disabled"),
        ("update connector_target set status = 'disabled'", "target_disabled"),
        ("update connector_target set status = 'repository_removed'", "repository_removed"),
    ] {
        let mut yard = Yard::new().await;
        let sync = yard.queue_push(&sha('a')).await;
        yard.run(change).await;
        let lease = yard.lease_sync(sync).await;
        let started = start(&mut yard.worker().await, &lease, PARSER).await.unwrap();
        assert!(matches!(started, Start::Ended(_)), "{change}: {started:?}");
        assert_eq!(yard.sync(sync).await, format!("ignored: {reason}"), "{change}");
        assert_eq!(yard.count("select count(*) from job where kind = 'sync'").await, 0, "{change}");
    }
}

#[tokio::test]
async fn a_waiver_of_the_deletion_guard_passes_on_to_the_newest() {
    let mut yard = Yard::new().await;
    let waived = yard.queue_push(&sha('a')).await;
    yard.run("update sync_event set allow_deletions = true").await;
    let newest = yard.queue_push(&sha('b')).await;
    let (_, work) = yard.start(newest).await;
    assert!(work.allow_deletions);
    assert_eq!(yard.sync(waived).await, "ignored: superseded");
}

#[tokio::test]
async fn the_applied_head_counts_only_under_the_same_rules() {
    let mut yard = Yard::new().await;
    yard.run(
        "update connector_target set applied_sha = repeat('a', 40), applied_etag = 'tag',
                applied_mapping_revision = mapping_revision, applied_parser_version = 1",
    )
    .await;
    let sync = yard.queue_push(&sha('b')).await;
    let (_, work) = yard.start(sync).await;
    let applied = work.applied.expect("nothing changed the rules");
    assert_eq!((applied.sha, applied.etag.as_deref()), (sha('a'), Some("tag")));
    for change in [
        "update connector_target set mapping_revision = mapping_revision + 1",
        "update connector_target set applied_mapping_revision = mapping_revision, applied_parser_version = 0",
        "update sync_event set trigger = 'manual_resync'",
    ] {
        yard.run(change).await;
        yard.run("update job set due_at = now() - interval '1 second' where kind = 'sync'").await;
        assert_eq!(yard.start(sync).await.1.applied, None, "after {change}");
    }
}

#[tokio::test]
async fn a_head_whose_files_failed_is_not_held_to_be_applied() {
    let mut yard = Yard::new().await;
    yard.run(
        "update connector_target set applied_sha = repeat('a', 40), applied_etag = null,
                applied_mapping_revision = mapping_revision, applied_parser_version = 1",
    )
    .await;
    let sync = yard.queue_push(&sha('b')).await;
    assert_eq!(yard.start(sync).await.1.applied, None, "its files get another try");
}
