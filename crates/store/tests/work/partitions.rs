//! Partitions are made ahead, and dropped only when nothing points into them. Retention takes bites.

use hookyard_store::Db as _;
use hookyard_store::partitions::{Drop as Dropped, days_ahead, drop_day, expired, make};
use hookyard_store::retention::{forget_dedupe_keys, forget_event_workspaces};
use jiff::civil::{Date, date};

use crate::support::Yard;

const OLD_DAY: Date = date(2024, 5, 17);

async fn with_an_old_day(yard: &Yard) {
    yard.run(
        "create table event_20240517 partition of event
         for values from ('018f83d9-3000-0000-0000-000000000000') to ('018f88ff-8c00-0000-0000-000000000000')",
    )
    .await;
    yard.run(
        "insert into event (id, origin, type, body_bytes)
         values (uuid_v7('2024-05-17 12:00Z'), 'system', 'test', 0)",
    )
    .await;
}

#[tokio::test]
async fn a_days_bounds_are_its_first_and_the_next_days_first_id() {
    let yard = Yard::new().await;
    let bounds = "select event_day_bound('2024-05-17') || ' ' || event_day_bound('2024-05-18')";
    let expected = "018f83d9-3000-0000-0000-000000000000 018f88ff-8c00-0000-0000-000000000000";
    assert_eq!(yard.text(bounds).await.unwrap(), expected);
}

#[tokio::test]
async fn partitions_are_made_ahead_once_whoever_asks() {
    let yard = Yard::new().await;
    let (worker, ingress) = (yard.worker().await, yard.role("hookyard_ingress").await);
    // Fewer than the 14 of the migration when its day is over.
    let before = days_ahead(&worker).await.unwrap();
    let (one, two) = tokio::join!(make(&worker, 30), make(&ingress, 30));
    assert_eq!(i64::from(one.unwrap() + two.unwrap()), 30 - before);
    assert_eq!(days_ahead(&worker).await.unwrap(), 30);
    assert_eq!(make(&worker, 30).await.unwrap(), 0);
}

#[tokio::test]
async fn a_day_that_a_job_points_into_is_kept() {
    let yard = Yard::new().await;
    with_an_old_day(&yard).await;
    let worker = yard.worker().await;
    assert_eq!(expired(&worker, 90).await.unwrap(), [OLD_DAY]);
    yard.run(
        "insert into job (subject_id, kind, state, due_at)
         select id, 'event', 'scheduled', now() + interval '1 day' from event",
    )
    .await;
    assert_eq!(drop_day(&worker, OLD_DAY).await.unwrap(), Dropped::HeldByJob);
    yard.run("delete from job").await;
    assert_eq!(drop_day(&worker, OLD_DAY).await.unwrap(), Dropped::Dropped);
    assert_eq!(drop_day(&worker, OLD_DAY).await.unwrap(), Dropped::Absent);
    assert_eq!(yard.count("select count(*) from event").await, 0);
}

#[tokio::test]
async fn a_days_deliveries_and_attempts_go_with_its_events_and_none_that_is_owed() {
    let yard = Yard::new().await;
    with_an_old_day(&yard).await;
    for parent in [
        "create table delivery_20240517 partition of delivery
         for values from ('018f83d9-3000-0000-0000-000000000000') to ('018f88ff-8c00-0000-0000-000000000000')",
        "create table attempt_20240517 partition of attempt
         for values from ('018f83d9-3000-0000-0000-000000000000') to ('018f88ff-8c00-0000-0000-000000000000')",
        "insert into delivery (id, event_id, workspace_id, subscriber_id, subscriber_kind, receiver_id, event_type, state)
         select id, id, id, id, 'subscription', id, 'test', 'pending' from event",
        "insert into attempt (delivery_id, number, started_at, duration_ms) select id, 1, now(), 1 from event",
        "insert into job (subject_id, kind, state, due_at, lane_id) select id, 'delivery', 'parked', now(), id from event",
    ] {
        yard.run(parent).await;
    }
    let worker = yard.worker().await;
    for (state, held) in [("pending", Dropped::HeldByDelivery), ("dead", Dropped::HeldByJob)] {
        yard.owner().await.execute("update delivery set state = $1", &[&state]).await.unwrap();
        assert_eq!(drop_day(&worker, OLD_DAY).await.unwrap(), held);
    }
    yard.run("delete from job").await;
    assert_eq!(drop_day(&worker, OLD_DAY).await.unwrap(), Dropped::Dropped);
    assert_eq!(yard.count("select count(*) from delivery").await, 0);
    assert_eq!(yard.count("select count(*) from attempt").await, 0);
    let left = "select count(*) from pg_class where relname like '%_20240517'";
    assert_eq!(yard.count(left).await, 0);
}

#[tokio::test]
async fn a_day_that_an_unfinished_sync_points_into_is_kept() {
    let mut yard = Yard::new().await;
    with_an_old_day(&yard).await;
    yard.queue_push("a").await;
    yard.run("update sync_event set event_id = uuid_v7('2024-05-17 12:00Z')").await;
    yard.run("delete from job").await;
    let worker = yard.worker().await;
    assert_eq!(drop_day(&worker, OLD_DAY).await.unwrap(), Dropped::HeldBySyncEvent);
    yard.run("update sync_event set status = 'completed', completed_at = now()").await;
    assert_eq!(drop_day(&worker, OLD_DAY).await.unwrap(), Dropped::Dropped);
    // The sync event keeps its own copy of what it needs to tell.
    assert_eq!(yard.count("select count(delivery_id) from sync_event").await, 1);
}

#[tokio::test]
async fn the_present_is_never_dropped() {
    let yard = Yard::new().await;
    let worker = yard.worker().await;
    let today: Date =
        worker.row("select (now() at time zone 'UTC')::date", &[]).await.unwrap().get(0);
    for day in [today.yesterday().unwrap(), today, today.tomorrow().unwrap()] {
        assert_eq!(drop_day(&worker, day).await.unwrap(), Dropped::TooYoung);
    }
}

/// A key in every slice of the key space: of delivery ids, of hashes of bodies, and of what applications chose, whose
/// keys hold for a workspace and not for a source.
async fn with_keys_everywhere(yard: &Yard) {
    let sql = "insert into source (id, provider, slug, body_bytes_max, accepted_status, replay_window_s, fresh_ms,
                                   unseen_age_ms_max) values ($1, 'github', 'g', 1000, 202, 86400, 60000, 60000)";
    yard.owner().await.execute(sql, &[&yard.source.0]).await.unwrap();
    let sql = "insert into dedupe (kind, source_id, key, event_id, seen_at)
               select kind::\"char\", case kind when 'i' then gen_random_uuid() else $1 end,
                      decode(lpad(to_hex(n), 4, '0') || repeat('5a', 14), 'hex'), gen_random_uuid(),
                      now() - interval '2 days'
                 from generate_series(0, 65535) n, (values ('d'), ('h'), ('i')) kinds(kind)";
    yard.owner().await.execute(sql, &[&yard.source.0]).await.unwrap();
}

#[tokio::test]
async fn ids_and_chosen_keys_are_remembered_for_their_days_and_hashes_for_the_window() {
    const KEYS: i64 = 65_536;
    let yard = Yard::new().await;
    with_keys_everywhere(&yard).await;
    let worker = yard.worker().await;
    let ids = "select count(*) from dedupe where kind = 'd'";
    let hashes = "select count(*) from dedupe where kind = 'h'";
    let chosen = "select count(*) from dedupe where kind = 'i'";
    assert!(forget_dedupe_keys(&worker, 7).await.unwrap() > 0);
    assert_eq!(yard.count(ids).await, KEYS, "an id of two days is not forgotten");
    assert_eq!(yard.count(chosen).await, KEYS, "a chosen key of two days is not forgotten");
    assert!(yard.count(hashes).await < KEYS, "a hash is, after its window of a day");
    yard.run("update dedupe set seen_at = case kind when 'h' then now() else now() - interval '8 days' end").await;
    let kept = yard.count(hashes).await;
    assert!(forget_dedupe_keys(&worker, 7).await.unwrap() > 0);
    assert!(yard.count(ids).await < KEYS);
    assert!(yard.count(chosen).await < KEYS);
    assert_eq!(yard.count(hashes).await, kept);
}

#[tokio::test]
async fn links_to_events_of_dropped_days_are_forgotten() {
    let yard = Yard::new().await;
    yard.run(
        "insert into event_workspace (workspace_id, event_id)
         values (gen_random_uuid(), uuid_v7('2020-01-01')), (gen_random_uuid(), uuid_v7(now()))",
    )
    .await;
    assert_eq!(forget_event_workspaces(&yard.worker().await).await.unwrap(), 1);
    assert_eq!(yard.count("select count(*) from event_workspace").await, 1);
}
