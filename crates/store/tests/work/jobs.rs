//! Leases: held by one, fenced when lost, counted.

use std::collections::HashSet;

use hookyard_domain::job::JobKind;
use hookyard_store::jobs::{
    Ended, Lease, finish, lease, lease_waiting, lock, mark_due, park, renew, unknown_subjects, wake,
};
use hookyard_store::{Conn, Db as _};
use uuid::Uuid;

use crate::support::Yard;

async fn lease_one(conn: &Conn, subject: Uuid) -> Option<Lease> {
    let leases = lease(conn, JobKind::Event, &[subject], Uuid::now_v7()).await.unwrap();
    leases.first().copied()
}

const EXPIRE: &str = "update job set due_at = now() - interval '1 second'";

#[tokio::test]
async fn a_job_is_leased_once_and_finished_once() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    let subject = yard.add_jobs(1).await[0];
    let held = lease_one(&conn, subject).await.unwrap();
    assert_eq!((held.subject, held.runs), (subject, 1));
    assert_eq!(lease_one(&conn, subject).await, None);
    assert_eq!(finish(&conn, &held).await.unwrap(), Ended::Held);
    assert_eq!(finish(&conn, &held).await.unwrap(), Ended::Fenced);
    assert_eq!(yard.jobs().await, 0);
}

#[tokio::test]
async fn a_message_of_another_kind_leases_nothing() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    let subject = yard.add_jobs(1).await[0];
    let leases = lease(&conn, JobKind::Sync, &[subject], Uuid::now_v7()).await.unwrap();
    assert!(leases.is_empty());
    assert!(lease_one(&conn, Uuid::now_v7()).await.is_none());
}

#[tokio::test]
async fn a_worker_frozen_past_its_lease_is_fenced_everywhere() {
    let yard = Yard::new().await;
    let mut conn = yard.worker().await;
    let subject = yard.add_jobs(1).await[0];
    let frozen = lease_one(&conn, subject).await.unwrap();
    yard.run(EXPIRE).await;
    let next = lease_one(&conn, subject).await.expect("a lease that ran out can be had");
    assert_eq!((next.runs, next.epoch), (2, frozen.epoch + 1));
    assert_eq!(renew(&conn, &frozen).await.unwrap(), Ended::Fenced);
    assert_eq!(park(&conn, &frozen, 10).await.unwrap(), Ended::Fenced);
    assert_eq!(finish(&conn, &frozen).await.unwrap(), Ended::Fenced);
    let tx = conn.begin().await.unwrap();
    assert_eq!(lock(&tx, &frozen).await.unwrap(), Ended::Fenced);
    assert_eq!(lock(&tx, &next).await.unwrap(), Ended::Held);
}

#[tokio::test]
async fn a_renewed_lease_is_nobody_elses() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    let subject = yard.add_jobs(1).await[0];
    let held = lease_one(&conn, subject).await.unwrap();
    yard.run("update job set due_at = now() + interval '1 second'").await;
    assert_eq!(renew(&conn, &held).await.unwrap(), Ended::Held);
    let left = "select count(*) from job where due_at > now() + interval '50 seconds'";
    assert_eq!(yard.count(left).await, 1);
    assert!(wake(&conn).await.unwrap().is_empty());
}

#[tokio::test]
async fn cancelled_work_fences_its_worker() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    let subject = yard.add_jobs(1).await[0];
    let held = lease_one(&conn, subject).await.unwrap();
    yard.run("delete from job").await;
    assert_eq!(renew(&conn, &held).await.unwrap(), Ended::Fenced);
}

#[tokio::test]
async fn runs_count_leases_since_the_last_orderly_end() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    let subject = yard.add_jobs(1).await[0];
    for runs in 1..=6 {
        assert_eq!(lease_one(&conn, subject).await.unwrap().runs, runs);
        yard.run(EXPIRE).await;
    }
    let held = lease_one(&conn, subject).await.unwrap();
    assert_eq!(park(&conn, &held, 3_600_000).await.unwrap(), Ended::Held);
    assert!(lease_one(&conn, subject).await.is_none(), "parked work is nobody's before its time");
    yard.run(EXPIRE).await;
    let held = lease_one(&conn, subject).await.unwrap();
    assert_eq!(held.runs, 1, "parking was an orderly end");
}

#[tokio::test]
async fn without_the_broker_the_oldest_work_is_leased_from_the_table() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    let subjects = yard.add_jobs(5).await;
    let oldest = "update job set due_at = now() - interval '1 hour' where subject_id = $1";
    yard.owner().await.execute(oldest, &[&subjects[3]]).await.unwrap();
    let first = lease_waiting(&conn, JobKind::Event, Uuid::now_v7(), 1).await.unwrap();
    assert_eq!(first[0].subject, subjects[3]);
    let rest = lease_waiting(&conn, JobKind::Event, Uuid::now_v7(), 100).await.unwrap();
    assert_eq!(rest.len(), 4);
    assert!(lease_waiting(&conn, JobKind::Sync, Uuid::now_v7(), 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_waiting_jobs_are_marked_due() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    let subjects = yard.add_jobs(2).await;
    let held = lease_one(&conn, subjects[0]).await.unwrap();
    assert_eq!(mark_due(&conn, JobKind::Event, &subjects).await.unwrap(), 1);
    assert_eq!(renew(&conn, &held).await.unwrap(), Ended::Held);
    assert_eq!(yard.count("select count(*) from job where due_at <= now()").await, 1);
}

#[tokio::test]
async fn a_pointer_to_nothing_is_known_as_such() {
    let mut yard = Yard::new().await;
    let sync = yard.queue_push("a").await;
    let conn = yard.worker().await;
    let subjects = [sync.0, Uuid::now_v7()];
    assert_eq!(unknown_subjects(&conn, &subjects).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_lease_at_once_never_both_hold_a_job() {
    const WORKERS: usize = 6;
    const JOBS: usize = 400;
    let yard = Yard::new().await;
    let subjects = yard.add_jobs(JOBS).await;
    let mut workers = tokio::task::JoinSet::new();
    for number in 0..WORKERS {
        let (store, mut subjects) = (yard.worker_store(), subjects.clone());
        // Each asks in an order of its own, by message or straight from the table.
        subjects.rotate_left(number * JOBS / WORKERS);
        workers.spawn(async move {
            let mut held = Vec::new();
            for asked in subjects.chunks(37) {
                let conn = store.conn().await.unwrap();
                let owner = Uuid::now_v7();
                held.extend(match number % 3 {
                    0 => lease_waiting(&conn, JobKind::Event, owner, 11).await.unwrap(),
                    _ => lease(&conn, JobKind::Event, asked, owner).await.unwrap(),
                });
            }
            held
        });
    }
    let held: Vec<Lease> = workers.join_all().await.into_iter().flatten().collect();
    let distinct: HashSet<Uuid> = held.iter().map(|lease| lease.subject).collect();
    assert_eq!(held.len(), distinct.len(), "a job was leased twice");
    assert!(held.iter().all(|lease| lease.runs == 1));
    let leased = "select count(*) from job where state = 'leased' and runs = 1";
    assert_eq!(yard.count(leased).await, i64::try_from(held.len()).unwrap());
}
