//! Events that are routed together: in order, each once, and none at another's cost.

use hookyard_testkit::gateway::{Gateway, REPOSITORY, REPOSITORY_ID, Worker, sample};
use serde_json::json;

use crate::support::{builder, counts, target, text};

/// A repository that nobody reads, with a target of its own.
const OTHER_ID: i64 = 9_200;
const FLOOD: usize = 60;

/// Tells of a repository's new default branch.
async fn tell(gateway: &Gateway, id: i64, branch: &str) {
    let event = json!({
        "action": "edited", "changes": {"default_branch": {"from": "main"}},
        "repository": {"id": id, "full_name": REPOSITORY, "default_branch": branch},
    });
    let answer = gateway.post(gateway.github_event("repository", event)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

/// What was recorded of repositories, in order.
async fn told(gateway: &Gateway) -> Vec<String> {
    let sql = "select error from sync_event where trigger = 'repository' order by seq";
    gateway.db().rows(sql).await.iter().map(|row| text(row, "error")).collect()
}

async fn add_other_target(gateway: &Gateway) {
    let instance = gateway.seeds().instance.as_str();
    let args = ["connector", "target", "add", "--instance", instance, "--branch", "main"];
    let id = OTHER_ID.to_string();
    let named = ["--repository", "octo-org/other", "--repository-id", &id];
    gateway.admin().create(&[&args[..], &named].concat()).await;
}

#[tokio::test]
async fn a_flood_is_routed_in_order_and_each_event_is_recorded_once() {
    let one_at_a_time = Worker::default().env("HOOKYARD_EVENTS_CONCURRENCY", "1");
    let gateway = Gateway::builder().repository(sample).worker(one_at_a_time).start().await;
    gateway.idle().await;
    gateway.worker(0).stop().await;
    let branches: Vec<String> = (0..FLOOD).map(|n| format!("branch-{n}")).collect();
    for branch in &branches {
        tell(&gateway, REPOSITORY_ID, branch).await;
    }
    gateway.worker(0).start().await;
    gateway.idle().await;
    let expected: Vec<String> =
        branches.iter().map(|branch| format!("default branch is now {branch}")).collect();
    assert_eq!(told(&gateway).await, expected);
    assert_eq!(target(&gateway).await["default_branch"], branches[FLOOD - 1].as_str());
    let concerned = "select count(*) from event_workspace";
    assert_eq!(gateway.db().count(concerned).await, i64::try_from(FLOOD).unwrap());
    gateway.finish().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_routed_fails_none_of_its_neighbours() {
    let gateway = builder().may_leave_jobs().start().await;
    gateway.idle().await;
    let refuse = "alter table sync_event add check (error not like '%poison')";
    gateway.db().execute(refuse).await;
    gateway.worker(0).stop().await;
    for branch in ["one", "poison", "two", "three"] {
        tell(&gateway, REPOSITORY_ID, branch).await;
    }
    gateway.worker(0).start().await;
    counts(&gateway, "select count(*) from job where kind = 'event'", 1).await;
    let mut told = told(&gateway).await;
    told.sort_unstable();
    assert_eq!(told, ["one", "three", "two"].map(|it| format!("default branch is now {it}")));
    gateway.finish().await;
}

#[tokio::test]
async fn an_event_waits_for_a_busy_target_and_others_do_not() {
    let gateway = builder().start().await;
    add_other_target(&gateway).await;
    gateway.idle().await;
    let elsewhere = gateway.db_as("hookyard_admin");
    elsewhere
        .execute(&format!(
            "begin; select id from connector_target where repository_id = {REPOSITORY_ID} for update"
        ))
        .await;
    gateway.worker(0).stop().await;
    tell(&gateway, REPOSITORY_ID, "busy").await;
    tell(&gateway, OTHER_ID, "free").await;
    gateway.worker(0).start().await;
    counts(&gateway, "select count(*) from job where kind = 'event'", 1).await;
    assert_eq!(told(&gateway).await, ["default branch is now free"]);
    elsewhere.execute("commit").await;
    gateway.idle().await;
    assert_eq!(told(&gateway).await.len(), 2);
    gateway.finish().await;
}
