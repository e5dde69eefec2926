//! The life of a delivery, from the event to its end.

use hookyard_domain::delivery::{DeliveryState, ErrorClass};
use hookyard_domain::ids::DeliveryId;
use hookyard_store::deliveries::{Cancelled, Replayed, cancel, cancel_waiting, replay};
use hookyard_store::delivery_jobs::{
    ReceiverKind, Subscriber, Unsent, UnsentEnd, end_unsent, put_back, renew,
};
use hookyard_store::fan_out;
use hookyard_store::jobs::wake;

use crate::support::{Yard, delivered, failed};

#[tokio::test]
async fn an_event_becomes_one_delivery_for_each_subscription_that_wants_it() {
    let yard = Yard::new().await;
    yard.connect("posts", &["post.*"]).await;
    yard.connect("all", &["*"]).await;
    yard.connect("others", &["sync.failed"]).await;
    let deliveries = yard.owe(1).await;
    assert_eq!(deliveries.len(), 2);
    let leased = yard.lease(&deliveries).await;
    assert!(leased.parked.is_empty());
    for work in &leased.work {
        assert_eq!(work.event_type, "post.created");
        assert_eq!((work.attempts, work.lease.runs), (0, 1));
        assert_eq!(work.receiver.owner.slug, "acme");
        assert!(matches!(work.subscriber, Subscriber::Subscription(_)));
        assert!(
            matches!(&work.receiver.kind, ReceiverKind::Connection { sealed: Some(it), .. } if it == b"sealed")
        );
    }
    let tries: Vec<_> = leased.work.iter().map(delivered).collect();
    assert_eq!(yard.record(&tries).await.deliveries.len(), 2);
    assert_eq!(yard.jobs().await, 0);
    let told = "select string_agg(distinct state || ' ' || attempts || ' ' || response_status, ',') from delivery";
    assert_eq!(yard.text(told).await.unwrap(), "delivered 1 200");
    let attempts =
        "select string_agg(distinct number || ' ' || duration_ms || ' ' || response_excerpt || ' '
                           || (started_at < now())::text, ',') from attempt";
    assert_eq!(yard.text(attempts).await.unwrap(), "1 10 ok\u{fffd} true");
    let health = "select count(*) from connection where last_triggered_at is not null and status = 'connected'";
    assert_eq!(yard.count(health).await, 2);
}

#[tokio::test]
async fn a_try_that_failed_in_passing_is_followed_by_another_and_the_last_one_is_a_dead_letter() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    let delivery = yard.owe(1).await[0];
    let work = yard.lease_one(delivery).await;
    yard.record(&[failed(&work, ErrorClass::ServerError, Some(60_000))]).await;
    assert_eq!(yard.state(delivery).await, "failed");
    assert!(yard.lease(&[delivery]).await.work.is_empty(), "it is not due");
    let due = "select count(*) from job where state = 'scheduled'
                  and due_at between now() + interval '50 seconds' and now() + interval '1 minute'";
    assert_eq!(yard.count(due).await, 1);
    yard.run("update job set due_at = now()").await;
    assert_eq!(wake(&yard.worker().await).await.unwrap().len(), 1);
    let work = yard.lease_one(delivery).await;
    assert_eq!((work.attempts, work.lease.runs), (1, 1));
    yard.record(&[failed(&work, ErrorClass::Timeout, None)]).await;
    assert_eq!(yard.state(delivery).await, "dead");
    assert_eq!(yard.jobs().await, 0);
    let letter = "select kind || ' ' || reason from dead_letter where settled_at is null";
    assert_eq!(yard.text(letter).await.unwrap(), "delivery timeout");
    let numbers = "select string_agg(number || error_class, ' ' order by number) from attempt";
    assert_eq!(yard.text(numbers).await.unwrap(), "1server_error 2timeout");
}

#[tokio::test]
async fn a_replay_keeps_the_id_and_settles_the_dead_letter() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    let delivery = yard.owe(1).await[0];
    let again = async || {
        let mut conn = yard.role("hookyard_admin").await;
        let tx = conn.begin().await.unwrap();
        let replayed = replay(&tx, DeliveryId(delivery)).await.unwrap();
        tx.commit().await.unwrap();
        replayed
    };
    assert_eq!(again().await, Replayed::Open(DeliveryState::Pending));
    let work = yard.lease_one(delivery).await;
    yard.record(&[failed(&work, ErrorClass::Refused, None)]).await;
    assert!(matches!(again().await, Replayed::Queued(_)));
    assert_eq!(yard.text("select settled_how from dead_letter").await.unwrap(), "replayed");
    let work = yard.lease_one(delivery).await;
    assert_eq!((work.attempts, work.attempts_before), (1, 1));
    yard.record(&[delivered(&work)]).await;
    assert_eq!(yard.count("select max(number)::int8 from attempt").await, 2);
    yard.run("update event set body = null").await;
    assert_eq!(again().await, Replayed::Expired);
}

#[tokio::test]
async fn after_a_confirmed_cancellation_nothing_can_be_leased() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    let delivery = yard.owe(1).await[0];
    let admin = yard.role("hookyard_admin").await;
    let id = DeliveryId(delivery);
    assert_eq!(cancel(&admin, id, "by hand").await.unwrap(), Cancelled::Now);
    assert!(yard.lease(&[delivery]).await.work.is_empty());
    assert_eq!(yard.state(delivery).await, "cancelled");
    let over = Cancelled::Over(DeliveryState::Cancelled);
    assert_eq!(cancel(&admin, id, "by hand").await.unwrap(), over);
    let nobody = DeliveryId(uuid::Uuid::now_v7());
    assert_eq!(cancel(&admin, nobody, "by hand").await.unwrap(), Cancelled::NotFound);
}

#[tokio::test]
async fn a_cancellation_in_flight_lets_the_try_succeed_and_allows_no_other() {
    for succeeds in [true, false] {
        let yard = Yard::new().await;
        yard.connect("a", &["*"]).await;
        let delivery = yard.owe(1).await[0];
        let work = yard.lease_one(delivery).await;
        let admin = yard.role("hookyard_admin").await;
        let cancelled = cancel(&admin, DeliveryId(delivery), "by hand").await.unwrap();
        assert_eq!(cancelled, Cancelled::InFlight);
        let tried = if succeeds {
            delivered(&work)
        } else {
            failed(&work, ErrorClass::ServerError, Some(1))
        };
        yard.record(&[tried]).await;
        assert_eq!(yard.state(delivery).await, if succeeds { "delivered" } else { "cancelled" });
        assert_eq!(yard.jobs().await, 0);
        assert_eq!(yard.count("select count(*) from dead_letter").await, 0);
    }
}

#[tokio::test]
async fn a_lease_that_is_put_back_or_runs_out_meets_a_cancellation_too() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    let admin = yard.role("hookyard_admin").await;
    let put = yard.owe(1).await[0];
    let work = yard.lease_one(put).await;
    assert_eq!(cancel(&admin, DeliveryId(put), "x").await.unwrap(), Cancelled::InFlight);
    assert_eq!(put_back(&yard.worker().await, &[(work.lease, None)]).await.unwrap().len(), 1);
    let lost = yard.owe(1).await[0];
    yard.lease_one(lost).await;
    assert_eq!(cancel(&admin, DeliveryId(lost), "x").await.unwrap(), Cancelled::InFlight);
    yard.run("update job set due_at = now() - interval '1 second'").await;
    assert!(yard.lease(&[lost]).await.work.is_empty());
    for delivery in [put, lost] {
        assert_eq!(yard.state(delivery).await, "cancelled");
    }
    assert_eq!(yard.jobs().await, 0);
}

#[tokio::test]
async fn a_lease_put_back_spends_no_attempt() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    let deliveries = yard.owe(2).await;
    let work = yard.lease(&deliveries).await.work;
    let back = [(work[0].lease, None), (work[1].lease, Some(3_600_000))];
    let conn = yard.worker().await;
    assert_eq!(put_back(&conn, &back).await.unwrap().len(), 2);
    assert!(put_back(&conn, &back).await.unwrap().is_empty(), "they are nobody's lease any more");
    let states = "select string_agg(state || runs, ' ' order by state) from job";
    assert_eq!(yard.text(states).await.unwrap(), "parked0 scheduled0");
    assert_eq!(yard.count("select count(*) from attempt").await, 0);
    assert!(yard.lease(&deliveries).await.work.is_empty(), "neither is ready");
}

#[tokio::test]
async fn a_fenced_worker_records_nothing() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    let delivery = yard.owe(1).await[0];
    let frozen = yard.lease_one(delivery).await;
    yard.run("update job set due_at = now() - interval '1 second'").await;
    let work = yard.lease_one(delivery).await;
    assert_eq!(work.lease.runs, 2);
    assert!(yard.record(&[delivered(&frozen)]).await.deliveries.is_empty());
    let error = failed(&frozen, ErrorClass::Timeout, None);
    assert!(yard.record(&[error]).await.deliveries.is_empty());
    let conn = yard.worker().await;
    let end = UnsentEnd::Dead { reason: "worker_died", error: "x".to_owned() };
    let unsent = Unsent { lease: frozen.lease, end };
    assert!(end_unsent(&conn, &[unsent]).await.unwrap().is_empty());
    assert!(put_back(&conn, &[(frozen.lease, None)]).await.unwrap().is_empty());
    assert_eq!(renew(&conn, &[frozen.lease, work.lease]).await.unwrap(), [work.lease.job]);
    assert_eq!(yard.count("select count(*) from attempt").await, 0);
    assert_eq!(yard.state(delivery).await, "pending");
    assert_eq!(yard.record(&[delivered(&work)]).await.deliveries, [DeliveryId(delivery)]);
}

/// What the sweep makes of leases that ran out while nobody could say so.
async fn sweep(yard: &Yard) {
    yard.run("update job set due_at = now() - interval '1 second'").await;
    assert!(!wake(&yard.worker().await).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_result_that_comes_after_its_lease_ran_out_counts_unless_somebody_leased_the_job_since() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    let deliveries = yard.owe(3).await;
    let mut late = Vec::new();
    for delivery in &deliveries {
        late.push(yard.lease_one(*delivery).await);
    }
    sweep(&yard).await;
    let again = yard.lease_one(deliveries[2]).await;
    let failed = failed(&late[1], ErrorClass::Timeout, Some(60_000));
    let tries = [delivered(&late[0]), failed, delivered(&late[2])];
    let recorded = yard.record(&tries).await.deliveries;
    assert_eq!(recorded, [DeliveryId(deliveries[0]), DeliveryId(deliveries[1])]);
    assert_eq!(yard.state(deliveries[0]).await, "delivered");
    assert_eq!(yard.state(deliveries[1]).await, "failed");
    // Whoever does not know whether it was written writes it again: it was an orderly end, and there is one only.
    assert!(yard.record(&tries).await.deliveries.is_empty());
    assert_eq!(yard.count("select count(*) from attempt").await, 2);
    assert_eq!(yard.count("select sum(attempts)::int8 from delivery").await, 2);
    assert_eq!(yard.record(&[delivered(&again)]).await.deliveries, [DeliveryId(deliveries[2])]);
}

#[tokio::test]
async fn of_two_leases_of_one_job_in_a_batch_the_newer_counts() {
    let yard = Yard::new().await;
    yard.connect("a", &["*"]).await;
    let delivery = yard.owe(1).await[0];
    let older = yard.lease_one(delivery).await;
    sweep(&yard).await;
    let newer = yard.lease_one(delivery).await;
    let recorded = yard.record(&[delivered(&older), delivered(&newer)]).await;
    assert_eq!(recorded.deliveries, [DeliveryId(delivery)]);
    assert_eq!(yard.count("select count(*) from attempt").await, 1);
}

#[tokio::test]
async fn bodies_that_are_too_long_together_are_read_one_after_the_other() {
    let yard = Yard::new().await;
    let events = yard.publish("post.created", 3).await;
    // As the database counts them: it need not hold so much.
    yard.run("update event set body_bytes = 20 * 1024 * 1024").await;
    let read = fan_out::events_for_delivery(&yard.worker().await, &events).await.unwrap();
    assert_eq!(read.events.iter().map(|it| it.id).collect::<Vec<_>>(), events[..1]);
    assert_eq!(read.later, events[1..]);
    yard.run("update event set body_bytes = 200 * 1024 * 1024").await;
    let read = fan_out::events_for_delivery(&yard.worker().await, &events[2..]).await.unwrap();
    assert_eq!(read.events.len(), 1, "one is read whatever its length");
}

#[tokio::test]
async fn everything_that_waits_for_a_receiver_is_called_off_whatever_it_waits_for() {
    let yard = Yard::new().await;
    let connection = yard.connect("a", &["*"]).await;
    yard.connect("b", &["*"]).await;
    let deliveries = yard.owe(5).await;
    let of_a = yard
        .count(
            "select count(*) from job where lane_id = (select id from connection where name = 'a')",
        )
        .await;
    assert_eq!((deliveries.len(), of_a), (10, 5));
    yard.run("update job set state = 'parked' where subject_id in (select subject_id from job order by subject_id limit 4)").await;
    yard.run("update job set state = 'scheduled' where subject_id in (select subject_id from job order by subject_id desc limit 4)").await;
    let mut admin = yard.role("hookyard_admin").await;
    let tx = admin.begin().await.unwrap();
    assert_eq!(cancel_waiting(&tx, yard.lane(connection), "over").await.unwrap(), 5);
    tx.commit().await.unwrap();
    assert_eq!(yard.jobs().await, 5);
    let cancelled = "select count(*) from delivery where state = 'cancelled' and error = 'over' and receiver_id = (select id from connection where name = 'a')";
    assert_eq!(yard.count(cancelled).await, 5);
}
