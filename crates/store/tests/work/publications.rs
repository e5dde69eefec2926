//! Calls of applications: many events, one key.

use bytes::Bytes;
use hookyard_domain::event::Origin;
use hookyard_domain::ids::{EventId, SourceId};
use hookyard_store::ingest::{
    Arrival, Earlier, Recorded, Repetition, Wish, earlier, event_of_call, open_token,
};
use uuid::Uuid;

use crate::support::{GRACE_MS, Yard, key, sha};

/// A call of so many events under a key.
fn call(yard: &Yard, name: &str, body_hash: u8, events: usize) -> Vec<Arrival> {
    let first = event_of_call(EventId(Uuid::now_v7()), 0);
    let event = |n| Arrival {
        event: event_of_call(first, n),
        origin: Origin::Api,
        source: SourceId(yard.workspace.0),
        workspace: Some(yard.workspace),
        event_type: "post.created".to_owned(),
        delivery_id: None,
        hook_id: None,
        id_key: (n == 0).then(|| key(name.as_bytes())),
        part_of: (n > 0).then_some(first),
        body_key: None,
        body_hash: (n == 0).then_some([body_hash; 32]),
        body: Bytes::from_static(b"{}"),
        installation_id: None,
        wish: Wish::Ignore("no_subscriber"),
        ..yard.arrival("", "", String::new())
    };
    (0..events).map(event).collect()
}

fn repetition(call: &[Arrival]) -> Repetition {
    Repetition::of(call).expect("an application's call")
}

#[tokio::test]
async fn a_call_whose_key_is_known_records_none_of_its_events() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let (first, longer) = (call(&yard, "k", 1, 2), call(&yard, "k", 2, 3));
    let push = yard.push(&sha('a'));
    let ids: Vec<EventId> = first.iter().map(|it| it.event).collect();
    let recorded = committer.record(&first, GRACE_MS).await.unwrap();
    assert!(recorded.iter().all(|it| matches!(it, Recorded::Ignored { .. })), "{recorded:?}");

    // Beside another call, whose fate is its own.
    let batch: Vec<&Arrival> = longer.iter().chain([&push]).collect();
    let recorded = committer.record(&batch, GRACE_MS).await.unwrap();
    assert_eq!(recorded[..3], [const { Recorded::Duplicate }; 3]);
    assert!(matches!(recorded[3], Recorded::Accepted { .. }));
    assert_eq!(yard.count("select count(*) from event where origin = 'api'").await, 2);

    let same = call(&yard, "k", 1, 2);
    let unknown = call(&yard, "never seen", 1, 1);
    let asked = [&longer, &same, &first, &unknown].map(|call| repetition(call));
    let found = earlier(&committer, &asked).await.unwrap();
    let events: Vec<_> = ids.into_iter().map(|id| (id, false)).collect();
    assert_eq!(
        found,
        [
            Earlier::Other,
            Earlier::Same { events: events.clone(), own: false },
            Earlier::Same { events, own: true },
            Earlier::Forgotten,
        ]
    );
}

#[tokio::test]
async fn two_calls_of_one_key_in_a_batch_are_told_apart() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let (one, other) = (call(&yard, "k", 1, 3), call(&yard, "k", 1, 3));
    let batch: Vec<&Arrival> = one.iter().chain(&other).collect();
    let recorded = committer.record(&batch, GRACE_MS).await.unwrap();
    let new = |call: &[Recorded]| call.iter().all(|it| *it != Recorded::Duplicate);
    assert!(new(&recorded[..3]) != new(&recorded[3..]), "{recorded:?}");
    assert_eq!(yard.count("select count(*) from event").await, 3);
}

#[tokio::test]
async fn an_applications_key_is_none_of_a_delivery() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let mut published = call(&yard, "1", 1, 1);
    published[0].source = yard.source;
    let delivered = yard.arrival("github.installation.suspend", "1", "{}".to_owned());
    let recorded = committer.record(&[published.remove(0), delivered], GRACE_MS).await.unwrap();
    assert!(!recorded.contains(&Recorded::Duplicate), "{recorded:?}");
}

#[tokio::test]
async fn every_event_of_a_call_is_wanted_or_not_by_its_own_type() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    for (event_types, status) in
        [(["post.*"], "active"), (["post.created"], "active"), (["*"], "paused")]
    {
        yard.subscribe(&event_types, status).await;
    }
    let mut call = call(&yard, "k", 1, 4);
    for (event, event_type) in call.iter_mut().zip(["post.created", "other", "post.x", "postx"]) {
        event_type.clone_into(&mut event.event_type);
    }
    let recorded = committer.record(&call, GRACE_MS).await.unwrap();
    let wanted: Vec<bool> =
        recorded.iter().map(|it| matches!(it, Recorded::Accepted { routed: true, .. })).collect();
    assert_eq!(wanted, [true, false, true, false]);
    assert_eq!(yard.jobs().await, 2);
    let found = earlier(&committer, &[repetition(&call)]).await.unwrap();
    let Earlier::Same { events, .. } = &found[0] else { panic!("{found:?}") };
    assert_eq!(events.iter().map(|(_, wanted)| *wanted).collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn a_token_opens_its_workspace_until_it_is_revoked_or_expires() {
    let yard = Yard::new().await;
    let hash = [7; 32];
    yard.run(
        "insert into token (id, workspace_id, name, prefix, hash, scopes)
         select gen_random_uuid(), id, 'ci', 'hky_', decode(repeat('07', 32), 'hex'), '{events:write,later:scope}'
           from workspace",
    )
    .await;
    let ingress = yard.role("hookyard_ingress").await;
    let found = open_token(&ingress, &hash).await.unwrap().unwrap();
    assert_eq!(
        (found.workspace, found.slug.as_str(), found.may_publish),
        (yard.workspace, "acme", true)
    );
    assert!(open_token(&ingress, &[8; 32]).await.unwrap().is_none());
    yard.run("update token set scopes = '{later:scope}'").await;
    assert!(!open_token(&ingress, &hash).await.unwrap().unwrap().may_publish);
    for end in [
        "update token set expires_at = now()",
        "update token set expires_at = null, revoked_at = now()",
    ] {
        yard.run(end).await;
        assert!(open_token(&ingress, &hash).await.unwrap().is_none(), "{end}");
    }
}
