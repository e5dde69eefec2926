//! Large repositories, and answers that do not tell everything.

use hookyard_testkit::gateway::{Gateway, Worker, sample};
use hookyard_testkit::github_sim::{Fault, FaultKind, RouteKind};

use crate::support::{
    active, assert_equals, builder, faults, imported, newest_fate, requests, started, target,
};

#[tokio::test]
async fn a_truncated_tree_is_walked_and_nothing_is_taken_for_deleted() {
    let gateway = started().await;
    faults(&gateway, [Fault::new(RouteKind::Tree, FaultKind::Truncated).times(2)]);
    let moved = gateway
        .push(|repo| {
            for n in 0..40 {
                repo.write(format!("skills/{n}/deep/er/SKILL.md"), format!("# {n}\n"));
            }
        })
        .await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &moved.after).await;
    assert_eq!(gateway.db().count("select count(*) from tombstone").await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn of_a_hundred_thousand_files_only_the_mapped_ones_are_read() {
    let gateway = imported(|repo| {
        sample(repo);
        for n in 0..100_000 {
            repo.write(format!("data/{}/{}/{n}.txt", n % 97, n % 31), "same\n");
        }
    })
    .await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_eq!(active(&gateway).await.len(), 3);
    assert_eq!(requests(&gateway, RouteKind::Blob), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn more_mapped_files_than_the_limit_fail_the_sync_and_change_nothing() {
    let gateway = Gateway::builder()
        .repository(sample)
        .worker(Worker::default().env("HOOKYARD_FILES_MAX", "5"))
        .start()
        .await;
    gateway.idle().await;
    gateway
        .push(|repo| {
            for n in 0..6 {
                repo.write(format!("skills/{n}.md"), "# x\n");
            }
        })
        .await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "failed: too_many_files");
    assert_eq!(active(&gateway).await.len(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn an_empty_tree_is_a_tree() {
    let gateway = started().await;
    let moved = gateway
        .push(|repo| {
            for path in ["skills", "agents", "commands", "README.md"] {
                repo.remove(path);
            }
        })
        .await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert!(active(&gateway).await.is_empty());
    assert_eq!(target(&gateway).await["applied_sha"], moved.after);
    gateway.finish().await;
}

#[tokio::test]
async fn the_first_import_of_many_files_needs_one_request_each_and_one_transaction() {
    let gateway = builder()
        .repository(|repo| {
            for n in 0..600 {
                repo.write(format!("skills/{n}/SKILL.md"), format!("# Skill {n}\n"));
            }
        })
        .start()
        .await;
    gateway.idle().await;
    assert_eq!(requests(&gateway, RouteKind::Blob), 600);
    let sizes = "select count(distinct created_at) from config_object";
    assert_eq!(gateway.db().count(sizes).await, 1, "all of them appeared at once");
    gateway.finish().await;
}
