//! Whatever happens to a branch, and however the world hears of it: once all is quiet, the objects equal its head.
//!
//! A run goes on and on from where it is: each round moves the branch some times, with deliveries late, doubled and
//! reordered and GitHub failing at random, and then waits, without any help, until no job is left.
//!
//! Two things are left out on purpose. Blobs that GitHub does not have end a sync as `partial`, which is their own
//! test. And no two pushes of a run have the same body: the second would be a replay of the first.

mod history;
mod weather;

use hookyard_testkit::gateway::{Gateway, PATIENCE, Worker, until};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

use crate::support::{MAPPED, active, assert_counts_add_up, no_faults, selected, target, text};
use history::History;
use weather::Weather;

/// Decides everything but the timing.
const SEED: u64 = 1;
/// Rounds of a run: few where nobody asks for more.
const ROUNDS: usize = 6;
const MOVES_MAX: usize = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_quiet_the_objects_equal_the_head_whatever_happened() {
    let seed = wished("HOOKYARD_PROPERTY_SEED").unwrap_or(SEED);
    let rounds = wished("HOOKYARD_PROPERTY_ROUNDS").map_or(ROUNDS, |n| usize::try_from(n).unwrap());
    let worker = Worker::default()
        .env("HOOKYARD_GUARD_PERCENT", "100")
        .env("HOOKYARD_SYNC_ATTEMPTS_MAX", "100")
        .env("HOOKYARD_SYNC_RETRY_MS", "1");
    let first = history::first_files();
    let staged = first.clone();
    let gateway = Gateway::builder()
        .repository(move |repo| history::stage(repo, &staged))
        .worker(worker.clone())
        .worker(worker)
        .start()
        .await;
    gateway.idle().await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut history = History::new(gateway.github().head("main").unwrap(), first);
    for round in 0..rounds {
        eprintln!("seed {seed}, round {round}");
        let weather = Weather::draw(&mut random);
        weather.begin(&gateway).await;
        let mut deliveries = Vec::new();
        for _ in 0..random.random_range(1..=MOVES_MAX) {
            let to = history.step(&mut random, &gateway);
            eprintln!("  {:?}", history.last_step());
            let request = weather.announce(&mut random, to);
            let moved = gateway.github().move_branch("main", request).await.unwrap();
            deliveries.extend(moved.deliveries.into_iter().map(|it| it.delivery_id));
        }
        weather.end(&gateway, &mut random).await;
        deliveries.sort_unstable();
        deliveries.dedup();
        settle(&gateway, &deliveries).await;
        assert_quiet_and_equal(&gateway).await;
    }
    gateway.finish().await;
}

/// Waits until everything has arrived and no job is left.
async fn settle(gateway: &Gateway, deliveries: &[String]) {
    let list = deliveries.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(",");
    let arrived = format!("select count(*) from event where provider_delivery_id in ({list})");
    let wanted = i64::try_from(deliveries.len()).unwrap();
    until("every delivery is recorded once", PATIENCE, async || {
        gateway.db().count(&arrived).await == wanted
    })
    .await;
    no_faults(gateway);
    gateway.idle().await;
}

async fn assert_quiet_and_equal(gateway: &Gateway) {
    let target = target(gateway).await;
    let expected = text(&target, "applied_sha");
    if let Some(head) = gateway.github().head("main") {
        assert_eq!(target["status"], "active", "{target}");
        assert_eq!(expected, head);
    } else {
        assert_eq!(target["status"], "branch_deleted", "{target}");
    }
    assert_eq!(active(gateway).await, selected(gateway, &expected));
    assert_eq!(gateway.db().count("select count(*) from job").await, 0);
    assert_counts_add_up(gateway).await;
    assert_counts_match_trees(gateway, &target).await;
}

/// Every file of the tree is in exactly one of a sync's counts.
async fn assert_counts_match_trees(gateway: &Gateway, target: &Value) {
    let sql = format!(
        "select applied_sha, (created + updated + skipped + failed)::int8 as files from sync_event
          where applied_sha is not null and mapping_revision = {}",
        target["mapping_revision"]
    );
    for sync in gateway.db().rows(&sql).await {
        let tree = selected(gateway, &text(&sync, "applied_sha"));
        assert_eq!(sync["files"].as_u64(), u64::try_from(tree.len()).ok(), "{sync}, {MAPPED:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
fn wished(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}
