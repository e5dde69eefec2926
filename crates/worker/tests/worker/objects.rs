//! Files become objects: created, versioned, deleted, and back as another.

use hookyard_testkit::github_sim::RouteKind;
use serde_json::json;

use crate::support::{
    active, assert_counts_add_up, assert_equals, fate, newest_fate, newest_files, newest_sync, put,
    remove, requests, started, target, text,
};

#[tokio::test]
async fn a_push_becomes_objects_versions_bindings_and_tombstones() {
    let gateway = started().await;
    let moved = gateway
        .push(|repo| {
            repo.write("skills/new/SKILL.md", "# New\n")
                .write("agents/helper.md", "# Helper, better\n")
                .remove("commands/ship.md")
                .write("README.md", "not mapped\n");
        })
        .await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    let sync = newest_sync(&gateway).await;
    assert_eq!(fate(&sync), "completed");
    assert_eq!(text(&sync, "announced_sha"), moved.after);
    assert_eq!(text(&sync, "applied_sha"), moved.after);
    assert_eq!(
        [&sync["created"], &sync["updated"], &sync["deleted"], &sync["skipped"], &sync["failed"]],
        [&json!(1), &json!(1), &json!(1), &json!(1), &json!(0)]
    );
    assert_eq!(
        newest_files(&gateway).await,
        ["agents/helper.md updated", "commands/ship.md deleted", "skills/new/SKILL.md created"]
    );
    let stone = gateway.db().row("select path from tombstone").await;
    assert_eq!(text(&stone, "path"), "commands/ship.md");
    let versions = "select count(*) from config_object_version";
    assert_eq!(gateway.db().count(versions).await, 3 + 3);
    let open = "select count(*) from source_binding where closed_at is null";
    assert_eq!(gateway.db().count(open).await, 3);
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn an_admin_sees_what_became_of_the_push() {
    let gateway = started().await;
    let moved = put(&gateway, "skills/new/SKILL.md", "# New\n").await;
    gateway.idle().await;
    let delivery = moved.deliveries[0].delivery_id.as_str();
    let found = gateway.admin().json(&["sync-events", "list", "--q", delivery]).await;
    let id = text(&found["items"][0], "id");
    let shown = gateway.admin().json(&["sync-events", "show", &id]).await;
    assert_eq!(shown["status"], "completed");
    assert_eq!(shown["deliveryId"], delivery);
    assert_eq!(shown["counts"]["created"], 1);
    assert_eq!(shown["files"][0]["path"], "skills/new/SKILL.md");
    assert_eq!(shown["appliedSha"], moved.after);
    gateway.finish().await;
}

#[tokio::test]
async fn one_changed_file_costs_one_blob_and_an_unchanged_tree_none() {
    let gateway = started().await;
    let before = requests(&gateway, RouteKind::Blob);
    put(&gateway, "agents/helper.md", "# Helper, better\n").await;
    gateway.idle().await;
    assert_eq!(requests(&gateway, RouteKind::Blob), before + 1);
    let total = gateway.github().requests_total();
    let target = &gateway.seeds().target;
    gateway.admin().json(&["connector", "target", "resync", target]).await;
    gateway.idle().await;
    assert_eq!(requests(&gateway, RouteKind::Blob), before + 1);
    assert!(gateway.github().requests_total() - total <= 3);
    let sync = newest_sync(&gateway).await;
    assert_eq!((fate(&sync), &sync["skipped"]), ("completed".to_owned(), &json!(3)));
    gateway.finish().await;
}

#[tokio::test]
async fn content_that_was_seen_before_is_never_fetched_again() {
    let gateway = started().await;
    let helper = "---\nname: helper\ndescription: Helps\n---\nBe kind.\n";
    let before = requests(&gateway, RouteKind::Blob);
    let moved = gateway
        .push(|repo| {
            repo.remove("agents/helper.md").write("agents/renamed.md", helper);
            repo.write("agents/copy.md", helper);
        })
        .await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    assert_eq!(requests(&gateway, RouteKind::Blob), before);
    gateway.finish().await;
}

#[tokio::test]
async fn a_file_back_at_a_tombstoned_path_is_a_new_object() {
    let gateway = started().await;
    let content = "---\ndescription: Ships it\n---\nRun the tests first.\n";
    remove(&gateway, "commands/ship.md").await;
    gateway.idle().await;
    let moved = put(&gateway, "commands/ship.md", content).await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    let identities = gateway
        .db()
        .rows("select status from config_object where path = 'commands/ship.md' order by id")
        .await;
    assert_eq!(identities, [json!({"status": "deleted"}), json!({"status": "active"})]);
    assert_eq!(gateway.db().count("select count(*) from tombstone").await, 1);
    gateway.finish().await;
}

#[tokio::test]
async fn there_and_back_again_ends_where_it_began() {
    let gateway = started().await;
    let first = gateway.github().head("main").unwrap();
    put(&gateway, "agents/helper.md", "another\n").await;
    gateway.repo().reset(&first).unwrap();
    let back = hookyard_testkit::github_sim::MoveBranch::to(first.as_str());
    gateway.github().move_branch("main", back).await.unwrap();
    gateway.idle().await;
    assert_equals(&gateway, &first).await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_eq!(text(&target(&gateway).await, "applied_sha"), first);
    assert_eq!(active(&gateway).await.len(), 3);
    gateway.finish().await;
}
