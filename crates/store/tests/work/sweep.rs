//! What the sweep claims.

use std::collections::HashSet;

use hookyard_domain::job::{JobKind, READY_GRACE_MS_MAX};
use hookyard_store::jobs::{overdue, wake};
use uuid::Uuid;

use crate::support::Yard;

#[tokio::test]
async fn retries_that_are_due_and_leases_that_ran_out_become_ready() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    yard.add_jobs(4).await;
    yard.run(
        "update job set state = (array['scheduled', 'leased', 'scheduled', 'leased'])[n],
                        lease_owner = case when n % 2 = 0 then gen_random_uuid() end, runs = n,
                        due_at = now() + case when n <= 2 then interval '-1 second' else interval '1 hour' end
           from (select id, row_number() over ()::int as n from job) numbered where job.id = numbered.id",
    )
    .await;
    assert_eq!(wake(&conn).await.unwrap().len(), 2);
    assert_eq!(wake(&conn).await.unwrap().len(), 0, "what was woken has a grace");
    let woken = "select count(*) from job where state = 'ready' and lease_owner is null
                    and due_at between now() + interval '50 seconds' and now() + interval '60 seconds'";
    assert_eq!(yard.count(woken).await, 2);
    // How often it was leased without an end is not forgotten: a poison must be found.
    assert_eq!(yard.count("select max(runs)::int8 from job where state = 'ready'").await, 2);
}

#[tokio::test]
async fn a_job_that_nobody_takes_is_published_again_at_doubling_intervals() {
    let yard = Yard::new().await;
    let conn = yard.worker().await;
    yard.add_jobs(1).await;
    assert!(overdue(&conn, JobKind::Event).await.unwrap().is_empty(), "it has its grace");
    let mut minutes = Vec::new();
    for _ in 0..7 {
        yard.run("update job set due_at = now() - interval '1 second'").await;
        assert!(overdue(&conn, JobKind::Sync).await.unwrap().is_empty());
        assert_eq!(overdue(&conn, JobKind::Event).await.unwrap().len(), 1);
        minutes.push(
            yard.count("select round(extract(epoch from due_at - now()) / 60)::int8 from job")
                .await,
        );
    }
    assert_eq!(minutes, [1, 2, 4, 8, 15, 15, 15]);
    assert_eq!(minutes[6] * 60_000, READY_GRACE_MS_MAX);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_sweepers_share_the_work() {
    const JOBS: usize = 1_700;
    let yard = Yard::new().await;
    yard.add_jobs(JOBS).await;
    yard.run("update job set state = 'scheduled', due_at = now() - interval '1 second'").await;
    let mut sweepers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = yard.worker_store();
        sweepers.spawn(async move {
            let mut claimed: Vec<Uuid> = Vec::new();
            loop {
                let due = wake(&store.conn().await.unwrap()).await.unwrap();
                if due.is_empty() {
                    return claimed;
                }
                claimed.extend(due.iter().map(|due| due.subject));
            }
        });
    }
    let claimed: Vec<Uuid> = sweepers.join_all().await.into_iter().flatten().collect();
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), claimed.len(), "claimed twice");
    // A sweeper that meets only locked rows goes home; the next sweep finds what is left.
    let mut left = 0;
    loop {
        let due = wake(&yard.worker().await).await.unwrap();
        if due.is_empty() {
            break;
        }
        left += due.len();
    }
    assert_eq!(claimed.len() + left, JOBS);
}
