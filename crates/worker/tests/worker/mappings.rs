//! What an operator changes, and asks for.

use serde_json::json;

use crate::support::{
    active, assert_counts_add_up, newest_fate, newest_files, newest_sync, put, started, text,
};

#[tokio::test]
async fn a_new_mapping_brings_its_files_in_at_the_same_commit() {
    let gateway = started().await;
    let target = gateway.seeds().target.clone();
    let args = [
        "connector",
        "mapping",
        "add",
        "--target",
        &target,
        "--selector",
        "*.md",
        "--object-type",
        "file",
    ];
    gateway.admin().json(&args).await;
    gateway.idle().await;
    assert_eq!(newest_files(&gateway).await, ["README.md created"]);
    assert_eq!(active(&gateway).await.len(), 4);
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_removed_mapping_deletes_what_nothing_else_selects() {
    let gateway = started().await;
    let listed = gateway.admin().json(&["connector", "mapping", "list"]).await;
    let agents = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["selector"] == "agents/**")
        .unwrap();
    gateway.admin().json(&["connector", "mapping", "remove", &text(agents, "id")]).await;
    gateway.idle().await;
    assert_eq!(newest_files(&gateway).await, ["agents/helper.md deleted"]);
    assert_eq!(active(&gateway).await.len(), 2);
    gateway.finish().await;
}

#[tokio::test]
async fn a_path_that_becomes_another_type_is_another_object() {
    let gateway = started().await;
    let listed = gateway.admin().json(&["connector", "mapping", "list"]).await;
    let agents = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["selector"] == "agents/**")
        .unwrap();
    gateway.admin().json(&["connector", "mapping", "remove", &text(agents, "id")]).await;
    let target = gateway.seeds().target.clone();
    let args = [
        "connector",
        "mapping",
        "add",
        "--target",
        &target,
        "--selector",
        "agents/**",
        "--object-type",
        "file",
    ];
    gateway.admin().json(&args).await;
    gateway.idle().await;
    let object =
        gateway.db().row("select object_type from config_object where path like 'agents/%' and status = 'active'").await;
    assert_eq!(object["object_type"], "file");
    let old =
        gateway.db().row("select status from config_object where object_type = 'agent'").await;
    assert_eq!(old["status"], "deleted");
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_resync_reads_the_tree_though_nothing_seems_new() {
    let gateway = started().await;
    // As if somebody had lost an object.
    gateway
        .db()
        .execute(
            "update source_binding set closed_at = now() where path = 'agents/helper.md';
             update config_object set status = 'deleted' where path = 'agents/helper.md'",
        )
        .await;
    gateway.admin().json(&["connector", "target", "resync", &gateway.seeds().target]).await;
    gateway.idle().await;
    assert_eq!(newest_files(&gateway).await, ["agents/helper.md created"]);
    assert_eq!(active(&gateway).await.len(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn a_retry_is_a_new_sync_event_of_the_same_event() {
    let gateway = started().await;
    put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    let listed = gateway.admin().json(&["sync-events", "list", "--limit", "1"]).await;
    let id = text(&listed["items"][0], "id");
    let queued = gateway.admin().json(&["sync-events", "retry", &id]).await;
    assert_ne!(text(&queued, "id"), id);
    gateway.idle().await;
    let sync = newest_sync(&gateway).await;
    assert_eq!((text(&sync, "trigger").as_str(), &sync["skipped"]), ("retry", &json!(4)));
    let of_one_event = "select count(*) from sync_event where event_id = (select id from event)";
    assert_eq!(gateway.db().count(of_one_event).await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn a_disabled_target_is_left_alone() {
    let gateway = started().await;
    let target = gateway.seeds().target.clone();
    gateway.admin().json(&["connector", "target", "disable", &target]).await;
    let answer = gateway.post(gateway.github_push()).await;
    assert_eq!((answer.status, answer.text("reason").as_str()), (200, "event ignored"));
    gateway.admin().json(&["connector", "target", "enable", &target]).await;
    put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    gateway.finish().await;
}
