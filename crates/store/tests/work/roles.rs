//! What each role may not do, tried.

use hookyard_store::Db as _;

use crate::support::Yard;

async fn refused(yard: &Yard, role: &str, statements: &[&'static str]) {
    let conn = yard.role(role).await;
    for statement in statements {
        let error = conn.execute(statement, &[]).await.expect_err(statement);
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(
            format!("{error:?}{cause}").contains("permission denied"),
            "{statement}: {error:?}"
        );
    }
}

async fn allowed(yard: &Yard, role: &str, statements: &[&'static str]) {
    let conn = yard.role(role).await;
    for statement in statements {
        conn.execute(statement, &[]).await.expect(statement);
    }
}

#[tokio::test]
async fn the_ingress_can_read_no_vault_row_and_no_config_object() {
    let yard = Yard::new().await;
    refused(
        &yard,
        "hookyard_ingress",
        &[
            "select private_key_sealed from github_app",
            "select id from github_app",
            "select content from blob",
            "select title from config_object",
            "select metadata from config_object_version",
            "select subject from audit_log",
            "select body from rejected_message",
            "select error from dead_letter",
            "select selector from connector_mapping",
            "select name from workspace",
        ],
    )
    .await;
    allowed(&yard, "hookyard_ingress", &["select sealed from source_secret"]).await;
}

#[tokio::test]
async fn the_ingress_only_inserts() {
    let yard = Yard::new().await;
    refused(&yard, "hookyard_ingress", &[
        "update event set outcome = null",
        "delete from event",
        "truncate event",
        "update dedupe set event_id = event_id",
        "delete from dedupe",
        "update sync_event set status = 'queued'",
        "delete from sync_event",
        "delete from job",
        "update job set state = 'ready'",
        "update job set lease_epoch = 0",
        "update connector_target set applied_sha = null",
        "update source set disabled_at = null",
        "insert into source_secret (id, source_id, sealed) values (gen_random_uuid(), gen_random_uuid(), '')",
        "select drop_partitions('2020-01-01')",
        "create table mine (id int)",
    ])
    .await;
    allowed(&yard, "hookyard_ingress", &["update job set due_at = now() where false"]).await;
}

#[tokio::test]
async fn the_worker_reads_no_inbound_secret_and_changes_no_set_up() {
    let yard = Yard::new().await;
    refused(&yard, "hookyard_worker", &[
        "select sealed from source_secret",
        "select subject from audit_log",
        "update github_app set app_id = 1",
        "delete from event",
        "update dedupe set event_id = event_id",
        "insert into workspace (id, slug, name, plan) values (gen_random_uuid(), 'x', 'X', 'free')",
        "delete from connector_target",
        "delete from connector_mapping",
        "update refinery_schema_history set version = 1",
        "create table mine (id int)",
    ])
    .await;
    allowed(&yard, "hookyard_worker", &["select private_key_sealed from github_app"]).await;
}

#[tokio::test]
async fn nobody_rewrites_the_audit_log() {
    let yard = Yard::new().await;
    refused(
        &yard,
        "hookyard_admin",
        &[
            "update audit_log set actor = 'nobody'",
            "delete from audit_log",
            "truncate audit_log",
            "delete from refinery_schema_history",
            "create table mine (id int)",
        ],
    )
    .await;
}
