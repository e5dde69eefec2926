//! Workers that start syncs of one target at once, while pushes go on arriving.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hookyard_domain::job::JobKind;
use hookyard_domain::sync_event::SyncReason;
use hookyard_store::job_list;
use hookyard_store::jobs::{Ended, lease_waiting, wake};
use hookyard_store::sync_events::{End, Spent, Start, end, park, retry, start};
use uuid::Uuid;

use crate::support::{GRACE_MS, PARSER, Yard, sha};

const WORKERS: usize = 4;
const PUSHES: u8 = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sync_of_a_target_runs_at_a_time_and_the_last_push_is_never_forgotten() {
    let mut yard = Yard::new().await;
    let committer = yard.committer().await;
    let pushes: Vec<_> = (0..PUSHES).map(|n| yard.push(&sha(char::from(b'a' + n % 6)))).collect();
    let arriving = Arc::new(AtomicBool::new(true));
    let pushed = async {
        for push in pushes {
            committer.record(&[push], GRACE_MS).await.unwrap();
        }
        arriving.store(false, Ordering::Release);
    };
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..WORKERS {
        let store = yard.worker_store();
        let arriving = Arc::clone(&arriving);
        workers.spawn(async move {
            let mut runs = 0;
            loop {
                // In this order: what the last push left to do is there when no push arrives any more.
                let over = !arriving.load(Ordering::Acquire);
                let mut conn = store.conn().await.unwrap();
                wake(&conn).await.unwrap();
                let leases = lease_waiting(&conn, JobKind::Sync, Uuid::now_v7(), 1).await.unwrap();
                let Some(lease) = leases.first() else {
                    // A sync that waited for one that runs no more would be open longer than anybody waits.
                    if over && job_list::counts(&conn).await.unwrap().is_empty() {
                        return runs;
                    }
                    tokio::task::yield_now().await;
                    continue;
                };
                // A second running sync of the target would break a unique index and fail here.
                if let Start::Run(work) = start(&mut conn, lease, PARSER).await.unwrap() {
                    runs += 1;
                    let how = End::Ignored {
                        reason: SyncReason::BranchDeleted,
                        target: None,
                        recheck_ms: None,
                    };
                    let ended = match runs % 3 {
                        0 => end(&mut conn, lease, &work, &how, 0).await.unwrap(),
                        1 => park(&mut conn, lease, &work, 1, Spent::default()).await.unwrap(),
                        _ => retry(&mut conn, lease, &work, 1, "in passing", Spent::default())
                            .await
                            .unwrap(),
                    };
                    assert_eq!(ended, Ended::Held);
                }
            }
        });
    }
    pushed.await;
    let runs: usize = workers.join_all().await.into_iter().sum();
    assert!(runs > 0);
    let left =
        yard.count("select count(*) from sync_event where status in ('queued', 'running')").await;
    assert_eq!(left, 0, "a sync without a job is unfinished");
    let newest = "select status from sync_event order by seq desc limit 1";
    let reason = "select coalesce(reason, '') from sync_event order by seq desc limit 1";
    assert_ne!(yard.text(reason).await.unwrap(), "superseded", "{:?}", yard.text(newest).await);
}
