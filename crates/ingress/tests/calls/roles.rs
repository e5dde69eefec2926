//! What the ingress may not do, whoever should take it over.

use hookyard_testkit::gateway::Gateway;

#[tokio::test]
async fn the_ingress_only_inserts_and_reads_no_key() {
    let gateway = Gateway::builder().start().await;
    gateway.post(gateway.github_push()).await;
    let ingress = gateway.db_as("hookyard_ingress");
    for statement in [
        "select * from github_app",
        "select * from audit_log",
        "select * from blob",
        "update event set outcome = 'failed'",
        "delete from event",
        "truncate event",
        "update dedupe set seen_at = now()",
        "delete from dedupe",
        "update job set state = 'scheduled'",
        "delete from job",
        "update sync_event set status = 'ignored'",
        "update source set disabled_at = now()",
        "insert into source_secret (id, source_id, sealed) select gen_random_uuid(), id, '' from source",
        "insert into workspace (id, slug, name, plan) values (gen_random_uuid(), 'x', 'x', 'free')",
        "select drop_partitions(current_date - 30)",
        "create table mine (id int)",
    ] {
        let error = ingress.try_execute(statement).await.expect_err(statement);
        assert!(format!("{error:#}").contains("permission denied"), "{statement}: {error:#}");
    }
    let events = gateway.db().count("select count(*) from event where outcome is null").await;
    assert_eq!(events, 1);
    gateway.finish().await;
}
