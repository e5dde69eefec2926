//! Plugins that are new in a repository.

use hookyard_testkit::gateway::{Gateway, PATIENCE, until};
use hookyard_testkit::git::GitRepo;
use hookyard_testkit::github_sim::{Fault, RouteKind};

use crate::support::{
    active, assert_counts_add_up, faults, imported, newest_fate, newest_files, newest_sync, put,
    requests, runs, slow, target, text,
};

const MANIFEST: &str = ".claude-plugin/plugin.json";

fn plugin(repo: &mut GitRepo, name: &str) {
    repo.write(format!("{name}/{MANIFEST}"), format!(r#"{{"name": "{name}"}}"#))
        .write(format!("{name}/skills/one/SKILL.md"), format!("# Of {name}\n"))
        .write(format!("{name}/commands/go.md"), "Go.\n");
}

/// A repository of one plugin, which the mappings do not select.
async fn one_plugin() -> Gateway {
    imported(|repo| plugin(repo, "a")).await
}

async fn push_plugin(gateway: &Gateway, name: &'static str) {
    gateway.push(|repo| plugin(repo, name)).await;
    gateway.idle().await;
}

async fn switch(gateway: &Gateway, to: &str) {
    let instance = gateway.seeds().instance.clone();
    gateway.admin().json(&["connector", "instance", "auto-import", &instance, to]).await;
}

#[tokio::test]
async fn a_new_plugin_comes_with_the_push_that_adds_it() {
    let gateway = one_plugin().await;
    switch(&gateway, "on").await;
    push_plugin(&gateway, "b").await;
    let all = [
        "a/commands/go.md created",
        "a/skills/one/SKILL.md created",
        "b/commands/go.md created",
        "b/skills/one/SKILL.md created",
    ];
    assert_eq!(newest_files(&gateway).await, all);
    let (sync, target) = (newest_sync(&gateway).await, target(&gateway).await);
    assert_eq!(sync["mapping_revision"], target["mapping_revision"]);
    assert_eq!(target["applied_mapping_revision"], target["mapping_revision"]);
    let mapped = gateway
        .db()
        .row(
            "select string_agg(plugin_key || ' ' || selector, ', ' order by selector) as them
                from connector_mapping where plugin_key is not null",
        )
        .await;
    assert_eq!(
        mapped["them"],
        "manifest:a a/commands/**, manifest:a a/skills/**, manifest:b b/commands/**, manifest:b b/skills/**"
    );
    let line = gateway
        .db()
        .row("select * from audit_log where action = 'connector_target.auto_import'")
        .await;
    assert_eq!(line["actor"], "worker");
    assert_eq!(line["after"]["mappings"].as_array().unwrap().len(), 4);
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn whoever_maps_by_hand_gets_what_they_mapped() {
    let gateway = one_plugin().await;
    push_plugin(&gateway, "b").await;
    assert!(active(&gateway).await.is_empty());
    switch(&gateway, "on").await;
    switch(&gateway, "off").await;
    push_plugin(&gateway, "c").await;
    assert!(active(&gateway).await.is_empty());
    assert_eq!(requests(&gateway, RouteKind::Blob), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn once_a_plugin_was_chosen_new_ones_follow_and_those_left_out_stay_out() {
    let gateway = imported(|repo| ["a", "left"].iter().for_each(|name| plugin(repo, name))).await;
    let id = gateway.seeds().target.clone();
    let choose = ["connector", "target", "discover", &id, "--apply", "manifest:a"];
    gateway.admin().json(&choose).await;
    gateway.idle().await;
    assert_eq!(active(&gateway).await.len(), 2);
    push_plugin(&gateway, "b").await;
    assert_eq!(
        newest_files(&gateway).await,
        ["b/commands/go.md created", "b/skills/one/SKILL.md created"]
    );
    gateway
        .push(|repo| {
            repo.write("left/agents/more.md", "More.\n").write("b/agents/more.md", "More.\n");
        })
        .await;
    gateway.idle().await;
    assert_eq!(newest_files(&gateway).await, ["b/agents/more.md created"]);
    gateway.admin().json(&[&choose[..], &["--auto-import", "off"]].concat()).await;
    push_plugin(&gateway, "c").await;
    assert_eq!(active(&gateway).await.len(), 5);
    gateway.finish().await;
}

#[tokio::test]
async fn manifests_are_read_again_only_when_paths_or_manifests_changed() {
    let gateway = one_plugin().await;
    switch(&gateway, "on").await;
    push_plugin(&gateway, "b").await;
    let before = requests(&gateway, RouteKind::Blob);
    put(&gateway, "a/commands/go.md", "Go on.\n").await;
    gateway.idle().await;
    assert_eq!(newest_files(&gateway).await, ["a/commands/go.md updated"]);
    assert_eq!(requests(&gateway, RouteKind::Blob), before + 1, "the file, and no manifest");
    put(&gateway, "a/agents/new.md", "New.\n").await;
    gateway.idle().await;
    assert_eq!(newest_files(&gateway).await, ["a/agents/new.md created"]);
    assert_eq!(requests(&gateway, RouteKind::Blob), before + 4, "two manifests and the file");
    gateway.finish().await;
}

/// Killed while it reads a manifest, and between the mappings and the end of the sync.
#[tokio::test]
async fn a_worker_that_is_killed_maps_nothing_twice_and_forgets_nothing() {
    let gateway = one_plugin().await;
    switch(&gateway, "on").await;
    let lines = gateway.repo().ls_tree("HEAD").unwrap();
    let sha_of = |path: &str| lines.iter().find(|it| it.path == path).unwrap().sha.clone();
    let slow_blob =
        |path: &str| Fault { path: Some(sha_of(path)), ..slow(RouteKind::Blob, 60_000) };
    let mapped = "select count(*) from connector_mapping where plugin_key is not null";
    let logged = "select count(*) from audit_log where action = 'connector_target.auto_import'";
    faults(&gateway, [slow_blob("a/.claude-plugin/plugin.json")]);
    gateway.push(|repo| plugin(repo, "b")).await;
    for (rows, next) in [(0, Some("a/commands/go.md")), (4, None)] {
        until("mappings are as far as they come", PATIENCE, async || {
            gateway.db().count(mapped).await == rows
        })
        .await;
        runs(&gateway).await;
        gateway.worker(0).kill9().await;
        assert_eq!(gateway.db().count(mapped).await, rows);
        faults(&gateway, next.map(slow_blob));
        gateway.worker(0).start().await;
        gateway.db().execute("update job set due_at = now() where state = 'leased'").await;
    }
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_eq!(active(&gateway).await.len(), 4);
    assert_eq!((gateway.db().count(mapped).await, gateway.db().count(logged).await), (4, 1));
    let target = target(&gateway).await;
    assert_eq!(target["applied_mapping_revision"], target["mapping_revision"]);
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_fails_no_sync() {
    let gateway = one_plugin().await;
    switch(&gateway, "on").await;
    gateway
        .push(|repo| {
            plugin(repo, "b");
            repo.write(format!("b/{MANIFEST}"), "{ broken")
                .write(format!("c/{MANIFEST}"), vec![b' '; 300_000]);
        })
        .await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert!(newest_files(&gateway).await.contains(&"a/commands/go.md created".to_owned()));
    assert!(!text(&target(&gateway).await, "plugins_seen").is_empty());
    gateway
        .push(|repo| {
            repo.remove("b/commands/go.md").remove("b/skills/one/SKILL.md");
            plugin(repo, "c");
        })
        .await;
    gateway.idle().await;
    assert!(newest_files(&gateway).await.contains(&"c/commands/go.md created".to_owned()));
    gateway.finish().await;
}
