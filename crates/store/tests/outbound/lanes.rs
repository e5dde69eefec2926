//! Lanes: places, parking, and turns.

use hookyard_store::delivery_jobs::{LaneCursor, Limits, lease_parked, parked_lanes};
use hookyard_store::fan_out::READY_PER_WORKSPACE_MAX;
use hookyard_store::jobs::wake;
use uuid::Uuid;

use crate::support::{Yard, delivered};

#[tokio::test]
async fn a_lane_has_no_more_leases_than_places_and_the_rest_waits_in_order() {
    let yard = Yard::new().await;
    let connection = yard.connect("a", &["*"]).await;
    yard.run("update connection set concurrency_max = 3").await;
    let deliveries = yard.owe(8).await;
    let leased = yard.lease(&deliveries).await;
    assert_eq!(leased.work.len(), 3);
    assert_eq!(leased.parked, [yard.lane(connection)]);
    assert_eq!(yard.count("select count(*) from job where state = 'parked'").await, 5);
    assert!(yard.lease(&deliveries).await.work.is_empty(), "no message wakes what is parked");
    let conn = yard.worker().await;
    let next = async || {
        let lanes = [yard.lane(connection)];
        lease_parked(&conn, &lanes, Uuid::now_v7(), 100, Limits::default()).await.unwrap()
    };
    assert!(next().await.is_empty(), "no place is free");
    yard.record(&leased.work.iter().take(2).map(delivered).collect::<Vec<_>>()).await;
    let work = next().await;
    let mut expected = deliveries.clone();
    expected.sort_unstable();
    let mut got: Vec<Uuid> = work.iter().map(|it| it.delivery.0).collect();
    got.sort_unstable();
    assert_eq!(got, expected[3..5], "the oldest first");
}

#[tokio::test]
async fn a_workspace_has_places_of_its_own_and_its_lanes_share_them() {
    let yard = Yard::new().await;
    let lanes =
        [yard.lane(yard.connect("a", &["*"]).await), yard.lane(yard.connect("b", &["*"]).await)];
    let deliveries = yard.owe(8).await;
    let conn = yard.worker().await;
    let limits = Limits { workspace_leased_max: 5 };
    let leased = hookyard_store::delivery_jobs::lease(&conn, &deliveries, Uuid::now_v7(), limits)
        .await
        .unwrap();
    assert_eq!(leased.work.len(), 5);
    yard.record(&leased.work.iter().map(delivered).collect::<Vec<_>>()).await;
    let work = lease_parked(&conn, &lanes, Uuid::now_v7(), 4, limits).await.unwrap();
    let of = |n: usize| work.iter().filter(|it| it.receiver.lane == lanes[n]).count();
    assert_eq!((of(0), of(1)), (2, 2));
}

#[tokio::test]
async fn a_look_finds_every_parked_lane_in_its_turn() {
    let yard = Yard::new().await;
    yard.run(
        "insert into job (subject_id, workspace_id, lane_id, kind, state, due_at)
         select gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad((n % 600)::text, 12, '0'))::uuid,
                ('00000000-0000-4000-9000-' || lpad((n % 1800)::text, 12, '0'))::uuid, 'delivery', 'parked', now()
           from generate_series(1, 20000) n",
    )
    .await;
    let conn = yard.worker().await;
    let mut cursor = LaneCursor::default();
    let mut found = std::collections::HashSet::new();
    let mut looks = 0;
    loop {
        let (lanes, next) = parked_lanes(&conn, cursor, Uuid::now_v7()).await.unwrap();
        assert!(lanes.len() <= 256 * 3);
        found.extend(lanes);
        cursor = next;
        looks += 1;
        if cursor == LaneCursor::default() {
            break;
        }
    }
    assert_eq!((found.len(), looks), (1800, 3));
}

#[tokio::test]
async fn a_workspace_fills_the_queue_only_so_far_and_leaves_another_its_place() {
    let most = usize::try_from(READY_PER_WORKSPACE_MAX).unwrap();
    let yard = Yard::new().await;
    let other = hookyard_domain::ids::WorkspaceId(Uuid::now_v7());
    yard.add_workspace(other, "other").await;
    yard.connect("a", &["*"]).await;
    yard.connect_in(other, "b", &["*"]).await;
    assert_eq!(yard.owe(most + 200).await.len(), most);
    assert!(yard.owe(1).await.is_empty(), "what waits comes first");
    let events = yard.publish_in(other, "post.created", 1).await;
    assert_eq!(yard.fan_out(&events).await.len(), 1);
    // A flood of retries that are due at once: they wait parked, and the other's one is found behind them.
    yard.run("delete from job").await;
    yard.run(
        "insert into job (subject_id, workspace_id, lane_id, kind, state, due_at)
         select id, workspace_id, receiver_id, 'delivery', 'scheduled', now() - interval '1 minute' from delivery",
    )
    .await;
    yard.run("update job set due_at = now() where workspace_id <> (select workspace_id from job limit 1)").await;
    let conn = yard.worker().await;
    let mut woken = 0;
    loop {
        let due = wake(&conn).await.unwrap();
        if due.is_empty() {
            break;
        }
        woken += due.len();
    }
    assert_eq!(woken, most + 1);
    assert_eq!(yard.count("select count(*) from job where state = 'parked'").await, 201);
    assert_eq!(yard.count("select count(*) from job where state = 'scheduled'").await, 0);
}
