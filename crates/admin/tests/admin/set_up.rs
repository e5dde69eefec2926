//! From an empty database to a tracked branch.

use serde_json::json;

use crate::yard::{Yard, text};

#[tokio::test]
async fn a_mapping_queues_a_sync_of_its_target_and_so_does_its_removal() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    assert_eq!(
        yard.json(&["jobs"])["total"],
        0,
        "a target without a mapping has nothing to bring in"
    );

    let add = [
        "connector",
        "mapping",
        "add",
        "--target",
        &target,
        "--selector",
        "skills/**",
        "--object-type",
        "skill",
    ];
    let mapping = yard.json(&add);
    assert_eq!(
        (&mapping["mappingRevision"], &mapping["selector"]),
        (&json!(1), &json!("skills/**"))
    );
    let sync = text(&mapping["sync"], "id");
    let shown = yard.json(&["sync-events", "show", &sync]);
    assert_eq!((&shown["status"], &shown["trigger"]), (&json!("queued"), &json!("manual_resync")));
    assert_eq!(
        (&shown["repository"], &shown["ref"]),
        (&json!("octo/skills"), &json!("refs/heads/main"))
    );
    assert_eq!(
        shown["counts"],
        json!({"created": 0, "updated": 0, "deleted": 0, "skipped": 0, "failed": 0})
    );
    assert_eq!(yard.json(&["jobs"])["total"], 1);

    let removed = yard.json(&["connector", "mapping", "remove", &text(&mapping, "id")]);
    assert_eq!(removed["mappingRevision"], 2);
    assert_eq!(
        yard.json(&["sync-events", "list", "--target", &target])["items"].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        yard.json(&["connector", "mapping", "list", "--target", &target])["items"],
        json!([])
    );
}

#[tokio::test]
async fn a_source_tells_its_url_and_the_deployments_is_at_the_connector_url() {
    let yard = Yard::new().await;
    yard.tracked();
    let create = |arguments: &[&str]| {
        yard.run_with(
            &[&["source", "create", "--secret-stdin", "--json"], arguments].concat(),
            "s3cret\n",
        )
        .json()
    };
    let shared = create(&["--provider", "github", "--slug", "github"]);
    assert_eq!(shared["path"], "/v1/webhooks/connectors/github");
    assert_eq!((&shared["acceptedStatus"], &shared["secrets"]), (&json!(202), &json!(1)));
    let linear = create(&["--provider", "linear", "--slug", "linear"]);
    assert_eq!(linear["acceptedStatus"], 200, "Linear takes only exactly 200 for success");
    let own = create(&["--provider", "github", "--slug", "own", "--workspace", "acme"]);
    assert_eq!(text(&own, "path"), format!("/v1/webhooks/sources/{}", text(&own, "id")));
    assert_eq!(
        yard.json(&["source", "list", "--workspace", "acme"])["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn two_secrets_verify_while_a_source_rotates_and_a_third_ends_the_oldest() {
    let yard = Yard::new().await;
    let create = [
        "source",
        "create",
        "--provider",
        "github",
        "--slug",
        "github",
        "--secret-stdin",
        "--json",
    ];
    let id = text(&yard.run_with(&create, "one").json(), "id");
    let rotate = |keep: &str, secret: &str| {
        let arguments =
            ["source", "rotate", &id, "--secret-stdin", "--keep-old-for", keep, "--json"];
        yard.run_with(&arguments, secret).json()["secrets"].clone()
    };
    assert_eq!(rotate("24h", "two"), 2);
    assert_eq!(rotate("24h", "three"), 2);
    assert_eq!(
        yard.number("select count(*) as n from source_secret").await,
        2,
        "what was rotated out is not kept"
    );
    assert_eq!(rotate("0s", "four"), 1);
}

#[tokio::test]
async fn migrating_again_changes_nothing_and_needs_no_downtime() {
    let yard = Yard::new().await;
    let again = yard
        .command(&["migrate", "--json"])
        .env("HOOKYARD_DATABASE_URL", yard.database.owner_url())
        .output()
        .unwrap();
    let done: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(done["applied"], json!([]));
    assert!(done["partitionDaysAhead"].as_i64().unwrap() >= 13, "{done}");
}

#[tokio::test]
async fn every_change_leaves_a_line_that_says_who_what_and_why() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let disable = ["connector", "target", "disable", &tracked.target, "--reason", "noisy tests"];
    yard.json(&disable);
    let lines = yard.json(&["audit", "list"])["items"].clone();
    let actions: Vec<String> =
        lines.as_array().unwrap().iter().map(|line| text(line, "action")).collect();
    let expected = [
        "connector_target.disable",
        "connector_target.add",
        "connector_instance.add",
        "connector_account.add",
        "workspace.create",
    ];
    assert_eq!(actions, expected);
    let newest = &lines[0];
    assert_eq!(text(newest, "subject"), tracked.target);
    assert_eq!(text(newest, "reason"), "noisy tests");
    assert!(text(newest, "actor").starts_with("cli:"));
    assert_eq!(
        (&newest["before"], &newest["after"]),
        (&json!({"status": "active"}), &json!({"status": "disabled"}))
    );
}
