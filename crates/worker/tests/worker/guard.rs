//! The deletion guard.

use hookyard_testkit::gateway::Gateway;
use hookyard_testkit::git::GitRepo;

use crate::support::{active, assert_equals, imported, newest_fate, target};

fn many(repo: &mut GitRepo) {
    for n in 0..60 {
        repo.write(format!("skills/{n}.md"), format!("# {n}\n"));
    }
}

async fn delete(gateway: &Gateway, count: usize) -> String {
    let moved = gateway
        .push(|repo| {
            for n in 0..count {
                repo.remove(format!("skills/{n}.md"));
            }
        })
        .await;
    gateway.idle().await;
    moved.after
}

async fn dead_letters(gateway: &Gateway, which: &str) -> i64 {
    let sql = format!("select count(*) from dead_letter where kind = 'sync' and {which}");
    gateway.db().count(&sql).await
}

#[tokio::test]
async fn mass_deletion_stops_until_an_operator_says_so() {
    let gateway = imported(many).await;
    let head = delete(&gateway, 31).await;
    assert_eq!(newest_fate(&gateway).await, "failed: deletion_guard");
    assert_eq!(target(&gateway).await["status"], "needs_confirmation");
    assert_eq!(active(&gateway).await.len(), 60);
    assert_eq!(dead_letters(&gateway, "settled_at is null").await, 1);
    let id = gateway.seeds().target.clone();
    gateway.admin().json(&["connector", "target", "resync", &id]).await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "failed: deletion_guard");
    gateway.admin().json(&["connector", "target", "resync", &id, "--allow-deletions"]).await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_eq!(target(&gateway).await["status"], "active");
    assert_equals(&gateway, &head).await;
    assert_eq!(dead_letters(&gateway, "settled_how = 'overtaken'").await, 2);
    assert_eq!(dead_letters(&gateway, "settled_at is null").await, 0);
    gateway.finish().await;
}

#[tokio::test]
async fn half_of_the_objects_may_go() {
    let gateway = imported(many).await;
    let head = delete(&gateway, 30).await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &head).await;
    gateway.finish().await;
}

#[tokio::test]
async fn the_files_coming_back_end_the_guard() {
    let gateway = imported(many).await;
    delete(&gateway, 40).await;
    assert_eq!(target(&gateway).await["status"], "needs_confirmation");
    let moved = gateway.push(many).await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_eq!(target(&gateway).await["status"], "active");
    assert_equals(&gateway, &moved.after).await;
    assert_eq!(gateway.db().count("select count(*) from tombstone").await, 0);
    gateway.finish().await;
}
