//! Replays of many deliveries, in portions.

use hookyard_domain::delivery::ErrorClass;
use hookyard_domain::ids::ReplayId;
use hookyard_domain::job::JobKind;
use hookyard_store::Db as _;
use hookyard_store::jobs::lease;
use hookyard_store::replays::{
    Expected, NewReplay, Portion, ReplayFilter, cancel, insert, next_portion, preview,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::{Yard, delivered, failed};

fn dead() -> ReplayFilter {
    ReplayFilter { states: vec!["dead".to_owned()], ..ReplayFilter::default() }
}

/// Ten deliveries of which four are dead, and a replay of those at two a second.
async fn with_a_replay(yard: &Yard) -> ReplayId {
    yard.connect("a", &["*"]).await;
    let deliveries = yard.owe(10).await;
    let work = yard.lease(&deliveries).await.work;
    let tries: Vec<_> = work
        .iter()
        .enumerate()
        .map(|(n, work)| match n % 3 {
            0 => failed(work, ErrorClass::Timeout, None),
            _ => delivered(work),
        })
        .collect();
    yard.record(&tries).await;
    let admin = yard.role("hookyard_admin").await;
    let expected = preview(&admin, yard.workspace, &dead()).await.unwrap();
    assert_eq!(expected, Expected { count: 4, more: false });
    let id = ReplayId(Uuid::now_v7());
    let replay = NewReplay {
        id,
        workspace: yard.workspace,
        filter: &dead(),
        expected: expected.count,
        per_s: 2,
        actor: "cli:test",
        reason: None,
    };
    insert(&admin, &replay).await.unwrap();
    id
}

async fn portion(yard: &Yard, id: ReplayId) -> Portion {
    yard.run("update job set due_at = now() where kind = 'replay'").await;
    let mut conn = yard.worker().await;
    let leases = lease(&conn, JobKind::Replay, &[id.0], Uuid::now_v7()).await.unwrap();
    next_portion(&mut conn, &leases[0]).await.unwrap()
}

#[tokio::test]
async fn a_replay_goes_on_from_its_place_until_nothing_is_left() {
    let yard = Yard::new().await;
    let id = with_a_replay(&yard).await;
    assert_eq!(portion(&yard, id).await, Portion::More { replayed: 2 });
    let parked = "select count(*) from job where kind = 'delivery' and state = 'parked'";
    assert_eq!(yard.count(parked).await, 2);
    assert_eq!(portion(&yard, id).await, Portion::More { replayed: 2 });
    assert_eq!(portion(&yard, id).await, Portion::Completed { replayed: 0 });
    assert_eq!(yard.count(parked).await, 4);
    assert_eq!(yard.count("select count(*) from job where kind = 'replay'").await, 0);
    assert_eq!(yard.count("select count(*) from dead_letter where settled_at is null").await, 0);
    assert_eq!(yard.count("select count(*) from delivery where state = 'pending'").await, 4);
    let told = "select state || ' ' || replayed || ' of ' || expected from replay";
    assert_eq!(yard.text(told).await.unwrap(), "completed 4 of 4");
}

#[tokio::test]
async fn a_cancelled_replay_goes_no_further() {
    let yard = Yard::new().await;
    let id = with_a_replay(&yard).await;
    assert_eq!(portion(&yard, id).await, Portion::More { replayed: 2 });
    let admin = yard.role("hookyard_admin").await;
    assert!(cancel(&admin, id).await.unwrap());
    assert!(!cancel(&admin, id).await.unwrap());
    assert_eq!(portion(&yard, id).await, Portion::Cancelled);
    assert_eq!(yard.count("select count(*) from delivery where state = 'pending'").await, 2);
    assert_eq!(yard.count("select count(*) from job where kind = 'replay'").await, 0);
}

#[tokio::test]
async fn what_can_no_longer_be_sent_is_passed_over() {
    let yard = Yard::new().await;
    let id = with_a_replay(&yard).await;
    yard.run("update event set body = null").await;
    assert_eq!(portion(&yard, id).await, Portion::More { replayed: 0 });
    assert_eq!(portion(&yard, id).await, Portion::More { replayed: 0 });
    assert_eq!(portion(&yard, id).await, Portion::Completed { replayed: 0 });
    assert_eq!(yard.count("select count(*) from delivery where state = 'dead'").await, 4);
}

#[tokio::test]
async fn a_preview_counts_what_matches_whichever_filters_it_has() {
    let yard = Yard::new().await;
    with_a_replay(&yard).await;
    let admin = yard.role("hookyard_admin").await;
    let find = "select receiver_id, event_type from delivery limit 1";
    let row = yard.owner().await.row(find, &[]).await.unwrap();
    let (receiver, event_type): (Uuid, String) = (row.get("receiver_id"), row.get("event_type"));
    let filters = [
        (ReplayFilter::default(), 10),
        (dead(), 4),
        (ReplayFilter { states: vec!["delivered".to_owned()], ..dead() }, 6),
        (ReplayFilter { receiver: Some(receiver), ..ReplayFilter::default() }, 10),
        (ReplayFilter { receiver: Some(Uuid::nil()), ..dead() }, 0),
        (ReplayFilter { event_type: Some(event_type.clone()), ..ReplayFilter::default() }, 10),
        (ReplayFilter { event_type: Some(event_type), ..dead() }, 4),
        (ReplayFilter { event_type: Some("no.such".to_owned()), ..ReplayFilter::default() }, 0),
        (ReplayFilter { until: Some(Timestamp::UNIX_EPOCH), ..dead() }, 0),
    ];
    for (filter, count) in filters {
        let expected = preview(&admin, yard.workspace, &filter).await.unwrap();
        assert_eq!(expected, Expected { count, more: false }, "{filter:?}");
    }
}
