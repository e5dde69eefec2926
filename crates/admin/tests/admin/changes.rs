//! Work done once more, stopped, or given up.

use serde_json::json;

use crate::yard::{Yard, text};

const EVENT: &str = "evt_01h455vb4pex5vsknk084sn02q";

/// Stores an event under an id that sorts into today's partition, and tells the id.
async fn stored_event(yard: &Yard) -> String {
    yard.execute(
        "insert into event (id, body_bytes, origin, type, outcome, provider_delivery_id, headers, body)
         values (uuid_v7(now()), 2, 'webhook', 'github.push', 'failed', 'd-1', '{\"user-agent\": \"x\"}', '{}')",
    )
    .await;
    text(&yard.json(&["events", "list"])["items"][0], "id")
}

#[tokio::test]
async fn an_event_is_replayed_by_one_job_however_often_it_is_asked_for() {
    let yard = Yard::new().await;
    let event = stored_event(&yard).await;
    let first = yard.json(&["events", "replay", &event]);
    assert_eq!((&first["ok"], &first["queued"]), (&json!(true), &json!(true)));
    let again = yard.json(&["events", "replay", &event]);
    assert_eq!((&again["queued"], &again["job"]), (&json!(false), &first["job"]));
    let shown = yard.json(&["events", "show", &event]);
    assert_eq!((&shown["job"], &shown["jobId"]), (&json!("scheduled"), &first["job"]["id"]));
}

#[tokio::test]
async fn a_redacted_event_has_no_body_and_cannot_be_replayed() {
    let yard = Yard::new().await;
    let event = stored_event(&yard).await;
    assert_eq!(yard.run(&["events", "show", &event, "--body"]).stdout, "{}\n");
    let redacted =
        yard.json(&["events", "redact", &event, "--reason", "a password in a commit message"]);
    assert_eq!((&redacted["body"], &redacted["headers"]), (&json!("redacted"), &json!(null)));
    let replay = yard.run(&["events", "replay", &event]);
    assert_eq!(replay.code, 1, "{replay:?}");
    assert!(replay.stderr.contains("body expired"), "{replay:?}");
    assert_eq!(yard.run(&["events", "redact", EVENT]).code, 2);
}

#[tokio::test]
async fn a_resync_says_when_the_target_waits_for_a_confirmation() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    yard.execute("update connector_target set status = 'needs_confirmation'").await;
    let guarded = yard.json(&["connector", "target", "resync", &target]);
    assert!(text(&guarded, "note").contains("--allow-deletions"), "{guarded}");
    let allowed = yard.json(&["connector", "target", "resync", &target, "--allow-deletions"]);
    assert_eq!(allowed.get("note"), None);
    assert_eq!(yard.json(&["sync-events", "show", &text(&allowed, "id")])["allowDeletions"], true);
}

#[tokio::test]
async fn a_target_that_is_not_synchronised_queues_nothing() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.json(&["connector", "target", "disable", &tracked.target]);
    let resync = yard.run(&["connector", "target", "resync", &tracked.target]);
    assert!(resync.code == 1 && resync.stderr.contains("target enable"), "{resync:?}");
    let add = [
        "connector",
        "mapping",
        "add",
        "--target",
        &tracked.target,
        "--selector",
        "a/**",
        "--object-type",
        "skill",
    ];
    let mapping = yard.json(&add);
    assert_eq!((&mapping["sync"], &mapping["mappingRevision"]), (&json!(null), &json!(1)));
    assert_eq!(yard.json(&["jobs"])["total"], 0);

    yard.json(&["connector", "target", "enable", &tracked.target]);
    yard.execute("update connector_account set status = 'suspended'").await;
    let resync = yard.run(&["connector", "target", "resync", &tracked.target]);
    assert!(resync.code == 1 && resync.stderr.contains("is suspended"), "{resync:?}");
}

#[tokio::test]
async fn a_target_says_that_its_installation_is_away_and_is_as_before_when_that_is_back() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    let shown = || {
        let show = yard.json(&["connector", "target", "show", &target]);
        let list = yard.json(&["connector", "target", "list"]);
        assert_eq!(show["status"], list["items"][0]["status"]);
        text(&show, "status")
    };
    yard.execute("update connector_target set status = 'branch_deleted'").await;
    yard.execute("update connector_account set status = 'suspended'").await;
    assert_eq!(shown(), "installation_suspended");
    yard.execute("update connector_account set status = 'disconnected'").await;
    assert_eq!(shown(), "disconnected");
    yard.execute("update connector_account set status = 'active'").await;
    assert_eq!(shown(), "branch_deleted");
    yard.json(&["connector", "target", "disable", &target]);
    yard.execute("update connector_account set status = 'suspended'").await;
    assert_eq!(shown(), "disabled");
}

#[tokio::test]
async fn an_ended_sync_is_retried_as_a_new_one_and_an_unfinished_one_is_not() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    let first = yard.id(&["connector", "target", "resync", &target]);
    let early = yard.run(&["sync-events", "retry", &first]);
    assert!(early.code == 1 && early.stderr.contains("is queued"), "{early:?}");
    yard.execute("delete from job").await;
    yard.execute("update sync_event set status = 'failed', completed_at = now()").await;
    let second = yard.json(&["sync-events", "retry", &first]);
    assert_ne!(text(&second, "id"), first);
    assert_eq!(yard.json(&["sync-events", "show", &text(&second, "id")])["trigger"], "retry");
    assert_eq!(yard.json(&["jobs"])["items"][0]["count"], 1);
}

#[tokio::test]
async fn a_dead_letter_is_settled_once() {
    let yard = Yard::new().await;
    let event = stored_event(&yard).await;
    yard.execute(
        "insert into dead_letter (id, subject_id, kind, reason) select uuid_v7(now()), id, 'event', 'worker_died' from event",
    )
    .await;
    let letters = yard.json(&["dead-letters", "list"])["items"].clone();
    assert_eq!(
        (text(&letters[0], "subjectId"), text(&letters[0], "reason")),
        (event.clone(), "worker_died".to_owned())
    );
    let id = text(&letters[0], "id");
    let replayed = yard.json(&["dead-letters", "replay", &id]);
    assert_eq!((&replayed["queued"], text(&replayed, "subjectId")), (&json!(true), event));
    let again = yard.run(&["dead-letters", "drop", &id]);
    assert!(again.code == 1 && again.stderr.contains("settled already: replayed"), "{again:?}");
    assert_eq!(yard.json(&["dead-letters", "list"])["items"], json!([]));
    assert_eq!(
        yard.json(&["dead-letters", "list", "--settled"])["items"][0]["settledHow"],
        "replayed"
    );
}

#[tokio::test]
async fn a_dead_letter_whose_event_is_gone_stays_open() {
    let yard = Yard::new().await;
    yard.execute(
        "insert into dead_letter (id, subject_id, kind, reason) values (uuid_v7(now()), gen_random_uuid(), 'event', 'x')",
    )
    .await;
    let id = text(&yard.json(&["dead-letters", "list"])["items"][0], "id");
    assert_eq!(yard.run(&["dead-letters", "replay", &id]).code, 2);
    assert_eq!(yard.json(&["dead-letters", "list"])["items"][0]["settledAt"], json!(null));
    yard.json(&["dead-letters", "drop", &id]);
    assert_eq!(yard.json(&["dead-letters", "list"])["items"], json!([]));
}

#[tokio::test]
async fn a_disconnected_account_leaves_records_and_can_come_back() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.json(&["connector", "target", "resync", &tracked.target]);
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
    let gone = yard.json(&["connector", "account", "disconnect", &tracked.account]);
    assert_eq!((&gone["status"], &gone["instancesArchived"]), (&json!("disconnected"), &json!(1)));
    assert_eq!((&gone["syncsEnded"], &gone["objectsDeleted"]), (&json!(1), &json!(1)));
    let object =
        text(&yard.json(&["config-objects", "list", "--status", "deleted"])["items"][0], "id");
    let versions = yard.json(&["config-objects", "show", &object])["versions"].clone();
    assert_eq!((&versions[0]["number"], &versions[0]["deleted"]), (&json!(2), &json!(true)));
    let told = yard.json(&["sync-events", "show", &text(&versions[0], "syncEventId")]);
    assert_eq!((&told["status"], &told["counts"]["deleted"]), (&json!("completed"), &json!(1)));
    assert_eq!(
        (&told["files"][0]["path"], &told["files"][0]["outcome"]),
        (&json!("skills/a"), &json!("deleted"))
    );
    assert_eq!(yard.number("select count(*) as n from tombstone").await, 1);
    assert_eq!(
        yard.number("select count(*) as n from source_binding where closed_at is null").await,
        0
    );
    assert_eq!(yard.json(&["jobs"])["total"], 0);

    assert_eq!(yard.run(&["connector", "account", "disconnect", &tracked.account]).code, 1);
    let back = [
        "connector",
        "account",
        "add",
        "--workspace",
        "acme",
        "--installation-id",
        "7",
        "--login",
        "octo",
    ];
    assert_eq!(yard.id(&back), tracked.account);
    let instance =
        ["connector", "instance", "add", "--account", &tracked.account, "--name", "Skills"];
    assert_eq!(yard.id(&instance), tracked.instance);
    yard.json(&["connector", "target", "resync", &tracked.target]);
}
