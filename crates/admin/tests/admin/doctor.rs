//! `doctor`: silent on what is well, clear on what is not.

use hookyard_testkit::servers::test_env;
use hookyard_vault::KeyRing;
use serde_json::Value;

use crate::yard::Yard;

/// Name and level of each check that is not ok.
fn troubles(diagnosis: &Value) -> Vec<(String, String)> {
    let checks = diagnosis["checks"].as_array().unwrap().iter();
    let field = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    checks
        .map(|check| (field(check, "name"), field(check, "level")))
        .filter(|(_, level)| level != "ok")
        .collect()
}

fn diagnosis(yard: &Yard) -> (i32, Value) {
    let ran = yard.run(&["doctor", "--json"]);
    (ran.code, serde_json::from_str(&ran.stdout).unwrap())
}

#[tokio::test]
async fn a_fresh_deployment_is_well() {
    let yard = Yard::new().await;
    yard.tracked();
    let amqp_url = test_env().amqp_url;
    let ran = yard.run(&[
        "doctor",
        "--json",
        "--amqp-url",
        &amqp_url,
        "--queue-prefix",
        yard.database.name(),
    ]);
    let diagnosis = ran.json();
    assert_eq!(troubles(&diagnosis), [], "{diagnosis:#}");
    assert_eq!(diagnosis["level"], "ok");
    let broker = diagnosis["checks"].as_array().unwrap().last().unwrap();
    assert_eq!(
        broker["found"],
        "RabbitMQ answers; messages waiting: events 0, syncs 0, deliveries 0, dead 0"
    );
}

#[tokio::test]
async fn what_is_wrong_is_named_and_the_exit_code_tells() {
    let mut yard = Yard::new().await;
    let target = yard.tracked().target;
    let create = ["source", "create", "--provider", "github", "--slug", "github", "--secret-stdin"];
    assert_eq!(yard.run_with(&create, "s3cret").code, 0);
    yard.json(&["connector", "target", "resync", &target]);
    for broken in [
        "grant select on github_app to hookyard_ingress",
        "update job set due_at = now() - interval '1 hour'",
        "insert into dead_letter (id, subject_id, kind, reason) values (uuid_v7(now()), gen_random_uuid(), 'event', 'x')",
        "insert into rejected_message (id, queue, reason, body, body_bytes) values (uuid_v7(now()), 'events', 'x', '', 0)",
        "update connector_target set status = 'needs_confirmation'",
        "insert into sync_event (id, workspace_id, target_id, trigger, status, repository, git_ref)
         select uuid_v7(now()), workspace_id, id, 'push', 'queued', repository, git_ref from connector_target",
        "insert into source (id, provider, slug, body_bytes_max, accepted_status, replay_window_s, fresh_ms,
                             unseen_age_ms_max)
         values (gen_random_uuid(), 'linear', 'bare', 1, 200, 0, 0, 0)",
    ] {
        yard.execute(broken).await;
    }
    yard.source_keys = KeyRing::generate();
    let (code, diagnosis) = diagnosis(&yard);
    assert_eq!((code, &diagnosis["level"]), (1, &"fail".into()));
    let expected = [
        ("roles", "fail"),
        ("source keys", "fail"),
        ("jobs", "fail"),
        ("sync events", "fail"),
        ("sources", "fail"),
        ("confirmations", "warn"),
        ("dead letters", "warn"),
        ("rejected messages", "warn"),
        // None is named to it here.
        ("broker", "warn"),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect();
    assert_eq!(troubles(&diagnosis), expected, "{diagnosis:#}");
    let text = yard.run(&["doctor"]).stdout;
    assert!(text.contains("hookyard_ingress may select github_app"), "{text}");
    assert!(text.contains("-> run `hookyard-admin source rotate ID --secret-stdin`"), "{text}");
}

#[tokio::test]
async fn a_database_and_a_broker_that_do_not_answer_are_told_together() {
    let yard = Yard::new().await;
    let ran = yard.run(&[
        "doctor",
        "--database-url",
        "postgres://hookyard_admin:hunter2@127.0.0.1:1/hookyard",
        "--amqp-url",
        "amqp://hookyard:hunter2@127.0.0.1:1/%2f",
    ]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("fail  database") && ran.stdout.contains("fail  broker"),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{ran:?}");
}
