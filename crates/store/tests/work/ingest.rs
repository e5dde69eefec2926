//! The ingress' one statement, call by call.

use hookyard_domain::ids::EventId;
use hookyard_store::StoreError;
use hookyard_store::ingest::{Arrival, Duplicate, Rearmed, Recorded, Wish, rearm};
use uuid::Uuid;

use crate::support::{GRACE_MS, Yard, key, sha};

fn accepted(recorded: &Recorded) -> usize {
    let Recorded::Accepted { syncs, .. } = recorded else { panic!("not accepted: {recorded:?}") };
    syncs.len()
}

#[tokio::test]
async fn a_push_is_recorded_with_its_sync_and_the_job_of_that() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let recorded = committer.record(&[yard.push(&sha('a'))], GRACE_MS).await.unwrap();
    assert_eq!(accepted(&recorded[0]), 1);
    let found = "select count(*) from event
                   join sync_event on event_id = event.id and status = 'queued' and target_id is not null
                   join job on job.subject_id = sync_event.id and job.kind = 'sync'
                   join event_workspace on event_workspace.event_id = event.id
                    and event_workspace.workspace_id = sync_event.workspace_id
                  where event.type = 'github.push' and event.outcome is null
                    and event.received_at between now() - interval '1 minute' and now()
                    and sync_event.delivery_id = event.provider_delivery_id";
    assert_eq!(yard.count(found).await, 1);
    assert_eq!(yard.jobs().await, 1);
}

#[tokio::test]
async fn the_same_delivery_id_writes_nothing_more() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let first = yard.push(&sha('a'));
    // An attacker who learnt an id may put it on another body; an id that was seen decides nothing about bodies.
    let again = Arrival { id_key: first.id_key, ..yard.push(&sha('b')) };
    committer.record(&[first], GRACE_MS).await.unwrap();
    let recorded = committer.record(std::slice::from_ref(&again), GRACE_MS).await.unwrap();
    assert_eq!(recorded, [Recorded::Duplicate]);
    assert_eq!(yard.count("select count(*) from event").await, 1);
    assert_eq!(yard.count("select count(*) from dedupe").await, 2);
    let honest = Arrival { id_key: Some(key(b"its own id")), ..again };
    let recorded = committer.record(&[honest], GRACE_MS).await.unwrap();
    assert_eq!(accepted(&recorded[0]), 1, "its body was never recorded");
}

#[tokio::test]
async fn the_same_body_under_another_id_is_a_replay_and_says_of_what() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let first = yard.arrival("github.installation.suspend", "1", "{}".to_owned());
    let copy = yard.arrival("github.installation.suspend", "2", "{}".to_owned());
    let original = first.event;
    assert_eq!(accepted(&committer.record(&[first], GRACE_MS).await.unwrap()[0]), 0);
    assert_eq!(committer.record(&[copy], GRACE_MS).await.unwrap(), [Recorded::Replay]);
    let repeats = "select repeats::text from event where outcome = 'replay'";
    assert_eq!(yard.text(repeats).await, Some(original.0.to_string()));
    assert_eq!(yard.jobs().await, 1);
}

#[tokio::test]
async fn the_same_body_is_news_again_after_the_window() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let first = yard.arrival("github.installation.suspend", "1", "{}".to_owned());
    let later = yard.arrival("github.installation.suspend", "2", "{}".to_owned());
    committer.record(&[first], GRACE_MS).await.unwrap();
    yard.run("update dedupe set seen_at = now() - interval '25 hours'").await;
    assert_eq!(accepted(&committer.record(&[later], GRACE_MS).await.unwrap()[0]), 0);
}

#[tokio::test]
async fn copies_within_one_batch_are_told_apart() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let push = yard.push(&sha('a'));
    let doubled = Arrival { event: yard.push("").event, ..push.clone() };
    let same_body =
        Arrival { id_key: Some(key(b"other")), event: yard.push("").event, ..push.clone() };
    let recorded = committer.record(&[push, doubled, same_body], GRACE_MS).await.unwrap();
    let count = |wanted: fn(&Recorded) -> bool| recorded.iter().filter(|it| wanted(it)).count();
    assert_eq!(count(|it| matches!(it, Recorded::Accepted { .. })), 1);
    assert_eq!(count(|it| matches!(it, Recorded::Duplicate)), 1);
    assert_eq!(count(|it| matches!(it, Recorded::Replay)), 1);
    assert_eq!(yard.count("select count(*) from sync_event").await, 1);
}

#[tokio::test]
async fn a_row_that_the_database_cannot_hold_fails_the_batch_and_then_only_itself() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let poison = yard.arrival("github.push\0", "1", "{}".to_owned());
    let good = yard.push(&sha('a'));
    let failed = committer.record(&[good.clone(), poison.clone()], GRACE_MS).await;
    assert!(matches!(failed, Err(StoreError::Refused(_))), "{failed:?}");
    assert_eq!(yard.count("select count(*) from event").await, 0);
    assert!(committer.record(&[poison], GRACE_MS).await.is_err());
    assert_eq!(accepted(&committer.record(&[good], GRACE_MS).await.unwrap()[0]), 1);
}

#[tokio::test]
async fn an_ignored_event_has_no_job_until_a_redelivery_rearms_it_once() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let ignored = Arrival {
        wish: Wish::Ignore("not_handled"),
        ..yard.arrival("github.issues.opened", "1", "{}".to_owned())
    };
    let (event, id) = (ignored.event, ignored.id_key);
    let recorded = committer.record(&[ignored], GRACE_MS).await.unwrap();
    assert_eq!(recorded, [Recorded::Ignored { reason: "not_handled".to_owned() }]);
    assert_eq!(yard.jobs().await, 0);
    let redelivery =
        Duplicate { event: EventId(Uuid::now_v7()), source: yard.source, id_key: id.unwrap() };
    for _ in 0..2 {
        let rearmed = rearm(&committer, &[redelivery, redelivery], GRACE_MS).await.unwrap();
        assert_eq!(rearmed, [Rearmed::Queued(event), Rearmed::Queued(event)]);
        assert_eq!(yard.count("select count(*) from job where again").await, 1);
    }
}

#[tokio::test]
async fn a_replay_and_an_event_at_work_are_not_rearmed() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let first = yard.arrival("github.installation.suspend", "1", "{}".to_owned());
    let copy = yard.arrival("github.installation.suspend", "2", "{}".to_owned());
    let duplicates = [&first, &copy]
        .map(|it| Duplicate { event: EventId(Uuid::now_v7()), ..it.duplicate().unwrap() });
    let events = [first.event, copy.event];
    committer.record(&[first], GRACE_MS).await.unwrap();
    committer.record(&[copy], GRACE_MS).await.unwrap();
    let rearmed = rearm(&committer, &duplicates, GRACE_MS).await.unwrap();
    assert_eq!(rearmed, events.map(Rearmed::LeftAlone));
    let unknown = Duplicate {
        event: EventId(Uuid::now_v7()),
        source: yard.source,
        id_key: key(b"never seen"),
    };
    assert_eq!(rearm(&committer, &[unknown], GRACE_MS).await.unwrap(), [Rearmed::Unknown]);
    assert_eq!(yard.jobs().await, 1);
}

#[tokio::test]
async fn without_a_broker_the_jobs_are_due_at_once() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    committer.record(&[yard.push(&sha('a'))], 0).await.unwrap();
    assert_eq!(yard.count("select count(*) from job where due_at <= now()").await, 1);
}

#[tokio::test]
async fn what_a_subscriber_wants_is_routed_whether_or_not_a_handler_wants_it() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let nobodys = || Arrival {
        wish: Wish::Ignore("not_handled"),
        ..yard.arrival(
            "github.issues.opened",
            &Uuid::new_v4().to_string(),
            Uuid::new_v4().to_string(),
        )
    };
    let (before, after, push) = (nobodys(), nobodys(), yard.push(&sha('a')));
    let before = committer.record(&[before], GRACE_MS).await.unwrap();
    assert_eq!(before, [Recorded::Ignored { reason: "not_handled".to_owned() }]);
    yard.subscribe(&["github.issues.*", "github.push"], "active").await;
    let recorded = committer.record(&[after, push], GRACE_MS).await.unwrap();
    let routed = |it: &Recorded| matches!(it, Recorded::Accepted { routed: true, .. });
    assert!(recorded.iter().all(routed), "{recorded:?}");
    assert_eq!(yard.count("select count(*) from job where kind = 'event'").await, 2);
}
