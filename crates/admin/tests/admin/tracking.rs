//! Instances, targets and mappings as they change.

use serde_json::{Value, json};

use crate::yard::{Tracked, Yard, items, text};

fn add_mapping(yard: &Yard, tracked: &Tracked, selector: &str) -> Value {
    let add = ["connector", "mapping", "add", "--target", &tracked.target];
    yard.json(&[&add[..], &["--selector", selector, "--object-type", "skill"]].concat())
}

/// An object of the target, bound to a path.
async fn bind_object(yard: &Yard) {
    yard.execute(
        "with object as (
            insert into config_object (id, workspace_id, target_id, object_type, path, status, current_version_id, title)
            select uuid_v7(now()), workspace_id, id, 'skill', 'skills/a', 'active', uuid_v7(now()), 'A'
              from connector_target
            returning id, target_id, path, current_version_id)
         , version as (
            insert into config_object_version (id, config_object_id, number, sync_event_id, commit_sha, blob_sha, title)
            select current_version_id, id, 1, gen_random_uuid(), 'c1', 'b1', 'A' from object)
         insert into source_binding (id, target_id, config_object_id, path, object_type, blob_sha, parser_version)
         select uuid_v7(now()), target_id, id, path, 'skill', 'b1', 1 from object",
    )
    .await;
}

#[tokio::test]
async fn a_disabled_instance_keeps_its_objects_and_a_removed_one_does_not() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    add_mapping(&yard, &tracked, "skills/**");
    bind_object(&yard).await;
    let instance =
        |command: &str| yard.json(&["connector", "instance", command, &tracked.instance]);
    let counts = instance("configuration");
    assert_eq!(
        (&counts["targetCount"], &counts["mappingCount"], &counts["importedConfigObjectCount"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(instance("disable")["status"], "disabled");
    let resync = yard.run(&["connector", "target", "resync", &tracked.target]);
    assert!(resync.code == 1 && resync.stderr.contains("is disabled"), "{resync:?}");
    assert_eq!(instance("configuration")["importedConfigObjectCount"], 1);

    let removed = instance("remove");
    assert_eq!((&removed["status"], &removed["objectsDeleted"]), (&json!("archived"), &json!(1)));
    assert_eq!(removed["syncsEnded"], 1);
    assert_eq!(yard.number("select count(*) as n from tombstone").await, 1);
    assert_eq!(yard.json(&["jobs"])["total"], 0);
    assert_eq!(instance("configuration")["importedConfigObjectCount"], 0);

    assert_eq!(instance("enable")["status"], "active");
    let syncs = yard.json(&["sync-events", "list"]);
    assert_eq!(items(&syncs)[0]["status"], "queued", "{syncs}");
}

#[tokio::test]
async fn an_instance_synchronises_all_its_targets_at_once() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let second = [
        "connector",
        "target",
        "add",
        "--instance",
        &tracked.instance,
        "--repository",
        "octo/agents",
        "--repository-id",
        "10",
        "--branch",
        "main",
    ];
    let second = yard.id(&second);
    let sync = ["connector", "instance", "sync-now", &tracked.instance];
    assert_eq!(yard.json(&sync)["syncsQueued"], 2);
    yard.json(&["connector", "target", "disable", &second]);
    assert_eq!(yard.json(&sync)["syncsQueued"], 1);
    let listed = yard.json(&["connector", "target", "list", "--instance", &tracked.instance]);
    assert_eq!(items(&listed).len(), 2);
    yard.json(&["connector", "account", "disconnect", &tracked.account]);
    let gone = yard.run(&sync);
    assert!(gone.code == 1 && gone.stderr.contains("is archived"), "{gone:?}");
}

#[tokio::test]
async fn an_instance_is_renamed_unless_the_account_has_that_name() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let rename = ["connector", "instance", "rename", &tracked.instance, "--name"];
    assert_eq!(yard.json(&[&rename[..], &["Prompts"]].concat())["name"], "Prompts");
    yard.id(&["connector", "instance", "add", "--account", &tracked.account, "--name", "Other"]);
    let taken = yard.run(&[&rename[..], &["Other"]].concat());
    assert!(taken.code == 1 && taken.stderr.contains("already"), "{taken:?}");
    let listed = yard.json(&["connector", "instance", "list", "--account", &tracked.account]);
    assert_eq!(items(&listed).len(), 2);
}

#[tokio::test]
async fn an_instance_says_whether_new_plugins_come_by_themselves() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let import = ["connector", "instance", "auto-import", &tracked.instance];
    let field = "autoImportNewPlugins";
    assert_eq!(yard.json(&[&import[..], &["on"]].concat())[field], true);
    let shown = yard.run(&["connector", "instance", "configuration", &tracked.instance]);
    assert!(shown.stdout.contains("come by themselves\n"), "{shown:?}");
    assert!(
        shown.stdout.contains("no plugins; `hookyard-admin connector target discover`"),
        "{shown:?}"
    );
    assert_eq!(yard.json(&[&import[..], &["off"]].concat())[field], false);
    assert!(yard.json(&import)[field].is_null());
    let wrong = yard.run(&[&import[..], &["perhaps"]].concat());
    assert!(wrong.code == 64 && wrong.stderr.contains("on, off"), "{wrong:?}");
    let lines = yard.json(&["audit", "list"]);
    let mine = items(&lines).iter().filter(|it| it["action"] == "connector_instance.auto_import");
    assert_eq!(mine.count(), 3);
}

#[tokio::test]
async fn a_target_follows_another_branch_from_a_new_sync_on() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.execute("update connector_target set status = 'branch_deleted', applied_sha = 'a', applied_etag = 'e'")
        .await;
    let set = ["connector", "target", "set-branch", &tracked.target, "--branch"];
    let moved = yard.json(&[&set[..], &["next"]].concat());
    assert_eq!((&moved["ref"], &moved["status"]), (&json!("refs/heads/next"), &json!("active")));
    assert_eq!(
        yard.json(&["sync-events", "show", &text(&moved["sync"], "id")])["ref"],
        "refs/heads/next"
    );
    assert_eq!(yard.json(&[&set[..], &["next"]].concat())["sync"], json!(null));
    let second = [
        "connector",
        "target",
        "add",
        "--instance",
        &tracked.instance,
        "--repository",
        "octo/skills",
        "--repository-id",
        "9",
        "--branch",
        "main",
    ];
    yard.id(&second);
    let taken = yard.run(&[&set[..], &["main"]].concat());
    assert!(taken.code == 1 && taken.stderr.contains("tracks main"), "{taken:?}");
    assert_eq!(yard.run(&[&set[..], &["a..b"]].concat()).code, 64);
}

#[tokio::test]
async fn a_changed_mapping_queues_a_sync_and_an_unchanged_one_does_not() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let mapping = text(&add_mapping(&yard, &tracked, "skills/**"), "id");
    let update = ["connector", "mapping", "update", &mapping];
    let changed = yard.json(&[&update[..], &["--selector", "skills/*.md"]].concat());
    assert_eq!(
        (&changed["selector"], &changed["mappingRevision"]),
        (&json!("skills/*.md"), &json!(2))
    );
    assert_eq!(changed["sync"]["queued"], true);
    let same = yard.json(&[&update[..], &["--object-type", "skill"]].concat());
    assert_eq!((&same["sync"], &same["mappingRevision"]), (&json!(null), &json!(2)));
    add_mapping(&yard, &tracked, "agents/**");
    let taken = yard.run(&[&update[..], &["--selector", "agents/**"]].concat());
    assert!(taken.code == 1 && taken.stderr.contains("already"), "{taken:?}");
    let line = &items(&yard.json(&["audit", "list", "--subject", &mapping]))[0].clone();
    assert_eq!(
        (&line["before"]["selector"], &line["after"]["selector"]),
        (&json!("skills/**"), &json!("skills/*.md"))
    );
}

#[tokio::test]
async fn a_disconnected_account_is_reconnected_by_its_id() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let account = |command: &str| yard.run(&["connector", "account", command, &tracked.account]);
    assert_eq!(account("reconnect").code, 1);
    assert_eq!(account("disconnect").code, 0);
    let enable = ["connector", "instance", "enable", &tracked.instance];
    let early = yard.run(&enable);
    assert!(early.code == 1 && early.stderr.contains("is disconnected"), "{early:?}");
    assert_eq!(account("reconnect").code, 0);
    assert_eq!(yard.json(&enable)["status"], "active");
}
