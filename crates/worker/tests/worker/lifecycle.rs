//! The rows of the event table that the worker acts on.

use hookyard_testkit::gateway::{Gateway, REPOSITORY, REPOSITORY_ID};
use serde_json::{Value, json};

use crate::support::{active, newest_sync, put, started, target, text};

async fn send(gateway: &Gateway, event: &str, payload: Value) {
    let answer = gateway.post(gateway.github_event(event, payload)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    gateway.idle().await;
}

fn repository() -> Value {
    json!({"id": REPOSITORY_ID, "full_name": REPOSITORY, "default_branch": "main"})
}

#[tokio::test]
async fn installation_events_move_the_account() {
    let gateway = started().await;
    for (action, status) in
        [("suspend", "suspended"), ("unsuspend", "active"), ("deleted", "disconnected")]
    {
        send(&gateway, "installation", json!({"action": action})).await;
        let account = gateway.db().row("select status from connector_account").await;
        assert_eq!(account["status"], status, "after {action}");
    }
    assert_eq!(active(&gateway).await.len(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn a_late_unsuspend_does_not_revive_what_was_disconnected() {
    let gateway = started().await;
    send(&gateway, "installation", json!({"action": "deleted"})).await;
    send(&gateway, "installation", json!({"action": "unsuspend"})).await;
    let account = gateway.db().row("select status from connector_account").await;
    assert_eq!(account["status"], "disconnected");
    gateway.finish().await;
}

#[tokio::test]
async fn repositories_leave_and_come_back() {
    let gateway = started().await;
    let list = json!([{"id": REPOSITORY_ID, "full_name": REPOSITORY}]);
    let removed =
        json!({"action": "removed", "repositories_removed": list, "repositories_added": []});
    send(&gateway, "installation_repositories", removed).await;
    assert_eq!(target(&gateway).await["status"], "repository_removed");
    assert_eq!(active(&gateway).await.len(), 3);
    let told = newest_sync(&gateway).await;
    assert_eq!(text(&told, "trigger"), "installation_repositories");
    assert_eq!(gateway.post(gateway.github_push()).await.status, 200);
    let added = json!({"action": "added", "repositories_removed": [], "repositories_added": list});
    send(&gateway, "installation_repositories", added).await;
    assert_eq!(target(&gateway).await["status"], "active");
    let back = newest_sync(&gateway).await;
    assert_eq!(
        (text(&back, "trigger").as_str(), text(&back, "status").as_str()),
        ("connected", "completed")
    );
    gateway.finish().await;
}

#[tokio::test]
async fn a_selection_that_names_nobody_makes_every_target_look() {
    let gateway = started().await;
    let payload = json!({
        "action": "removed", "repository_selection": "selected", "repositories_removed": [], "repositories_added": [],
    });
    send(&gateway, "installation_repositories", payload).await;
    let sync = newest_sync(&gateway).await;
    assert_eq!(
        (text(&sync, "trigger").as_str(), text(&sync, "status").as_str()),
        ("manual_resync", "completed")
    );
    assert_eq!(target(&gateway).await["status"], "active");
    gateway.finish().await;
}

#[tokio::test]
async fn repository_events_are_recorded_on_the_target() {
    let gateway = started().await;
    let of = |action: &str| json!({"action": action, "repository": repository()});
    send(&gateway, "repository", of("archived")).await;
    assert_eq!(target(&gateway).await["archived"], true);
    send(&gateway, "repository", of("unarchived")).await;
    assert_eq!(target(&gateway).await["archived"], false);
    let edited = json!({
        "action": "edited", "changes": {"default_branch": {"from": "main"}},
        "repository": {"id": REPOSITORY_ID, "full_name": REPOSITORY, "default_branch": "trunk"},
    });
    send(&gateway, "repository", edited).await;
    assert_eq!(target(&gateway).await["default_branch"], "trunk");
    let transferred = json!({"action": "transferred", "repository": {"id": REPOSITORY_ID, "full_name": "new-org/skills"}});
    gateway
        .github()
        .change_repository(hookyard_testkit::github_sim::ChangeRepository {
            rename: Some("new-org/skills".to_owned()),
            ..Default::default()
        })
        .unwrap();
    send(&gateway, "repository", transferred).await;
    assert_eq!(target(&gateway).await["repository"], "new-org/skills");
    send(&gateway, "repository", of("deleted")).await;
    assert_eq!(target(&gateway).await["status"], "repository_gone");
    assert_eq!(active(&gateway).await.len(), 3);
    let recorded =
        "select count(*) from sync_event where trigger = 'repository' and reason = 'recorded'";
    assert_eq!(gateway.db().count(recorded).await, 5);
    gateway.finish().await;
}

#[tokio::test]
async fn an_event_of_an_unknown_installation_is_recorded_as_not_connected() {
    let gateway = started().await;
    let payload = json!({"action": "suspend", "installation": {"id": 77}});
    send(&gateway, "installation", payload).await;
    let event = gateway.db().row("select outcome, reason from event").await;
    assert_eq!(event, json!({"outcome": "ignored", "reason": "not_connected"}));
    let account = gateway.db().row("select status from connector_account").await;
    assert_eq!(account["status"], "active");
    gateway.finish().await;
}

#[tokio::test]
async fn an_event_belongs_to_the_workspaces_that_it_concerns() {
    let gateway = started().await;
    put(&gateway, "agents/two.md", "# Two\n").await;
    send(&gateway, "installation", json!({"action": "suspend"})).await;
    let foreign = json!({"action": "suspend", "installation": {"id": 77}});
    send(&gateway, "installation", foreign).await;
    assert_eq!(gateway.db().count("select count(*) from event").await, 3);
    assert_eq!(gateway.db().count("select count(*) from event_workspace").await, 2);
    gateway.finish().await;
}

#[tokio::test]
async fn a_redelivered_push_that_was_ignored_is_done_once_it_is_tracked() {
    let gateway = started().await;
    let target = gateway.seeds().target.clone();
    gateway.admin().json(&["connector", "target", "disable", &target]).await;
    let push = gateway.github_push();
    assert_eq!(gateway.post(&push).await.status, 200);
    gateway.admin().json(&["connector", "target", "enable", &target]).await;
    assert_eq!(gateway.post(&push).await.status, 202);
    gateway.idle().await;
    let event = gateway.db().row("select outcome, reason from event").await;
    assert_eq!(event, json!({"outcome": null, "reason": null}));
    assert_eq!(
        gateway.db().count("select count(*) from sync_event where trigger = 'push'").await,
        1
    );
    assert_eq!(gateway.post(&push).await.status, 200);
    gateway.finish().await;
}
