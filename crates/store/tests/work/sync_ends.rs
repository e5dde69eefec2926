//! The ends of a sync: all of it or nothing, and never without the lease.

use hookyard_domain::config_object::ObjectType;
use hookyard_domain::ids::ConfigObjectId;
use hookyard_domain::sync_attempt::AttemptCause;
use hookyard_domain::sync_event::{Counts, FileOutcome, SyncReason};
use hookyard_domain::target::TargetStatus;
use hookyard_store::config_objects::{Changes, Content, Created, Updated};
use hookyard_store::jobs::{Ended, Lease};
use hookyard_store::sync_events::{
    Applied, End, FileResult, Spent, SyncWork, bury, end, park, retry,
};
use uuid::Uuid;

use crate::support::{PARSER, Yard, sha};

fn content(path: &str, blob: char) -> Content {
    Content {
        path: path.to_owned(),
        blob_sha: sha(blob),
        title: path.to_owned(),
        description: None,
        metadata: None,
    }
}

fn created(path: &str, blob: char) -> Created {
    let object = ConfigObjectId(Uuid::now_v7());
    Created { object, object_type: ObjectType::Skill, content: content(path, blob) }
}

fn applied(head: char, changes: Changes, failed: u32) -> End {
    let count = |n: usize| u32::try_from(n).unwrap();
    let counts = Counts {
        created: count(changes.created.len()),
        updated: count(changes.updated.len()),
        deleted: count(changes.deleted.len()),
        skipped: 0,
        failed,
    };
    let file = |path: &str, outcome| FileResult {
        path: path.to_owned(),
        outcome,
        reason: None,
        error: None,
        blob_sha: None,
        object: None,
    };
    let files = changes
        .created
        .iter()
        .map(|it| file(&it.content.path, FileOutcome::Created))
        .chain(changes.updated.iter().map(|it| file(&it.content.path, FileOutcome::Updated)))
        .collect();
    let changes = Changes { parser_version: PARSER, ..changes };
    let etag = Some("tag".to_owned());
    End::Applied(Box::new(Applied {
        sha: sha(head),
        etag,
        parser_version: PARSER,
        counts,
        files,
        changes,
        looked: None,
        recheck_ms: None,
    }))
}

async fn finish(yard: &Yard, held: &(Lease, SyncWork), how: &End) -> Ended {
    end(&mut yard.worker().await, &held.0, &held.1, how, 3).await.unwrap()
}

/// Paths and blobs of what is active, as text.
const ACTIVE: &str = "select coalesce(string_agg(path || '=' || left(binding.blob_sha, 1), ' ' order by path), '')
    from source_binding binding join config_object using (path)
   where closed_at is null and config_object.status = 'active' and config_object.id = config_object_id";

#[tokio::test]
async fn objects_versions_bindings_and_tombstones_change_with_the_record() {
    let mut yard = Yard::new().await;
    let first = yard.queue_push(&sha('a')).await;
    let held = yard.start(first).await;
    let new = [created("one", '1'), created("two", '2')];
    let [one, two] = new.clone().map(|it| it.object);
    let changes = Changes { created: new.to_vec(), ..Changes::default() };
    assert_eq!(finish(&yard, &held, &applied('a', changes, 0)).await, Ended::Held);
    assert_eq!(yard.text(ACTIVE).await.unwrap(), "one=1 two=2");
    assert_eq!(yard.sync(first).await, "completed");

    let second = yard.queue_push(&sha('b')).await;
    let held = yard.start(second).await;
    let changes = Changes {
        updated: vec![Updated { object: one, content: content("one", '3') }],
        deleted: vec![two],
        ..Changes::default()
    };
    assert_eq!(finish(&yard, &held, &applied('b', changes, 1)).await, Ended::Held);
    assert_eq!(yard.sync(second).await, "partial");
    assert_eq!(yard.text(ACTIVE).await.unwrap(), "one=3");
    let versions = "select string_agg(path || number || case when deleted then 'x' else '' end, ' ' order by path, number)
        from config_object_version join config_object on config_object.id = config_object_id";
    assert_eq!(yard.text(versions).await.unwrap(), "one1 one2 two1 two2x");
    assert_eq!(yard.text("select path from tombstone").await.unwrap(), "two");
    // A partial sync looks at everything again next time: it keeps no entity tag.
    let target = "select applied_sha || coalesce(applied_etag, '-') from connector_target";
    assert_eq!(yard.text(target).await.unwrap(), sha('b') + "-");

    let third = yard.queue_push(&sha('c')).await;
    let held = yard.start(third).await;
    let changes = Changes { created: vec![created("two", '2')], ..Changes::default() };
    assert_eq!(finish(&yard, &held, &applied('c', changes, 0)).await, Ended::Held);
    let identities = "select count(*) from config_object where path = 'two'";
    assert_eq!(yard.count(identities).await, 2, "back at a tombstoned path is a new object");
    assert_eq!(yard.count("select count(*) from job where kind = 'sync'").await, 0);
}

#[tokio::test]
async fn a_fenced_worker_changes_nothing() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push(&sha('a')).await;
    let frozen = yard.start(sync).await;
    yard.run("update job set due_at = now() - interval '1 second' where kind = 'sync'").await;
    let other = yard.start(sync).await;
    let changes = || Changes { created: vec![created("one", '1')], ..Changes::default() };
    assert_eq!(finish(&yard, &frozen, &applied('a', changes(), 0)).await, Ended::Fenced);
    assert_eq!(yard.count("select count(*) from config_object").await, 0);
    let mut conn = yard.worker().await;
    assert_eq!(
        park(&mut conn, &frozen.0, &frozen.1, 1, Spent::default()).await.unwrap(),
        Ended::Fenced
    );
    assert_eq!(
        retry(&mut conn, &frozen.0, &frozen.1, 1, "x", Spent::default()).await.unwrap(),
        Ended::Fenced
    );
    let buried = bury(&mut conn, &frozen.0, SyncReason::WorkerDied, "x").await.unwrap();
    assert_eq!(buried, Ended::Fenced);
    assert_eq!(yard.sync(sync).await, "running");
    assert_eq!(yard.count("select count(*) from dead_letter").await, 0);
    assert_eq!(finish(&yard, &other, &applied('a', changes(), 0)).await, Ended::Held);
    assert_eq!(yard.count("select count(*) from config_object_version").await, 1);
}

#[tokio::test]
async fn parking_spends_no_attempt_and_a_failed_try_does() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push(&sha('a')).await;
    let attempts = "select attempts::int8 from sync_event";
    let due = "update job set due_at = now() where kind = 'sync'";
    for look in [false, true] {
        let spent = Spent { look, github_requests: 2, cause: Some(AttemptCause::NotVisible) };
        let (lease, work) = yard.start(sync).await;
        let parked = park(&mut yard.worker().await, &lease, &work, 60_000, spent).await.unwrap();
        assert_eq!(parked, Ended::Held);
        assert_eq!((yard.sync(sync).await.as_str(), yard.count(attempts).await), ("queued", 0));
        yard.run(due).await;
    }
    assert_eq!(yard.count("select looks::int8 from sync_event").await, 1);
    assert_eq!(yard.count("select github_requests::int8 from sync_event").await, 4);
    let (lease, work) = yard.start(sync).await;
    let spent = Spent { cause: Some(AttemptCause::Unreachable), ..Spent::default() };
    let retried =
        retry(&mut yard.worker().await, &lease, &work, 60_000, "502", spent).await.unwrap();
    assert_eq!(retried, Ended::Held);
    assert_eq!((yard.sync(sync).await.as_str(), yard.count(attempts).await), ("queued", 1));
    yard.run(due).await;
    assert_eq!(yard.start(sync).await.1.attempts, 2);
}

#[tokio::test]
async fn one_that_waits_lets_newer_ones_go_first() {
    let mut yard = Yard::new().await;
    let older = yard.queue_push(&sha('a')).await;
    let (lease, work) = yard.start(older).await;
    let newer = yard.queue_push(&sha('b')).await;
    let parked = yard.lease_sync(newer).await;
    hookyard_store::sync_events::start(&mut yard.worker().await, &parked, PARSER).await.unwrap();
    let waits =
        park(&mut yard.worker().await, &lease, &work, 3_600_000, Spent::default()).await.unwrap();
    assert_eq!(waits, Ended::Held);
    yard.start(newer).await;
    assert_eq!(yard.sync(older).await, "ignored: superseded");
    assert_eq!(yard.count("select count(*) from job where kind = 'sync'").await, 1);
}

#[tokio::test]
async fn what_kills_its_workers_is_buried_with_a_dead_letter() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push(&sha('a')).await;
    let (lease, _) = yard.start(sync).await;
    let buried = bury(&mut yard.worker().await, &lease, SyncReason::WorkerDied, "5 died").await;
    assert_eq!(buried.unwrap(), Ended::Held);
    assert_eq!(yard.sync(sync).await, "failed: worker_died");
    assert_eq!(yard.count("select count(*) from job where kind = 'sync'").await, 0);
    assert_eq!(yard.text("select reason from dead_letter").await.unwrap(), "worker_died");
    // The target is free again.
    let next = yard.queue_push(&sha('b')).await;
    yard.start(next).await;
}

#[tokio::test]
async fn what_is_disconnected_in_the_middle_is_not_changed_any_more() {
    for (change, reason) in [
        ("update connector_account set status = 'disconnected'", "disconnected"),
        ("update connector_account set status = 'suspended'", "installation_suspended"),
        ("update connector_target set status = 'disabled'", "target_disabled"),
    ] {
        let mut yard = Yard::new().await;
        let sync = yard.queue_push(&sha('a')).await;
        let held = yard.start(sync).await;
        yard.run(change).await;
        let changes = Changes { created: vec![created("one", '1')], ..Changes::default() };
        assert_eq!(finish(&yard, &held, &applied('a', changes, 0)).await, Ended::Held);
        assert_eq!(yard.sync(sync).await, format!("ignored: {reason}"));
        assert_eq!(yard.count("select count(*) from config_object").await, 0);
        assert_eq!(yard.text("select applied_sha from connector_target").await, None);
    }
}

#[tokio::test]
async fn a_failure_for_good_is_a_dead_letter_and_the_target_says_why() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push(&sha('a')).await;
    let held = yard.start(sync).await;
    let gone = End::Failed {
        reason: SyncReason::RepositoryGone,
        error: "404".to_owned(),
        target: Some(TargetStatus::RepositoryGone),
    };
    assert_eq!(finish(&yard, &held, &gone).await, Ended::Held);
    assert_eq!(yard.sync(sync).await, "failed: repository_gone");
    assert_eq!(yard.text("select status from connector_target").await.unwrap(), "repository_gone");
    assert_eq!(yard.count("select count(*) from dead_letter where settled_at is null").await, 1);
    assert_eq!(yard.count("select github_requests::int8 from sync_event").await, 3);
}

#[tokio::test]
async fn whoever_subscribed_is_told_how_a_sync_ended_and_otherwise_nothing_is_recorded() {
    let mut yard = Yard::new().await;
    let told = "select string_agg(type || ' ' || (convert_from(body, 'UTF8')::json ->> 'appliedSha'), ',' order by id)
                  from event where origin = 'system'";
    for (head, expected) in [('a', None), ('b', Some("sync.partial ".to_owned() + &sha('b')))] {
        let sync = yard.queue_push(&sha(head)).await;
        let held = yard.start(sync).await;
        assert_eq!(finish(&yard, &held, &applied(head, Changes::default(), 1)).await, Ended::Held);
        assert_eq!(yard.text(told).await, expected);
        yard.run(
            "insert into connection (id, workspace_id, kind, name, status, sealed)
             select id, id, 'webhook', 'a', 'connected', 'x' from workspace on conflict do nothing",
        )
        .await;
        yard.run(
            "insert into subscription (id, workspace_id, connection_id, event_types, status)
             select id, id, id, '{sync.*}', 'active' from workspace on conflict do nothing",
        )
        .await;
    }
    let promised = "select count(*) from job join event on event.id = subject_id where event.origin = 'system'";
    assert_eq!(yard.count(promised).await, 1);
}
