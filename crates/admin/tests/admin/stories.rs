//! The story of a sync event and of a delivery, as every interface tells it.

use hookyard_admin::operations::story::{self, DotState, SyncFact, WaitReason};
use hookyard_store::{Store, StoreSettings};
use secrecy::SecretString;

use crate::yard::{Yard, receiver, text};

fn store(yard: &Yard) -> Store {
    let url = SecretString::from(yard.database.role_url("hookyard_admin"));
    Store::new(&StoreSettings::new(url, "test")).unwrap()
}

/// The names of the steps.
fn names(steps: &[impl serde::Serialize]) -> Vec<String> {
    let step = |step| serde_json::to_value(step).unwrap()["step"].as_str().unwrap().to_owned();
    steps.iter().map(step).collect()
}

#[tokio::test]
async fn a_sync_that_an_operator_asked_for_tells_who_and_why_and_what_became_of_it() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    let resync = ["connector", "target", "resync", &target, "--reason", "it looks stale"];
    let id = yard.id(&resync);
    yard.execute(
        "update sync_event set status = 'completed', completed_at = now(), started_at = now(), created = 2",
    )
    .await;
    yard.execute(
        "insert into sync_attempt (sync_event_id, number, worker_id, lease_epoch, started_at, ended_at, outcome, cause,
                                   next_attempt_at)
         select id, 1, gen_random_uuid(), 4, now() - interval '9 s', now() - interval '8 s', 'put_off', 'rate_limited',
                now() - interval '3 s' from sync_event union all
         select id, 2, gen_random_uuid(), 5, now() - interval '2 s', now(), 'finished', null, null from sync_event",
    )
    .await;
    yard.execute(
        "insert into sync_file (sync_event_id, path, outcome)
         select id, file.path, file.outcome from sync_event,
                (values ('a', 'created'), ('b', 'failed'), ('c', 'created')) file (path, outcome)",
    )
    .await;
    let story = story::sync_event(&store(&yard), id.parse().unwrap(), 2).await.unwrap();
    let expected = [
        "asked",
        "queued",
        "leased",
        "attempt_ended",
        "waited",
        "leased",
        "attempt_finished",
        "recorded",
    ];
    assert_eq!(names(&story.steps), expected);
    let SyncFact::Asked { by } = &story.steps[0].fact else { panic!("{:?}", story.steps[0]) };
    assert_eq!(by.reason.as_deref(), Some("it looks stale"));
    assert_eq!((by.action.as_str(), by.subject.as_str()), ("connector_target.resync", &*target));
    let SyncFact::Waited { reason, ms, .. } = &story.steps[4].fact else { panic!() };
    assert_eq!((reason.as_str(), *ms), ("rate_limited", 6_000));
    let SyncFact::AttemptFinished { files, more_files, .. } = &story.steps[6].fact else {
        panic!()
    };
    let paths: Vec<&str> = files.iter().map(|it| it.path.as_str()).collect();
    assert_eq!((paths, *more_files), (vec!["b", "a"], true));
}

#[tokio::test]
async fn a_sync_that_waits_says_until_when_and_for_what() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    let id = yard.id(&["connector", "target", "resync", &target]);
    yard.execute(
        "insert into sync_attempt (sync_event_id, number, lease_epoch, ended_at, outcome, error)
         select id, 1, 1, now(), 'failed', '502' from sync_event",
    )
    .await;
    yard.execute("update job set due_at = now() + interval '1 hour'").await;
    let story = story::sync_event(&store(&yard), id.parse().unwrap(), 10).await.unwrap();
    let last = story.steps.last().unwrap();
    assert!(matches!(last.fact, SyncFact::Next { reason: WaitReason::Backoff }), "{last:?}");
    assert_eq!(Some(last.at), story.sync_event.waits_until);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_tells_its_tries_and_those_that_its_policy_has_left() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let connection = text(&yard.connected(&receiver.url_of("/hook")), "id");
    let subscribe = ["subscription", "add", "--connection", &connection, "--event-type", "*"];
    yard.id(&subscribe);
    yard.execute(
        "insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type,
                               state, attempts, next_attempt_at, error_class)
         select uuid_v7(now()), uuid_v7(now()), workspace_id, id, 'subscription', connection_id, 'post.created',
                'failed', 1, now() + interval '1 minute', 'timeout' from subscription",
    )
    .await;
    yard.execute(
        "insert into attempt (delivery_id, number, started_at, duration_ms, error_class)
         select id, 1, now(), 10, 'timeout' from delivery",
    )
    .await;
    let id = yard.json(&["deliveries", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let story = story::delivery(&store(&yard), id.parse().unwrap()).await.unwrap();
    let dots: Vec<DotState> = story.schedule.iter().map(|it| it.state).collect();
    assert_eq!(dots, [DotState::Failed, DotState::Next, DotState::Planned]);
    assert_eq!(names(&story.steps), ["owed", "tried", "next"]);
    assert_eq!(story.subscription.unwrap().attempts_max, 3);
}
