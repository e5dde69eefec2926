//! Repositories that go, change their name, or get out of reach, also in the middle of a sync.

use hookyard_testkit::github_sim::{ChangeInstallation, ChangeRepository, RouteKind};
use serde_json::json;

use crate::support::{
    active, assert_equals, counts, faults, newest_fate, no_faults, put, runs, slow, started, target,
};

#[tokio::test]
async fn a_repository_that_is_gone_fails_the_sync_and_keeps_the_objects() {
    let gateway = started().await;
    gateway
        .github()
        .change_repository(ChangeRepository { gone: Some(true), ..ChangeRepository::default() })
        .unwrap();
    gateway.post(gateway.github_push()).await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "failed: repository_gone");
    assert_eq!(target(&gateway).await["status"], "repository_gone");
    assert_eq!(active(&gateway).await.len(), 3);
    let letters = gateway.admin().json(&["dead-letters", "list"]).await;
    assert_eq!(letters["items"][0]["reason"], "repository_gone");
    gateway
        .github()
        .change_repository(ChangeRepository { gone: Some(false), ..ChangeRepository::default() })
        .unwrap();
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    assert_eq!(target(&gateway).await["status"], "active");
    assert_equals(&gateway, &moved.after).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_renamed_repository_is_followed_before_anyone_tells() {
    let gateway = started().await;
    let renamed = ChangeRepository {
        rename: Some("octo-org/abilities".to_owned()),
        ..ChangeRepository::default()
    };
    gateway.github().change_repository(renamed).unwrap();
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &moved.after).await;
    let event = gateway.github_event(
        "repository",
        json!({
            "action": "renamed", "changes": {"repository": {"name": {"from": "skills"}}},
            "repository": {"id": 9001, "full_name": "octo-org/abilities"},
        }),
    );
    assert_eq!(gateway.post(event).await.status, 202);
    gateway.idle().await;
    assert_eq!(target(&gateway).await["repository"], "octo-org/abilities");
    assert_equals(&gateway, &moved.after).await;
    gateway.finish().await;
}

#[tokio::test]
async fn an_installation_suspended_in_the_middle_ends_the_sync_and_changes_nothing() {
    let gateway = started().await;
    let before = active(&gateway).await;
    faults(&gateway, [slow(RouteKind::Blob, 60_000).times(1)]);
    put(&gateway, "agents/two.md", "# Two\n").await;
    runs(&gateway).await;
    gateway
        .github()
        .change_installation(ChangeInstallation { suspended: Some(true), deleted: None });
    let suspended = gateway.github_event("installation", json!({"action": "suspend"}));
    assert_eq!(gateway.post(suspended).await.status, 202);
    counts(&gateway, "select count(*) from connector_account where status = 'suspended'", 1).await;
    no_faults(&gateway);
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "ignored: installation_suspended");
    assert_eq!(active(&gateway).await, before);

    gateway
        .github()
        .change_installation(ChangeInstallation { suspended: Some(false), deleted: None });
    let back = gateway.github_event("installation", json!({"action": "unsuspend"}));
    assert_eq!(gateway.post(back).await.status, 202);
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &gateway.github().head("main").unwrap()).await;
    gateway.finish().await;
}

#[tokio::test]
async fn an_account_disconnected_in_the_middle_fences_the_sync() {
    let gateway = started().await;
    faults(&gateway, [slow(RouteKind::Blob, 60_000).times(1)]);
    put(&gateway, "agents/two.md", "# Two\n").await;
    runs(&gateway).await;
    let account = gateway.seeds().account.clone();
    let deleted = gateway.github_event("installation", json!({"action": "deleted"}));
    assert_eq!(gateway.post(deleted).await.status, 202);
    counts(&gateway, "select count(*) from connector_account where status = 'disconnected'", 1)
        .await;
    no_faults(&gateway);
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "ignored: disconnected");
    let listed = gateway.admin().json(&["connector", "account", "show", &account]).await;
    assert_eq!(listed["status"], "disconnected");
    assert_eq!(
        active(&gateway).await.len(),
        3,
        "the objects stay until an operator wants them gone"
    );
    // What comes through a disconnected installation is recorded and changes nothing.
    let answer = gateway.post(gateway.github_push()).await;
    assert_eq!((answer.status, answer.text("reason").as_str()), (200, "event ignored"));
    gateway.finish().await;
}
